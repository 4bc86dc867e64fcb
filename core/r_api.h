/* The core's vocabulary over R's C API: one short name per operation, and every version
 * difference of R in this file alone.
 *
 * Owns: nothing. Threads: only inside the calling thread's own unsuspended entry.
 * Jumps: each `r_*` function marked (jumps) may leave by an R jump and therefore runs only
 * under a guard (condition.c). Most of them start with a fault point, so that a test can make
 * them fail once.
 *
 * The other files call these `r_*` and no function of R that begins with `R_` or `Rf_`. They use
 * the accessors in capitals (CAR, TYPEOF, REAL_ELT, PROTECT, ...), vmaxget() and vmaxset(), R's
 * constants, and the variables of the front end by R's own names.
 *
 * Every name of R that the compiled core needs, by R version and by the class that "Writing R
 * Extensions" and R's own lists give it (tests/core/test_r_api.py compares them with the core):
 *   API, every R
 *     CADDR CADR CAR CDDR CDR COMPLEX COMPLEX_ELT DATAPTR_RO INTEGER INTEGER_ELT LENGTH LOGICAL
 *     LOGICAL_ELT MARK_NOT_MUTABLE PRINTNAME R_BaseEnv R_CHAR R_CheckUserInterrupt R_ClassSymbol
 *     R_ClearExternalPtr R_ContinueUnwind R_DimNamesSymbol R_DimSymbol R_DotsSymbol
 *     R_ExternalPtrAddr R_ExternalPtrProtected R_ExternalPtrTag R_gc R_GlobalEnv R_IsNA R_MakeExternalPtr R_MakeExternalPtrFn
 *     R_MakeUnwindCont
 *     R_MissingArg R_NaInt R_NamesSymbol R_NewEnv R_NilValue R_ParseVector R_PreserveObject
 *     R_QuoteSymbol R_RegisterCFinalizerEx REprintf Rprintf R_ReleaseObject R_SetExternalPtrAddr
 *     R_SetExternalPtrProtected R_ToplevelExec
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
 *     ALTREP DATAPTR_OR_NULL R_altrep_data1 R_altrep_data2 R_curErrorBuf R_interrupts_pending
 *     R_NaString
 *   embedding API, every R
 *     ptr_R_Busy ptr_R_CleanUp ptr_R_FlushConsole ptr_R_ProcessEvents ptr_R_ReadConsole
 *     ptr_R_ResetConsole ptr_R_WriteConsole ptr_R_WriteConsoleEx addInputHandler R_checkActivity
 *     R_FlushConsole R_InputHandlers
 *     R_PolledEvents R_runHandlers
 *   variable of the front end, every R
 *     R_CStackLimit R_CStackStart R_PPStackTop R_Visible */
#ifndef PYCLASS_BRIDGE_R_API_H
#define PYCLASS_BRIDGE_R_API_H

#define R_NO_REMAP
#include <stdbool.h>
#include <stdint.h>
#include <R_ext/Boolean.h>
#include <R_ext/Print.h>
#include <R_ext/eventloop.h>
#include <R_ext/Rdynload.h>
#include <Rinternals.h>
#include <Rversion.h>
#include <string.h>

#include <R_ext/Parse.h> /* needs Rinternals.h */

/* Stands first in a declaration. Where R's own macro may stand depends on R's version. */
#define NO_RETURN __attribute__((noreturn))

/* Variables of libR that its headers declare only for front ends. */
extern uintptr_t R_CStackLimit;
extern uintptr_t R_CStackStart;
extern int R_PPStackTop;
extern int R_interrupts_pending;
extern const char *R_curErrorBuf(void);
extern Rboolean R_Visible;
extern void R_FlushConsole(void);
extern void (*R_PolledEvents)(void);
extern void (*ptr_R_CleanUp)(int, int, int);
extern void (*ptr_R_Busy)(int);
extern int (*ptr_R_ReadConsole)(const char *, unsigned char *, int, int);
extern void (*ptr_R_FlushConsole)(void);
extern void (*ptr_R_ResetConsole)(void);
extern void (*ptr_R_ProcessEvents)(void) __attribute__((weak)); /* macOS has it, Linux may */
extern void (*ptr_R_WriteConsole)(const char *, int);
extern void (*ptr_R_WriteConsoleEx)(const char *, int, int);

/* Fault points (fault.c): `fault_countdown` counts down to the call that fails; 0 is off. */
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
R_CALL(SEXP, r_string, (const char *s), Rf_mkString(s))
R_CALL(SEXP, r_native_symbol, (DL_FUNC f, SEXP tag), R_MakeExternalPtrFn(f, tag, R_NilValue))
R_CALL(SEXP, r_parse, (SEXP text, ParseStatus *status), R_ParseVector(text, -1, status, R_NilValue))
R_CALL(const char *, r_utf8, (SEXP charsxp), Rf_translateCharUTF8(charsxp))
R_CALL(double, r_as_dbl, (SEXP x), Rf_asReal(x))

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

/* (jumps) Makes a closure. R 4.5 has a function for it and hides the setters. */
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

/* The variable's value, or NULL. (jumps) if R code has made it an active binding, which the core
 * never does. */
static inline SEXP r_var(SEXP env, SEXP sym) {
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

static inline R_xlen_t r_length(SEXP x) { return Rf_xlength(x); }

/* The number of an environment's variables. */
static inline R_xlen_t r_count_vars(SEXP env) { return Rf_xlength(env); }

/* Do two or more places of R hold the value? R's reference count may be too high, but is never
 * too low; not every version exposes it. */
static inline int r_is_held_twice(SEXP x) { return MAYBE_SHARED(x); }

/* (jumps) Gives a new value the one attribute of `model`. */
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

/* (jumps) Restores that attribute in a value that was made with it and may have others now. R 4.5
 * has no function that counts attributes. */
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

/* The memory of a new vector, to be filled. */
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

/* (jumps) Which attributes does x have? Rf_copyMostAttrib() copies only those of HAS_OTHER. */
enum { HAS_NAMES = 1, HAS_DIM = 2, HAS_DIMNAMES = 4, HAS_OTHER = 8 };

static inline int r_attributes(SEXP x) {
  if (!r_has_attributes(x))
    return 0;
  FAULT_POINT();
  int found = Rf_getAttrib(x, R_DimSymbol) == R_NilValue ? 0 : HAS_DIM;
  if (Rf_getAttrib(x, R_DimNamesSymbol) != R_NilValue)
    found |= HAS_DIMNAMES;
  else if (Rf_getAttrib(x, R_NamesSymbol) != R_NilValue) /* a 1-d array's are its dimnames */
    found |= HAS_NAMES;
  SEXP others = PROTECT(Rf_allocVector(LGLSXP, 1));
  Rf_copyMostAttrib(x, others);
  if (r_has_attributes(others))
    found |= HAS_OTHER;
  UNPROTECT(1);
  return found;
}

static inline bool r_is_na(double x) { return R_IsNA(x); } /* NaN is none */
static inline int r_is_object(SEXP x) { return Rf_isObject(x); }
static inline int r_inherits(SEXP x, const char *class) { return Rf_inherits(x, class); }
static inline SEXP r_get_attr(SEXP x, SEXP sym) { return Rf_getAttrib(x, sym); }
static inline cetype_t r_encoding(SEXP charsxp) { return Rf_getCharCE(charsxp); }
static inline const char *r_type_name(SEXP x) { return Rf_type2char(TYPEOF(x)); }
static inline SEXPTYPE r_type_of_name(const char *name) { return Rf_str2type(name); }

/* Allocates nothing: R has one TRUE and one FALSE. */
static inline SEXP r_lgl(bool x) { return Rf_ScalarLogical(x); }
static inline bool r_is_true(SEXP x) { return Rf_asLogical(x) == TRUE; }

/* The memory of a vector. (jumps) An ALTREP vector allocates here. */
R_CALL(const void *, r_read_data, (SEXP x), DATAPTR_RO(x))

/* The same, unless it would have to be made: then NULL. (jumps) */
R_CALL(const void *, r_ready_data, (SEXP x), DATAPTR_OR_NULL(x))

/* A vector whose memory R's class of it has: it is made of two values, which may have it in turn. */
static inline bool r_is_altrep(SEXP x) { return ALTREP(x); }
static inline SEXP r_first_part(SEXP altrep) { return R_altrep_data1(altrep); }
static inline SEXP r_second_part(SEXP altrep) { return R_altrep_data2(altrep); }

/* Does a wrapper, which R makes for new attributes, keep the memory where it is once somebody has
 * its address? R 4.6 does, and refuses others that hold its vector. */
#define R_WRAPPERS_STAY (R_VERSION >= R_Version(4, 6, 0))

/* ---- external pointers, and values that R's collector spares ---- */

static inline void *r_address(SEXP pointer) { return R_ExternalPtrAddr(pointer); }
static inline SEXP r_tag(SEXP pointer) { return R_ExternalPtrTag(pointer); }
static inline void r_set_address(SEXP pointer, void *p) { R_SetExternalPtrAddr(pointer, p); }
/* The value that the pointer keeps alive. */
static inline SEXP r_protected(SEXP pointer) { return R_ExternalPtrProtected(pointer); }
static inline void r_protect_by(SEXP pointer, SEXP x) { R_SetExternalPtrProtected(pointer, x); }
static inline void r_clear_address(SEXP pointer) { R_ClearExternalPtr(pointer); }

/* (jumps) R searches a list to release a value, so the core keeps only a few here, and the many in
 * preserve.c. */
static inline void r_preserve_object(SEXP x) { R_PreserveObject(x); }
static inline void r_release_object(SEXP x) { R_ReleaseObject(x); }

/* Collects, and then runs the finalizers of what is garbage, the last registered one first. */
static inline void r_collect(void) { R_gc(); }

/* ---- jumps ---- */

#define r_error(...) Rf_error(__VA_ARGS__) /* (jumps, always) */

/* The text of R's current or last error. */
static inline const char *r_error_text(void) { return R_curErrorBuf(); }

/* Tells one text of an error from another, in a few instructions. */
static inline uintptr_t r_error_mark(void) {
  const char *text = R_curErrorBuf();
  size_t n = strlen(text);
  uint64_t first = 0, last = 0;
  memcpy(&first, text, n < 8 ? n : 8);
  memcpy(&last, text + (n < 8 ? 0 : n - 8), n < 8 ? n : 8);
  return (uintptr_t)(first ^ (last * 31) ^ n);
}

static inline bool r_is_error_text(const char *text, int n) {
  const char *last = R_curErrorBuf();
  return strlen(last) == (size_t)n && memcmp(last, text, (size_t)n) == 0;
}

/* An exiting handler of an error that has no condition yet makes it after the jump, from that text.
 * Who stores such a jump, or runs other code on its way, keeps the text meanwhile. It is put back
 * into the buffer that it came from, so it fits. NULL, when memory is short, keeps nothing. */
static inline char *r_keep_error_text(void) { return strdup(R_curErrorBuf()); }

static inline void r_put_error_text(const char *kept) {
  if (kept)
    strcpy((char *)R_curErrorBuf(), kept);
}

/* Calls f(data) and stops every jump out of it; false after a jump. */
static inline bool r_toplevel(void (*f)(void *), void *data) { return R_ToplevelExec(f, data); }

/* (jumps) Calls f(data). A jump out of it is stored in the token, `clean` is called, and the jump
 * continues, unless `clean` itself jumps. r_continue() continues a stored jump. */
static inline SEXP r_unwind_protect(SEXP (*f)(void *), void *data, void (*clean)(void *, Rboolean),
                                    void *clean_data, SEXP token) {
  return R_UnwindProtect(f, data, clean, clean_data, token);
}

NO_RETURN static inline void r_continue(SEXP token) { R_ContinueUnwind(token); }

R_CALL(SEXP, r_token, (void), R_MakeUnwindCont())

/* A token holds in its CAR the value of the last jump or of the last f(), until the next one. This
 * is undocumented, but packages rely on it: cpp11 empties its token in the same way. */
static inline void r_empty_token(SEXP token) { SETCAR(token, R_NilValue); }
static inline SEXP r_jump_value(SEXP token) { return CAR(token); }
static inline bool r_is_abort(SEXP token) { return CAR(token) == NULL; } /* to the top level */
static inline void r_set_jump_value(SEXP token, SEXP value) { SETCAR(token, value); }

/* The target of a token's jump: a context of R's, on the C stack of its thread. The CDR of a token
 * is undocumented: on R 3.5 to 4.6 it has the bytes of a mask and of that address. NULL with any other
 * layout. tests/core/test_r_api.py shows whether a later R has the same. */
static inline const void *r_jump_target(SEXP token) {
#if R_VERSION < R_Version(4, 7, 0)
  struct {
    int mask;
    void *target;
  } to;
  SEXP bytes = CDR(token);
  if (TYPEOF(bytes) == RAWSXP && XLENGTH(bytes) == sizeof to) {
    memcpy(&to, RAW_RO(bytes), sizeof to);
    return to.target;
  }
#endif
  return NULL;
}

/* Do two tokens have the same target? If none is known, the answer is yes, which is wrong only if R
 * code has caught one jump and then makes another one that carries no condition. */
static inline bool r_is_same_jump(SEXP a, SEXP b) { return r_jump_target(a) == r_jump_target(b); }

/* ---- the console ---- */

/* (jumps) through R's sinks */
static inline void r_print(const char *text) {
  FAULT_POINT();
  Rprintf("%s", text);
}

static inline void r_print_error(const char *text) {
  FAULT_POINT();
  REprintf("%s", text);
}

static inline void r_flush_console(void) { R_FlushConsole(); }

/* ---- interrupts and input ---- */

/* (jumps) Signals a pending interrupt. */
static inline void r_check_interrupt(void) { R_CheckUserInterrupt(); }

/* (jumps) Runs the handlers of those R inputs (graphics devices, connections) that have data. */
static inline void r_run_input_handlers(void) {
  R_runHandlers(R_InputHandlers, R_checkActivity(0, 1));
}

/* (jumps) What R does now and then while it computes. */
static inline void r_poll_events(void) { R_PolledEvents(); }

/* R calls `handler` while it waits, when the descriptor has data. */
static inline void r_add_input_handler(int fd, void (*handler)(void *), void *data) {
  enum { ACTIVITY = 81 }; /* any number of our own */
  addInputHandler(R_InputHandlers, fd, handler, ACTIVITY)->userData = data;
}

#endif
