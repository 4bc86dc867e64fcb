/* The core's vocabulary over R's C API: one short name per operation, and every version
 * difference of R in this file alone.
 *
 * Owns: nothing. Threads: only inside the calling thread's own unsuspended entry.
 * Jumps: each `r_*` function marked (jumps) may leave by an R jump and therefore runs only
 * under a guard (condition.c). Each of them starts with a fault point, so that a test can make
 * it fail once. */
#ifndef PYCLASS_BRIDGE_R_API_H
#define PYCLASS_BRIDGE_R_API_H

#define R_NO_REMAP
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

/* (jumps on an active binding or an unforced promise) R_UnboundValue when absent. */
static inline SEXP r_get_var(SEXP env, SEXP sym) {
  FAULT_POINT();
#if R_VERSION >= R_Version(4, 5, 0)
  return R_getVarEx(sym, env, FALSE, R_UnboundValue);
#else
  return Rf_findVarInFrame(env, sym);
#endif
}

/* (jumps) The class of a new object, by the shortest way. */
static inline void r_set_class(SEXP x, SEXP class) {
  FAULT_POINT();
#if R_VERSION >= R_Version(4, 5, 0)
  Rf_setAttrib(x, R_ClassSymbol, class);
#else
  SEXP attributes = Rf_cons(class, ATTRIB(x));
  SET_TAG(attributes, R_ClassSymbol);
  SET_ATTRIB(x, attributes);
  SET_OBJECT(x, 1);
#endif
}

/* (jumps) The names of a new list. */
static inline void r_set_names(SEXP x, SEXP names) {
  FAULT_POINT();
#if R_VERSION >= R_Version(4, 5, 0)
  Rf_setAttrib(x, R_NamesSymbol, names);
#else
  SEXP attributes = Rf_cons(names, R_NilValue);
  SET_TAG(attributes, R_NamesSymbol);
  SET_ATTRIB(x, attributes);
#endif
}

/* Is x held by n places at the most? R counts references, and never too few. An R that hides the
 * count always says no. */
static inline int r_held_by(SEXP x, int n) {
#if R_VERSION >= R_Version(4, 5, 0)
  return 0;
#else
  return REFCNT(x) <= n;
#endif
}

/* The cells of a small environment's variables, the youngest first; R that hides them gives none. */
static inline SEXP r_cells(SEXP env) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_NilValue;
#else
  return FRAME(env);
#endif
}

/* Has a small environment this one variable's value, and no other? */
static inline int r_has_only(SEXP env, SEXP value) {
#if R_VERSION >= R_Version(4, 5, 0)
  return 0;
#else
  return CAR(FRAME(env)) == value && CDR(FRAME(env)) == R_NilValue;
#endif
}

/* The class of an object of which it is the only attribute, and whether that is still so. */
static inline SEXP r_class_of_new(SEXP x) {
#if R_VERSION >= R_Version(4, 5, 0)
  return R_NilValue;
#else
  return CAR(ATTRIB(x));
#endif
}

static inline int r_has_only_class(SEXP x, SEXP class) {
#if R_VERSION >= R_Version(4, 5, 0)
  return 0;
#else
  return CAR(ATTRIB(x)) == class && CDR(ATTRIB(x)) == R_NilValue;
#endif
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

/* (jumps) Which attributes has x? */
enum { HAS_NAMES = 1, HAS_DIM = 2, HAS_DIMNAMES = 4, HAS_OTHER = 8 };

static inline int r_attribute(SEXP tag) {
  return tag == R_NamesSymbol      ? HAS_NAMES
         : tag == R_DimSymbol      ? HAS_DIM
         : tag == R_DimNamesSymbol ? HAS_DIMNAMES
                                   : HAS_OTHER;
}

static inline int r_attributes(SEXP x) {
  int found = 0;
  if (!r_has_attributes(x))
    return found;
#if R_VERSION >= R_Version(4, 5, 0)
  SEXP call = PROTECT(r_lcons(r_sym("attributes"), PROTECT(r_cons(x, R_NilValue))));
  SEXP known = PROTECT(r_eval(call, R_BaseEnv));
  SEXP names = PROTECT(Rf_getAttrib(known, R_NamesSymbol));
  for (R_xlen_t i = 0; i < Rf_xlength(names); i++)
    found |= r_attribute(Rf_installTrChar(STRING_ELT(names, i)));
  UNPROTECT(4);
#else
  for (SEXP a = ATTRIB(x); a != R_NilValue; a = CDR(a))
    found |= r_attribute(TAG(a));
#endif
  return found;
}

static inline int r_is_object(SEXP x) { return Rf_isObject(x); }

#endif
