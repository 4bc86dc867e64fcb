/* Errors across the border: guards round R code, R conditions to Python, Python exceptions to R.
 *
 * A guard keeps R's jumps from Python's frames and from other threads' entries:
 *   base      (nothing below)   R_UnwindProtect; the session's global calling handlers record
 *                               the condition and abort
 *   chained   (own door below)  R_UnwindProtect and a recorder; R has chosen a target further
 *                               out, so the jump is kept as a token, Python's frames are unwound
 *                               by an exception, and the door goes on with the jump
 *   isolated  (a stranger below) R_ToplevelExec with all handlers of its own
 *
 * Owns: the tokens; what an entry has caught (a preserve cell), and the exception and the token
 * of a jump on its way to the entry's door, all given up by `condition_forget`. Threads: inside an
 * entry. Jumps: never out of `guarded`; always out of `door_raise`. */

#include "core.h"
#include <setjmp.h>
#include <string.h>

extern const char *R_curErrorBuf(void);

/* Tokens for R_UnwindProtect, which writes into them when a jump passes: one for the guard at each
 * depth and one for the visits in it, so that what runs between a jump and its going on, deeper by
 * one, has its own. */
typedef struct {
  SEXP guard, visit;
} Tokens;

static Tokens *tokens;
static int token_room, guard_depth; /* 0: outside all guards */

/* ---- recording (called by the handlers in R/bridge_condition.R, without the GIL) ---- */

SEXP core_caught(SEXP cond, SEXP calls) {
  Entry *e = entry_mine();
  if (!e)
    return R_NilValue;
  SEXP cell = preserve(r_cons(cond, calls));
  if (e->caught)
    preserve_remove(e->caught);
  e->caught = cell;
  return R_NilValue;
}

static void forget_caught(Entry *e) {
  if (e->caught)
    preserve_remove(e->caught);
  e->caught = NULL;
}

static void forget_jump(Entry *e) {
  if (e->jump)
    R_ReleaseObject(e->jump);
  e->jump = NULL;
  e->jumping = false;
  PyObject *carrier = e->carrier;
  e->carrier = NULL;
  Py_XDECREF(carrier);
}

void condition_forget(Entry *e) {
  forget_caught(e);
  forget_jump(e);
}

/* ---- guards ---- */

typedef struct {
  Entry *entry;
  GuardBody body;
  void *data;
  jmp_buf landing;
} Guard;

static SEXP run_unwindable(void *arg) {
  Guard *g = arg;
  if (g->entry->chained)
    r_eval(r.chained_call, r.guard_env);
  g->body(g->data);
  return R_NilValue;
}

static void leave_unwindable(void *arg, Rboolean jump) {
  if (jump)
    longjmp(((Guard *)arg)->landing, 1);
}

static void run_isolated(void *arg) {
  Guard *g = arg;
  if (r.isolated_call)
    r_eval(r.isolated_call, r.guard_env);
  g->body(g->data);
}

static void make_token(void *place) {
  SEXP token = PROTECT(r_token());
  R_PreserveObject(token);
  *(SEXP *)place = token;
  UNPROTECT(1);
}

static bool make_tokens(Tokens *t) {
  return (t->guard || R_ToplevelExec(make_token, &t->guard)) &&
         (t->visit || R_ToplevelExec(make_token, &t->visit));
}

/* For this depth and the one outside all guards, where visits from rpy2's calls are. */
static int need_tokens(void) {
  if (guard_depth >= token_room) {
    int more = token_room ? 2 * token_room : 16;
    Tokens *larger = realloc(tokens, (size_t)more * sizeof *tokens);
    if (!larger)
      return -1;
    memset(larger + token_room, 0, (size_t)(more - token_room) * sizeof *tokens);
    tokens = larger;
    token_room = more;
  }
  return make_tokens(&tokens[guard_depth]) && make_tokens(&tokens[0]) ? 0 : -1;
}

/* A token would keep the value of its last jump or body, and all that belongs to it. */
static void empty_tokens(Tokens *t) {
  if (t->guard)
    SETCAR(t->guard, R_NilValue);
  SETCAR(t->visit, R_NilValue);
}

SEXP guard_token(void) { return tokens[guard_depth].visit; }

/* ---- jumps that Python's frames stand in the way of ---- */

typedef struct {
  SEXP value, cell;
} Keeping;

static void keep_value(void *arg) {
  Keeping *k = arg;
  k->cell = preserve(k->value);
}

/* The door below shall go on with the guard's jump when it sees the exception. */
static void hand_down(Entry *e, PyObject *exception) {
  Entry *below = (Entry *)(e->below & ~(uintptr_t)1);
  forget_jump(below);
  below->carrier = Py_NewRef(exception);
  below->jump = tokens[guard_depth].guard;
  tokens[guard_depth].guard = NULL;
}

/* Do two tokens lead to one place? The address of that place ends the bytes in a token's CDR. A
 * jump that this entry's own R code has caught led into the entry; no jump out of it leads there. */
static bool same_jump(SEXP a, SEXP b) {
  SEXP to = CDR(a), other = CDR(b);
  if (TYPEOF(to) != RAWSXP || TYPEOF(other) != RAWSXP || XLENGTH(to) != XLENGTH(other))
    return false;
  size_t at = (size_t)XLENGTH(to) - sizeof(void *);
  return memcmp(RAW_RO(to) + at, RAW_RO(other) + at, sizeof(void *)) == 0;
}

static PyObject *condition_of(PyObject *exception) {
  if (!PyErr_GivenExceptionMatches(exception, py.error_type))
    return NULL;
  PyObject *condition = PyObject_GetAttrString(exception, "condition");
  if (condition && PyObject_TypeCheck(condition, &HandleType))
    return condition;
  Py_XDECREF(condition);
  PyErr_Clear();
  return NULL;
}

/* Keras and TensorFlow make a new exception from an old one's text; it has the same condition. */
static bool carries_jump(Entry *e, PyObject *exception) {
  if (!e || !e->jump || e->jumping)
    return false;
  if (exception == e->carrier)
    return true;
  PyObject *a = condition_of(exception), *b = a ? condition_of(e->carrier) : NULL;
  bool same = b && ((Handle *)a)->value == ((Handle *)b)->value;
  Py_XDECREF(a);
  Py_XDECREF(b);
  return same;
}

/* ---- the exception for a jump ---- */

static void text_of_error(void *arg) {
  *(PyObject **)arg = PyUnicode_DecodeUTF8(R_curErrorBuf(), strlen(R_curErrorBuf()), "replace");
}

static PyObject *exception_of_condition(Entry *e, SEXP cond, SEXP calls) {
  Keeping k = {cond, NULL}, l = {calls, NULL};
  PyObject *exception = NULL;
  if (!R_ToplevelExec(keep_value, &k) || !R_ToplevelExec(keep_value, &l)) {
    if (k.cell)
      preserve_remove(k.cell);
    return PyErr_NoMemory();
  }
  PyObject *cond_handle = handle_adopt(cond, k.cell), *calls_handle = handle_adopt(calls, l.cell);
  entry_suspend(e);
  if (cond_handle && calls_handle)
    exception = call_python(py.from_r, cond_handle, calls_handle);
  Py_XDECREF(cond_handle);
  Py_XDECREF(calls_handle);
  entry_resume(e);
  return exception;
}

static PyObject *exception_of_caught(Entry *e) {
  SEXP cond = CAR(TAG(e->caught)), calls = CDR(TAG(e->caught));
  PyObject *exception = e->interrupt;
  if (!Rf_inherits(cond, "interrupt"))
    return exception_of_condition(e, cond, calls);
  e->interrupt = NULL;
  R_interrupts_pending = 0; /* R flushes its console on the way here, which may fail again */
  return exception ? exception : PyObject_CallNoArgs(PyExc_KeyboardInterrupt);
}

static PyObject *exception_of_text(void) {
  PyObject *text = NULL;
  text_of_error(&text);
  PyObject *exception = text ? call_python(py.from_error_text, text, NULL) : NULL;
  Py_XDECREF(text);
  return exception;
}

/* Only aborts come out of R_ToplevelExec, which fills no token. */
static bool carried_on(Entry *e) {
  return e->jumping && (e->isolated || same_jump(tokens[guard_depth].guard, e->jump));
}

static PyObject *exception_of_jump(Entry *e) {
  if (e->caught)
    return exception_of_caught(e);
  bool told = e->carrier && Py_TYPE(e->carrier) != (PyTypeObject *)py.jump_type;
  if (carried_on(e) && (e->chained || told))
    return Py_NewRef(e->carrier);
  return e->chained ? PyObject_CallNoArgs(py.jump_type) : exception_of_text();
}

/* After a jump: R's state is that of the guard's beginning; makes the Python exception. */
static void landed(Entry *e) {
  entry_take_gil(e);
  PyErr_Clear();
  PyObject *exception = exception_of_jump(e);
  if (!exception)
    exception = py_take_exception();
  if (e->chained)
    hand_down(e, exception);
  PyErr_SetObject((PyObject *)Py_TYPE(exception), exception); /* raised here: it gets its context */
  Py_DECREF(exception);
}

int guarded(Entry *e, GuardBody body, void *data) {
  Guard g = {.entry = e, .body = body, .data = data};
  volatile bool jumped = false;
  const int depth = ++guard_depth;
  if (need_tokens() < 0) {
    guard_depth = depth - 1;
    PyErr_NoMemory();
    return -1;
  }
  if (e->isolated)
    jumped = !R_ToplevelExec(run_isolated, &g);
  else if (_setjmp(g.landing) == 0)
    R_UnwindProtect(run_unwindable, &g, leave_unwindable, &g, tokens[depth].guard);
  else
    jumped = true;
  guard_depth = depth;
  if (jumped)
    landed(e);
  empty_tokens(&tokens[depth]);
  guard_depth = depth - 1;
  return jumped ? -1 : 0;
}

int in_r(const char *label, GuardBody body, void *data) {
  Entry e;
  if (entry_push(&e, label) < 0)
    return -1;
  int status = guarded(&e, body, data);
  PyObject *exception = py_take_exception(); /* destructors run by the pop must not see it */
  entry_pop(&e);
  py_set_exception(exception);
  return status;
}

/* ---- Python exceptions to R ---- */

typedef struct {
  PyObject *exception;
  SEXP call;
} Raising;

/* Where Python can't tell the class of the exception, as at the end of its stack, what kept it from
 * that is raised, whose class R knows from the start. */
static SEXP exception_to_r(Raising *raising) {
  SEXP proxy = proxy_new(raising->exception, true);
  if (proxy)
    return proxy;
  PyObject *failure = py_take_exception();
  PyException_SetContext(failure, raising->exception);
  raising->exception = failure;
  proxy = proxy_new(failure, true);
  PyErr_Clear();
  return proxy ? proxy : R_NilValue;
}

static SEXP make_raising_call(void *arg) {
  Raising *raising = arg;
  PyObject *condition = condition_of(raising->exception);
  if (condition) {
    raising->call = r_lcons(r.stop_again, r_cons(((Handle *)condition)->value, R_NilValue));
    Py_DECREF(condition);
    return R_NilValue;
  }
  SEXP proxy = PROTECT(exception_to_r(raising));
  bool is_exception = PyErr_GivenExceptionMatches(raising->exception, PyExc_Exception);
  SEXP is_error = PROTECT(Rf_ScalarLogical(is_exception));
  SEXP args = PROTECT(r_cons(proxy, r_cons(is_error, R_NilValue)));
  raising->call = r_lcons(r.stop_python, args);
  UNPROTECT(3);
  return R_NilValue;
}

static void close_on_jump(void *arg, Rboolean jump) {
  if (jump)
    door_close(arg);
}

NO_RETURN static void raise_interrupt(Door *d, PyObject *exception) {
  if (d->entry)
    Py_XSETREF(d->entry->interrupt, exception);
  else
    Py_DECREF(exception);
  door_close(d);
  R_interrupts_pending = 1;
  R_CheckUserInterrupt();
  Rf_error("interrupted");
}

/* R goes on with its jump, which may meet another guard on its way. */
NO_RETURN static void go_on(Door *d, PyObject *exception) {
  SEXP token = d->entry->jump;
  Py_XSETREF(d->entry->carrier, exception);
  d->entry->jumping = true;
  forget_caught(d->entry);
  door_close(d);
  R_ContinueUnwind(token);
}

NO_RETURN void door_raise(Door *d) {
  if (!PyErr_Occurred())
    PyErr_SetString(PyExc_SystemError, "Python code failed without an exception");
  PyObject *exception = py_take_exception();
  if (carries_jump(d->entry, exception))
    go_on(d, exception);
  if (PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt))
    raise_interrupt(d, exception);
  Raising raising = {exception, R_NilValue};
  R_UnwindProtect(make_raising_call, &raising, close_on_jump, d, guard_token());
  PROTECT(raising.call);
  Py_DECREF(raising.exception);
  door_close(d);
  Rf_eval(raising.call, r.ns);
  Rf_error("a Python exception was not raised");
}

PyObject *call_python(PyObject *f, PyObject *a, PyObject *b) {
  return PyObject_CallFunctionObjArgs(f, a, b, NULL);
}
