/* The core's vocabulary over R's C API: one short name per operation, and every version
 * difference of R in this file alone.
 *
 * Owns: nothing. Threads: only inside the calling thread's own unsuspended entry.
 * Jumps: each `r_*` function marked (jumps) may leave by an R jump and therefore runs only
 * under a guard (condition.c). Each of them starts with a fault point, so that a test can make
 * it fail once.
 *
 * Every name of R's that the compiled core needs, by what R calls it ("Writing R Extensions" and R's
 * own lists, which tests/test_r_api.py compares with the core), and on which R:
 *   API, every R
 *     CADR CAR CDDR CDR COMPLEX COMPLEX_ELT DATAPTR_RO INTEGER INTEGER_ELT LENGTH LOGICAL
 *     LOGICAL_ELT MARK_NOT_MUTABLE PRINTNAME R_BaseEnv R_CHAR R_CheckUserInterrupt R_ClassSymbol
 *     R_ClearExternalPtr R_ContinueUnwind R_DimNamesSymbol R_DimSymbol R_ExternalPtrAddr
 *     R_ExternalPtrTag R_GlobalEnv R_MakeExternalPtr R_MakeExternalPtrFn R_MakeUnwindCont
 *     R_MissingArg R_NaInt R_NamesSymbol R_NewEnv R_NilValue R_ParseVector R_PreserveObject
 *     R_QuoteSymbol R_RegisterCFinalizerEx R_ReleaseObject R_SetExternalPtrAddr R_ToplevelExec
 *     R_UnwindProtect RAW RAW_RO REAL REAL_ELT Rf_allocVector Rf_asLogical Rf_asReal Rf_cons
 *     Rf_copyMostAttrib Rf_defineVar Rf_error Rf_eval Rf_getAttrib Rf_getCharCE Rf_inherits
 *     Rf_install Rf_isObject Rf_lcons Rf_mkCharLenCE Rf_mkString Rf_protect Rf_ScalarInteger
 *     Rf_ScalarLogical Rf_ScalarReal Rf_ScalarString Rf_setAttrib Rf_str2type Rf_translateCharUTF8
 *     Rf_type2char Rf_unprotect Rf_xlength SET_STRING_ELT SET_TAG SET_VECTOR_ELT SETCAR SETCDR
 *     SHALLOW_DUPLICATE_ATTRIB STRING_ELT TAG TYPEOF VECTOR_ELT vmaxget vmaxset XLENGTH
 *   API, since R 4.5
 *     ANY_ATTRIB MAYBE_SHARED R_ClosureBody R_ClosureEnv R_ClosureFormals R_EmptyEnv R_getVarEx
 *     R_mkClosure R_ParentEnv
 *   experimental API, since R 4.6
 *     R_getAttribCount
 *   no API now, before R 4.5
 *     ATTRIB BODY CLOENV ENCLOS FORMALS OBJECT R_UnboundValue REFCNT Rf_allocSExp
 *     Rf_findVarInFrame SET_ATTRIB SET_BODY SET_CLOENV SET_FORMALS SET_OBJECT
 *   experimental API, every R
 *     R_curErrorBuf R_interrupts_pending R_NaString
 *   embedding API, every R
 *     ptr_R_Busy ptr_R_CleanUp ptr_R_FlushConsole ptr_R_ProcessEvents ptr_R_ResetConsole
 *     ptr_R_WriteConsole ptr_R_WriteConsoleEx R_checkActivity R_InputHandlers R_PolledEvents
 *     R_runHandlers
 *   variable of the front end, every R
 *     R_CStackLimit R_CStackStart R_PPStackTop R_Visible
 */
#ifndef PYCLASS_BRIDGE_R_API_H
#define PYCLASS_BRIDGE_R_API_H

#define R_NO_REMAP
#include <stdbool.h>
#include <stdint.h>
#include <R_ext/Boolean.h>
#include <R_ext/Rdynload.h>
#include <Rinternals.h>
#include <Rversion.h>

/* Before the rest of a declaration; R's own word for it has its place from R's version. */
#define NO_RETURN __attribute__((noreturn))

/* Variables of libR that its headers declare only for front ends. */
extern uintptr_t R_CStackLimit;
extern uintptr_t R_CStackStart;
extern int R_PPStackTop;
extern int R_interrupts_pending;
extern Rboolean R_Visible;
extern void (*R_PolledEvents)(void);
extern void (*ptr_R_CleanUp)(int, int, int);
extern void (*ptr_R_Busy)(int);
extern void (*ptr_R_FlushConsole)(void);
extern void (*ptr_R_ResetConsole)(void);
extern void (*ptr_R_ProcessEvents)(void) __attribute__((weak)); /* macOS has it, Linux may */
extern void (*ptr_R_WriteConsole)(const char *, int);
extern void (*ptr_R_WriteConsoleEx)(const char *, int, int);

/* Fault points: `fault_countdown` counts down to the call that fails; 0 is off. */
extern int fault_countdown;
void fault_hit(void);
#define FAULT_POINT()                                                                              \
  do {                                                                                             \
    if (__builtin_expect(fault_countdown != 0, 0))                                                 \
      fault_hit();                                                                                 \
  } while (0)

#define R_CALL(type, name, params, call)                                                           \
  static inline type name params {                                                                 \
    FAULT_POINT();                                                                                 \
    return call;                                                                                   \
  }

/* (jumps) */
R_CALL(SEXP, r_alloc, (SEXPTYPE type, R_xlen_t n), Rf_allocVector(type, n))
R_CALL(SEXP, r_cons, (SEXP car, SEXP cdr), Rf_cons(car, cdr))
R_CALL(SEXP, r_lcons, (SEXP car, SEXP cdr), Rf_lcons(car, cdr))
R_CALL(SEXP, r_dbl, (double x), Rf_ScalarReal(x))
R_CALL(SEXP, r_int, (int x), Rf_ScalarInteger(x))
R_CALL(SEXP, r_char, (const char *s, int n), Rf_mkCharLenCE(s, n, CE_UTF8))
R_CALL(SEXP, r_chr, (SEXP charsxp), Rf_ScalarString(charsxp))
R_CALL(SEXP, r_sym, (const char *name), Rf_install(name))
R_CALL(SEXP, r_eval, (SEXP call, SEXP env), Rf_eval(call, env))
R_CALL(SEXP, r_extptr, (void *p, SEXP tag), R_MakeExternalPtr(p, tag, R_NilValue))
R_CALL(SEXP, r_new_env, (SEXP parent), R_NewEnv(parent, 0, 0))
R_CALL(SEXP, r_token, (void), R_MakeUnwindCont())

static inline void r_define(SEXP sym, SEXP value, SEXP env) {
  FAULT_POINT();
  Rf_defineVar(sym, value, env);
}

static inline void r_set_attr(SEXP x, SEXP sym, SEXP value) {
  FAULT_POINT();
  Rf_setAttrib(x, sym, value);
}

static inline void r_finalizer(SEXP x, R_CFinalizer_t fun) {
  FAULT_POINT();
  R_RegisterCFinalizerEx(x, fun, FALSE);
}

/* (jumps) A closure; R 4.5 gives a function for it and hides the setters. */
static inline SEXP r_closure(SEXP formals, SEXP body, SEXP env) {
  FAULT_POINT();
#if R_VERSION >= R_Version(4, 5, 0)
  return R_mkClosure(formals, body, env);
#else
  SEXP fn = Rf_allocSExp(CLOSXP);
  SET_FORMALS(fn, formals);
  SET_BODY(fn, body);
  SET_CLOENV(fn, env);
  return fn;
#endif
}

static inline SEXP r_formals(SEXP closure) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_ClosureFormals(closure);
#else
  return FORMALS(closure);
#endif
}

/* The body as R evaluates it: bytecode when compiled. */
static inline SEXP r_body(SEXP closure) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_ClosureBody(closure);
#else
  return BODY(closure);
#endif
}

static inline SEXP r_closure_env(SEXP closure) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_ClosureEnv(closure);
#else
  return CLOENV(closure);
#endif
}

/* NULL when absent. A variable that only the core sets: a value, for which R does not jump. */
static inline SEXP r_own_var(SEXP env, SEXP sym) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_getVarEx(sym, env, FALSE, NULL);
#else
  SEXP value = Rf_findVarInFrame(env, sym);
  return value == R_UnboundValue ? NULL : value;
#endif
}

static inline int r_is_child_of(SEXP env, SEXP parent) {
#if R_VERSION >= R_Version(4, 5, 0)
  return TYPEOF(env) == ENVSXP && env != R_EmptyEnv && R_ParentEnv(env) == parent;
#else
  return TYPEOF(env) == ENVSXP && ENCLOS(env) == parent;
#endif
}

/* (jumps on an active binding or an unforced promise) */
static inline SEXP r_get_var(SEXP env, SEXP sym) {
  FAULT_POINT();
  return r_own_var(env, sym);
}

/* How many variables has an environment? */
static inline R_xlen_t r_count_vars(SEXP env) { return Rf_xlength(env); }

/* R counts how many places of its own hold a value, and never too few. What the count is, it does
 * not say on every version, only whether there are two or more. */
static inline int r_is_kept_twice(SEXP x) { return MAYBE_SHARED(x); }

/* (jumps) A new value gets the one attribute that `model` has. */
static inline void r_take_attribute(SEXP x, SEXP model) {
  FAULT_POINT();
#if R_VERSION >= R_Version(4, 5, 0)
  SHALLOW_DUPLICATE_ATTRIB(x, model);
#else
  SEXP attributes = Rf_cons(CAR(ATTRIB(model)), R_NilValue);
  SET_TAG(attributes, TAG(ATTRIB(model)));
  SET_ATTRIB(x, attributes);
  SET_OBJECT(x, OBJECT(model));
#endif
}

/* (jumps) The same for one that had it before, and may have been changed since. R 4.5 does not say
 * how many attributes there are. */
static inline void r_restore_attribute(SEXP x, SEXP model) {
#if R_VERSION >= R_Version(4, 6, 0)
  SEXP class = Rf_getAttrib(model, R_ClassSymbol);
  bool same = R_getAttribCount(x) == 1 && Rf_getAttrib(x, R_ClassSymbol) == class;
#elif R_VERSION >= R_Version(4, 5, 0)
  bool same = false;
#else
  SEXP now = ATTRIB(x), then = ATTRIB(model);
  bool same =
      now != R_NilValue && CDR(now) == R_NilValue && TAG(now) == TAG(then) && CAR(now) == CAR(then);
#endif
  if (!same) {
    FAULT_POINT();
    SHALLOW_DUPLICATE_ATTRIB(x, model);
  }
}

static inline int r_has_attributes(SEXP x) {
#if R_VERSION >= R_Version(4, 5, 0)
  return ANY_ATTRIB(x);
#else
  return ATTRIB(x) != R_NilValue;
#endif
}

/* The numbers of a new vector, to be filled. */
static inline void *r_data(SEXP x) {
  switch (TYPEOF(x)) {
  case LGLSXP:
    return LOGICAL(x);
  case INTSXP:
    return INTEGER(x);
  case REALSXP:
    return REAL(x);
  case CPLXSXP:
    return COMPLEX(x);
  default:
    return RAW(x);
  }
}

/* (jumps) Which attributes has x? R copies all but the three kinds to another value. */
enum { HAS_NAMES = 1, HAS_DIM = 2, HAS_DIMNAMES = 4, HAS_OTHER = 8 };

static inline int r_attributes(SEXP x) {
  if (!r_has_attributes(x))
    return 0;
  FAULT_POINT();
  int found = Rf_getAttrib(x, R_DimSymbol) == R_NilValue ? 0 : HAS_DIM;
  if (Rf_getAttrib(x, R_DimNamesSymbol) != R_NilValue)
    found |= HAS_DIMNAMES;
  else if (Rf_getAttrib(x, R_NamesSymbol) != R_NilValue) /* R gives those of a 1-d array here */
    found |= HAS_NAMES;
  SEXP others = PROTECT(Rf_allocVector(LGLSXP, 1));
  Rf_copyMostAttrib(x, others);
  if (r_has_attributes(others))
    found |= HAS_OTHER;
  UNPROTECT(1);
  return found;
}

static inline int r_is_object(SEXP x) { return Rf_isObject(x); }

#endif
