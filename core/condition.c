/* Errors across the border: guards round R code, R conditions to Python, Python exceptions to R.
 *
 * A guard keeps R's jumps off Python's frames and other threads' entries:
 *   base      (nothing below)   R_UnwindProtect; the session's global calling handlers record
 *                               the condition and abort
 *   chained   (own door below)  R_UnwindProtect and a recorder; the jump's target is further out,
 *                               so a token stores the jump, an exception unwinds Python's frames,
 *                               and the door continues the jump. With others' entries between, R's
 *                               handlers and restarts at that door are installed again
 *   isolated  (any other below) R_UnwindProtect, and handlers as those of the session instead of
 *                               those below
 *
 * Owns: the tokens, but for those that it gives to jumps (jump.c). An entry owns what it has
 * caught. Threads: inside an entry. Jumps: never out of `guarded`; always out of `door_raise`. */

#include "core.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/* Tokens for r_unwind_protect(), which stores a jump in them: at each depth one for the guard and
 * one for the visits in it. Code that runs after a jump is stored and before it continues is one
 * level deeper, so it does not overwrite the token. */
typedef struct {
  SEXP guard, visit;
} Tokens;

static Tokens *tokens;
static bool is_hosted;              /* does R host? */
static int token_room, guard_depth; /* 0: outside all guards */

/* ---- recording (called by the handlers in R/bridge_condition.R, without the GIL) ---- */

/* Keeps the condition, the calls, and what the handlers hold before the jump to one of them. */
SEXP core_caught(SEXP cond, SEXP calls, SEXP handlers) {
  Entry *e = entry_mine();
  if (!e)
    return R_NilValue;
  SEXP held = PROTECT(exiting_held(handlers));
  SEXP facts = PROTECT(r_cons(calls, held));
  SEXP cell = preserve(r_cons(cond, facts));
  UNPROTECT(2);
  entry_forget_caught(e);
  jump_replace_going(e);
  e->caught = cell;
  return R_NilValue;
}

/* A handler runs few evaluations until it records; more may fail, as its later ones. `cond` is kept
 * unless one is there already; NULL forgets it. Was it kept? */
SEXP core_signalled(SEXP cond) {
  Entry *e = entry_mine();
  if (!e || (cond != R_NilValue && e->caught))
    return r_lgl(false);
  if (cond == R_NilValue)
    entry_forget_caught(e);
  else
    core_caught(cond, R_NilValue, R_NilValue);
  return r_lgl(true);
}

/* ---- guards ---- */

typedef struct {
  Entry *entry;
  GuardBody body;
  void *data;
  jmp_buf landing;
} Guard;

static bool is_apart(Entry *e) { return e->home && e->home != entry_below(e); }

static SEXP run_unwindable(void *arg) {
  Guard *g = arg;
  if (is_apart(g->entry)) {
    SEXP calls = TAG(g->entry->home->stacks);
    for (R_xlen_t i = 0; i < r_length(calls); i++)
      r_eval(VECTOR_ELT(calls, i), r.guard_env);
  }
  if (g->entry->home)
    r_eval(r.chained_call, r.guard_env);
  else if (g->entry->isolated && r.isolated_call)
    r_eval(r.isolated_call, r.guard_env);
  g->body(g->data);
  return R_NilValue;
}

static void leave_unwindable(void *arg, Rboolean jump) {
  if (jump)
    longjmp(((Guard *)arg)->landing, 1);
}

static bool is_on_stack_of(Entry *e, uintptr_t place) {
  return place < e->stack_start && place >= e->stack_start - e->stack_size;
}

static const void *noted_place; /* by core_place(), for look_at_stacks() */

typedef struct {
  SEXP leave, env;
} Leaving;

static SEXP run_leave(void *arg) { return r_eval(((Leaving *)arg)->leave, ((Leaving *)arg)->env); }

/* Notes where R keeps the context of a call: `leave` jumps to it, but this stops the jump. */
SEXP core_place(SEXP leave, SEXP env) {
  Leaving l = {leave, env};
  Guard g = {.entry = NULL};
  SEXP token = guard_token();
  if (_setjmp(g.landing) == 0)
    r_unwind_protect(run_leave, &l, leave_unwindable, &g, token);
  else if (entry_mine()->interrupt)
    R_interrupts_pending = 1; /* if it was the jump of an interrupt, that comes again */
  noted_place = r_jump_target(token);
  r_empty_token(token);
  return R_NilValue;
}

/* On an older R that context is on the C stack of this thread, and says nothing. */
static SEXP look_at_stacks(void *arg) {
  Entry *below = arg;
  noted_place = NULL;
  below->stacks = preserve(r_eval(r.stacks_call, r.guard_env));
  const uintptr_t seen = (uintptr_t)noted_place;
  below->place = is_on_stack_of(entry_mine(), seen) ? UINTPTR_MAX : seen;
  return R_NilValue;
}

/* The first entry above another thread's sees R's stacks as that one has left them. */
static void keep_stacks(Guard *g, int depth) {
  Entry *below = entry_below(g->entry);
  if (!below || below->thread == g->entry->thread || below->foreign || below->stacks)
    return;
  if (_setjmp(g->landing) == 0)
    r_unwind_protect(look_at_stacks, below, leave_unwindable, g, tokens[depth].guard);
  else if (g->entry->interrupt)
    R_interrupts_pending = 1; /* it is for the code that follows */
  guard_depth = depth;
  r_empty_token(tokens[depth].guard);
}

static void make_token(void *place) {
  SEXP token = PROTECT(r_token());
  r_preserve_object(token);
  *(SEXP *)place = token;
  UNPROTECT(1);
}

static bool make_tokens(Tokens *t) {
  return (t->guard || r_toplevel(make_token, &t->guard)) &&
         (t->visit || r_toplevel(make_token, &t->visit));
}

/* Makes the tokens of this depth and of depth 0, which visits from rpy2's calls use. */
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

static void empty_tokens(Tokens *t) {
  if (t->guard)
    r_empty_token(t->guard);
  r_empty_token(t->visit);
}

SEXP guard_token(void) { return tokens[guard_depth].visit; }

/* ---- jumps across Python's frames ---- */

typedef struct {
  SEXP value, cell;
} Preserving;

static void preserve_value(void *arg) {
  Preserving *p = arg;
  p->cell = preserve(p->value);
}

/* Does the jump lead into R code of another thread? Only a restart or a continuation of that code
 * does. Its contexts are on the C stacks of the threads whose entries are between or, if its code is
 * compiled, on R 4.5 and 4.6 (not on 4.2) on a stack of R's own, which grows to higher addresses. */
static bool leads_to_others(Entry *e, SEXP token) {
  const uintptr_t target = (uintptr_t)r_jump_target(token);
  if (r_is_abort(token) || !(e->isolated || is_apart(e)))
    return false;
  const bool is_above_home = e->home && !is_on_stack_of(e, target) && target >= e->home->place;
  bool found = e->isolated || is_above_home;
  for (Entry *other = entry_below(e); other != e->home && !found; other = entry_below(other))
    found = other->thread != e->thread && is_on_stack_of(other, target);
  return found;
}

/* The door below continues the guard's jump when this exception reaches it. */
static void hand_down(Entry *e, PyObject *exception, char *error_text) {
  SEXP token = tokens[guard_depth].guard;
  if (is_apart(e) && r_is_abort(token))
    token = NULL; /* it would end in R code of another thread, which is gone by then */
  else
    tokens[guard_depth].guard = NULL;
  jump_add(e->home, exception, token, error_text);
}

static PyObject *condition_of(PyObject *exception) {
  if (!PyErr_GivenExceptionMatches(exception, py.error_type))
    return NULL;
  PyObject *condition = PyObject_GetAttrString(exception, "condition");
  if (condition && PyObject_TypeCheck(condition, &HandleType))
    return condition;
  Py_XDECREF(condition);
  py_forget_exception();
  return NULL;
}

static bool is_of_same_condition(PyObject *exception, PyObject *carrier) {
  PyObject *a = condition_of(exception), *b = a ? condition_of(carrier) : NULL;
  bool same = b && ((Handle *)a)->value == ((Handle *)b)->value;
  Py_XDECREF(a);
  Py_XDECREF(b);
  return same;
}

/* The jump that waits for this exception, or NULL. A library may replace the carrier by a new
 * exception, which has the same condition. */
static Jump *jump_carried_by(Entry *e, PyObject *exception) {
  Jump *waiting = e ? e->jumps : NULL;
  for (Jump *j = waiting; j && !j->going; j = j->older)
    if (j->carrier == exception)
      return j;
  for (Jump *j = waiting; j && !j->going; j = j->older)
    if (is_of_same_condition(exception, j->carrier))
      return j;
  return NULL;
}

/* ---- the exception for a jump ---- */

#define LOST_JUMP "Error: R code can't leave for a restart or a function of another thread's R code"

static PyObject *exception_of_condition(Entry *e, SEXP cond, SEXP calls) {
  Preserving p = {cond, NULL}, q = {calls, NULL};
  PyObject *exception = NULL;
  if (!r_toplevel(preserve_value, &p) || !r_toplevel(preserve_value, &q)) {
    if (p.cell)
      preserve_remove(p.cell);
    return PyErr_NoMemory();
  }
  PyObject *cond_handle = handle_adopt(cond, p.cell), *calls_handle = handle_adopt(calls, q.cell);
  entry_suspend(e);
  if (cond_handle && calls_handle)
    exception = call_python(py.from_r, cond_handle, calls_handle);
  Py_XDECREF(cond_handle);
  Py_XDECREF(calls_handle);
  return entry_resume(e, exception);
}

static PyObject *exception_of_caught(Entry *e) {
  SEXP cond = CAR(TAG(e->caught)), calls = CADR(TAG(e->caught));
  PyObject *exception = e->interrupt;
  if (!r_inherits(cond, "interrupt"))
    return exception_of_condition(e, cond, calls);
  e->interrupt = NULL;
  R_interrupts_pending = 0; /* R has flushed its console since, which may have set it again */
  return exception ? exception : PyObject_CallNoArgs(PyExc_KeyboardInterrupt);
}

/* For an abort, or for an error that no handler saw, which has left its text. */
static PyObject *exception_of_text(const char *bytes) {
  PyObject *text = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace");
  PyObject *exception = text ? call_python(py.from_error_text, text, NULL) : NULL;
  Py_XDECREF(text);
  return exception;
}

/* Is the jump out of this entry one that its door has continued? If R code in the entry caught that
 * one, a later jump has another target. */
static bool has_arrived(Entry *e, Jump *jump) {
  SEXP token = tokens[guard_depth].guard;
  if (!jump->going || jump->is_over)
    return false;
  return jump->token ? r_is_same_jump(token, jump->token) : r_is_abort(token);
}

static Jump *jump_that_went(Entry *e) {
  Jump *jump = e->jumps;
  while (jump && !has_arrived(e, jump))
    jump = jump->older;
  return jump;
}

static void ask_whether_hidden(void *answer) {
  *(bool *)answer = r_is_true(r_eval(r.hides_call, r.ns));
}

/* The text of an unseen error that R does not print (options(show.error.messages =)); else "". */
static const char *hidden_error(void) {
  const char *last = r_error_text();
  bool hides = false;
  bool is_whole = *last && last[strlen(last) - 1] == '\n'; /* with its call, not a bare message */
  return is_whole && r_toplevel(ask_whether_hidden, &hides) && hides ? last : "";
}

/* Where R hosts, it prints an error of its full stack, which no handler sees, and aborts. It is told
 * from an earlier one by its mark, and from what try() leaves by its text, in English only. */
static const char *printed_error(Entry *e) {
  static const char *const texts[] = {"infinite recursion", "C stack usage", "stack overflow"};
  const char *last = r_error_text();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strstr(last, texts[i]) && r_error_mark() != e->error_mark)
      return last;
  return "";
}

static PyObject *exception_of_abort(Entry *e) {
  if (!is_hosted)
    return exception_of_text("");
  const char *text = printed_error(e);
  PyObject *exception = exception_of_text(text);
  if (*text)
    r_put_error_text("");
  return exception;
}

/* A jump that went goes before what was recorded earlier: an error in a handler of another one. An
 * error that no handler has seen goes to R's top level, whatever the guard is. */
static PyObject *exception_of_jump(Entry *e, const char *unseen) {
  Jump *went = jump_that_went(e);
  if (went && (e->home || Py_TYPE(went->carrier) != (PyTypeObject *)py.jump_type))
    return Py_NewRef(went->carrier);
  if (e->caught)
    return exception_of_caught(e);
  if (unseen)
    return exception_of_text(unseen);
  bool is_abort = r_is_abort(tokens[guard_depth].guard);
  if (!e->home && !is_hosted)
    return exception_of_text(hidden_error());
  return is_abort ? exception_of_abort(e) : PyObject_CallNoArgs(py.jump_type);
}

/* A Ctrl-C while the exception for an error was made. */
static bool is_interrupt_of_helpers(Entry *e, PyObject *exception) {
  return PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt) && e->caught &&
         !r_inherits(CAR(TAG(e->caught)), "interrupt");
}

/* Sets the Python exception for a jump. R is in the state in which the guard began. */
static void landed(Entry *e) {
  SEXP token = tokens[guard_depth].guard;
  bool is_lost = leads_to_others(e, token), ends_here = !e->home || is_lost;
  char *unseen = output_take_unseen(), *error_text = ends_here ? NULL : r_keep_error_text();
  if (!ends_here)
    exiting_keep(token, e->caught ? CDDR(TAG(e->caught)) : R_NilValue);
  entry_take_gil(e);
  PyErr_Clear();
  PyObject *exception = is_lost ? exception_of_text(LOST_JUMP) : exception_of_jump(e, unseen);
  free(unseen);
  if (!exception)
    exception = py_take_exception();
  if (!ends_here && is_interrupt_of_helpers(e, exception))
    free(error_text); /* it goes on in the place of the jump */
  else if (!ends_here)
    hand_down(e, exception, error_text);
  PyErr_SetObject((PyObject *)Py_TYPE(exception), exception); /* sets its __context__, too */
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
  keep_stacks(&g, depth);
  if (is_hosted)
    e->error_mark = r_error_mark();
  if (_setjmp(g.landing) == 0)
    r_unwind_protect(run_unwindable, &g, leave_unwindable, &g, tokens[depth].guard);
  else
    jumped = true;
  guard_depth = depth;
  if (jumped)
    landed(e);
  output_flush();
  empty_tokens(&tokens[depth]);
  guard_depth = depth - 1;
  return jumped ? -1 : 0;
}

void condition_where_r_hosts(void) { is_hosted = true; }

int in_r(const char *label, GuardBody body, void *data) {
  Entry e;
  if (entry_push(&e, label) < 0)
    return -1;
  int status = guarded(&e, body, data);
  PyObject *exception = py_take_exception(); /* hidden from the destructors that the pop runs */
  entry_pop(&e);
  py_set_exception(exception);
  return status;
}

/* ---- Python exceptions to R ---- */

typedef struct {
  PyObject *exception;
  bool at_top;  /* has R looked for its handlers, in vain? */
  bool is_last; /* will no Python code see it any more? */
  SEXP call;
} Raising;

/* When its stack is full, Python can't compute the S3 class of an exception. Then the exception of
 * that failure is raised, whose S3 class is cached at the start (session.py). */
static SEXP exception_to_r(Raising *raising) {
  SEXP proxy = proxy_new(raising->exception, true);
  if (proxy)
    return proxy;
  PyObject *failure = py_take_exception();
  PyException_SetContext(failure, raising->exception);
  raising->exception = failure;
  proxy = proxy_new(failure, true);
  py_forget_exception();
  return proxy ? proxy : R_NilValue;
}

static bool is_of_no_room(PyObject *exception) {
  PyObject *type = (PyObject *)Py_TYPE(exception); /* those of libraries come earlier */
  return type == PyExc_RecursionError || type == PyExc_MemoryError;
}

/* The message of an exception of a full stack or memory, which Python code could not make: it would
 * fail in the same way, and so would the error of that, until R's stack is full, too. */
static SEXP text_without_room(PyObject *exception) {
  if (!is_of_no_room(exception))
    return R_NilValue;
  PyObject *words = PyObject_Str(exception);
  const char *text = words ? PyUnicode_AsUTF8(words) : NULL, *name = Py_TYPE(exception)->tp_name;
  char all[256];
  snprintf(all, sizeof all, text && *text ? "%s: %s" : "%s", name, text);
  PyErr_Clear();
  Py_XDECREF(words);
  return r_string(all);
}

static SEXP make_raising_call(void *arg) {
  Raising *raising = arg;
  PyObject *condition = condition_of(raising->exception);
  if (condition) {
    SEXP args = PROTECT(r_cons(((Handle *)condition)->value, R_NilValue));
    Py_DECREF(condition); /* its exception has the value */
    if (raising->at_top)
      raising->call = r_eval(PROTECT(r_lcons(r_sym("top_call"), args)), r.ns);
    else
      raising->call = PROTECT(r_lcons(r_sym("stop_again"), args));
    UNPROTECT(2);
    return R_NilValue;
  }
  SEXP proxy = PROTECT(exception_to_r(raising));
  SEXP text = PROTECT(text_without_room(raising->exception));
  bool is_exception = PyErr_GivenExceptionMatches(raising->exception, PyExc_Exception);
  SEXP is_error = PROTECT(r_lgl(is_exception || raising->is_last));
  SEXP args = PROTECT(r_cons(is_error, PROTECT(r_cons(text, R_NilValue))));
  raising->call = r_lcons(r_sym("stop_python"), PROTECT(r_cons(proxy, args)));
  UNPROTECT(6);
  return R_NilValue;
}

static void close_on_jump(void *arg, Rboolean jump) {
  if (jump)
    door_close(arg);
}

NO_RETURN static void raise_interrupt(Door *d, PyObject *exception) {
  if (d->entry && !d->entry->is_host)
    Py_XSETREF(d->entry->interrupt, exception);
  else
    Py_DECREF(exception);
  door_close(d);
  R_interrupts_pending = 1;
  r_check_interrupt();
  r_error("interrupted");
}

/* An error for which R's own handlers have found nobody, and Python neither; or an exception that is no
 * error of Python's, such as SystemExit, which would end at R's top level without a word. */
static bool is_for_top(Entry *e, Jump *jump, PyObject *exception) {
  if (!jump || !e->is_host || (jump->token && !r_is_abort(jump->token)))
    return false;
  if (!PyErr_GivenExceptionMatches(exception, py.error_type))
    return Py_TYPE(exception) != (PyTypeObject *)py.jump_type &&
           !PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt);
  PyObject *condition = condition_of(exception);
  Py_XDECREF(condition);
  return condition;
}

/* Continues R's jump, which the guard of this entry may store again. */
NO_RETURN static void go_on(Door *d, Jump *jump, PyObject *exception) {
  Py_SETREF(jump->carrier, exception);
  jump_go(d->entry, jump);
  door_close(d);
  r_put_error_text(jump->error_text);
  if (jump->token)
    r_continue(jump->token);
  r_eval(r.abort_call, r.guard_env);
  r_error("R code was not aborted");
}

/* R's py_last_error() shows an R error, too, that Python has passed on; stop_python() tells Python's
 * own exceptions. The entry is not suspended, which would forget the jump. */
static void remember(PyObject *exception) {
  if (!PyErr_GivenExceptionMatches(exception, py.error_type) && !is_of_no_room(exception))
    return;
  PyObject *none = call_python(py.remember_error, exception, NULL);
  Py_XDECREF(none);
  py_forget_exception();
}

NO_RETURN void door_raise(Door *d) {
  if (!PyErr_Occurred())
    PyErr_SetString(PyExc_SystemError, "Python code failed without an exception");
  PyObject *exception = py_take_exception();
  remember(exception);
  Jump *jump = jump_carried_by(d->entry, exception);
  const bool at_top = is_for_top(d->entry, jump, exception);
  if (jump && !at_top)
    go_on(d, jump, exception);
  if (PyErr_GivenExceptionMatches(exception, PyExc_KeyboardInterrupt))
    raise_interrupt(d, exception);
  Raising raising = {exception, at_top, d->entry && d->entry->is_host, R_NilValue};
  r_unwind_protect(make_raising_call, &raising, close_on_jump, d, guard_token());
  PROTECT(raising.call);
  Py_DECREF(raising.exception);
  door_close(d);
  r_eval(raising.call, r.ns);
  r_error("a Python exception was not raised");
}
