/* Who may use R: the stack of entries.
 *
 * Owns: the stack, and each entry's caught condition and interrupt, released by its pop at the
 * latest. Entries live on their threads' C stacks (foreign ones on the heap, freed at their exit);
 * the stack points to them only between push and pop, the list of returns only while their threads
 * wait to return. Threads: any. Jumps: never.
 *
 * Lock table
 *   top_word         the top entry's address, bit 0 set while it is suspended; changed by
 *                    compare-and-swap only, so that the usual push, pop, suspend and resume take
 *                    no lock
 *   running_thread   the thread that uses R now, 0 if none; written only by the owner of the top,
 *                    so a thread that reads its own id here has written it
 *   waiters_mutex    held while a waiter tests and sleeps, never while it waits for the GIL
 *   stack_changed    broadcast under waiters_mutex after a change, if anyone waits
 *   returning        the number of threads that wait to return to their suspended entries, the
 *                    list of which (first_return, last_return) and changed_at, the time of the
 *                    last change of the stack, belong to waiters_mutex
 *   starving_since   when the last wait ended, or when the first of the present waiters began;
 *                    turns: the number of waits that have ended. Both are read and written without
 *                    a lock, since they only decide who goes first
 *   the GIL          the owner of the top may wait for it; its holder must not wait for the stack
 *   interrupted      the number of the main thread's waits to return in which a signal has come;
 *                    the other threads only read it
 *   is_exiting       written and read by the main thread
 *   bell             written once, before there are waiters
 *   is_poisoned      written by the only thread of a forked child */

#include "core.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define SUSPENDED ((uintptr_t)1)
#define REPORT_AFTER_SECONDS 10.0
#define REPORT_AFTER_SIGNAL_SECONDS 1.0
#define EXIT_PATIENCE_SECONDS 2.0
#define PATIENCE_SECONDS 0.005      /* Python's default switch interval of the GIL */
#define RETURN_PATIENCE_SECONDS 0.2 /* see return_goes_first() for these three */
#define STANDSTILL_SECONDS 0.15
#define PREFERENCE_SECONDS 0.5

static _Atomic uintptr_t top_word;
static _Atomic uintptr_t running_thread;
static _Atomic int waiting, returning, interrupted;
static Entry *first_return, *last_return;
static double changed_at;
static _Atomic double starving_since;
static _Atomic unsigned turns;
static pthread_mutex_t waiters_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stack_changed = PTHREAD_COND_INITIALIZER;
static uintptr_t main_thread;
static int bell = -1;    /* a pipe that is written to when a wait begins */
static bool is_exiting;  /* the main thread has ended its code; functions of atexit may run */
static bool is_poisoned; /* a forked child; another thread was using R at the fork */

static uintptr_t me(void) { return (uintptr_t)pthread_self(); }

/* Relaxed: a thread compares the value only with its own id, which it alone writes. */
static uintptr_t running(void) {
  return atomic_load_explicit(&running_thread, memory_order_relaxed);
}
static void set_running(uintptr_t thread) {
  atomic_store_explicit(&running_thread, thread, memory_order_relaxed);
}
static Entry *entry_of(uintptr_t word) { return (Entry *)(word & ~SUSPENDED); }

static double monotonic(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the stack's four moves, without waiting ---- */

static bool try_push(Entry *e) {
  uintptr_t word = atomic_load(&top_word);
  bool own_top = running() == e->thread;
  if (word != 0 && !(word & SUSPENDED) && !own_top)
    return false;
  e->below = word;
  if (!atomic_compare_exchange_strong(&top_word, &word, (uintptr_t)e))
    return false;
  e->height = word ? entry_of(word)->height + 1 : 1;
  set_running(e->thread);
  return true;
}

static bool try_resume(Entry *e) {
  uintptr_t word = (uintptr_t)e | SUSPENDED;
  if (!atomic_compare_exchange_strong(&top_word, &word, (uintptr_t)e))
    return false;
  set_running(e->thread);
  return true;
}

static void wake(void) {
  if (atomic_load(&waiting) == 0)
    return;
  pthread_mutex_lock(&waiters_mutex);
  changed_at = monotonic();
  pthread_cond_broadcast(&stack_changed);
  pthread_mutex_unlock(&waiters_mutex);
}

static void set_top(uintptr_t word, uintptr_t thread) {
  set_running(thread);
  atomic_store(&top_word, word);
  wake();
}

/* ---- waiting ---- */

static struct timespec in_a_tenth_second(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 100 * 1000 * 1000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_sec += 1;
    t.tv_nsec -= 1000000000;
  }
  return t;
}

static void sleep_for_change(Entry *e, bool (*try)(Entry *), bool *done) {
  struct timespec until = in_a_tenth_second();
  pthread_mutex_lock(&waiters_mutex);
  *done = try(e);
  if (!*done)
    pthread_cond_timedwait(&stack_changed, &waiters_mutex, &until);
  pthread_mutex_unlock(&waiters_mutex);
}

/* A thread that calls R over and over takes the stack before any waiter has woken up. So it lets a
 * waiter go first when waits have taken too long, unless the entry on top is its own. */
static bool should_give_way(void) {
  if (atomic_load(&waiting) == 0 || monotonic() - atomic_load(&starving_since) < PATIENCE_SECONDS)
    return false;
  Entry *top = entry_of(atomic_load(&top_word));
  return running() != me() && !(top && running() == 0 && top->thread == me());
}

static void give_way(void) {
  unsigned before = atomic_load(&turns);
  struct timespec until = in_a_tenth_second();
  PyThreadState *tstate = PyEval_SaveThread();
  pthread_mutex_lock(&waiters_mutex);
  while (atomic_load(&turns) == before && atomic_load(&waiting) > 0)
    if (pthread_cond_timedwait(&stack_changed, &waiters_mutex, &until) != 0)
      break;
  pthread_mutex_unlock(&waiters_mutex);
  PyEval_RestoreThread(tstate);
}

void entry_ring(void) { /* a full pipe has been rung already */
  if (bell >= 0 && write(bell, "", 1) < 0)
    return;
}

void entry_set_bell(int fd) { bell = fd; }

bool entry_has_waiters(void) { return atomic_load(&waiting) > 0; }

/* Safe in a signal handler. */
bool entry_is_running(const Entry *e) { return atomic_load(&top_word) == (uintptr_t)e; }

/* Lets others push entries above the suspended one on top, until none waits or the time is over. */
void entry_make_room(double seconds) {
  const double until = monotonic() + seconds;
  PyThreadState *tstate = PyEval_SaveThread();
  while (entry_has_waiters() && monotonic() < until)
    usleep(500);
  PyEval_RestoreThread(tstate);
}

/* ---- returns go before new entries ---- */

/* An entry that is pushed above one whose thread waits to return makes it wait longer, without end
 * if there is always another. So threads that have no entry above it let the return go before them.
 * They stop when the stack stands still, since the thread on top may need them, or when they have
 * waited for long; once the return has waited a quarter longer, they try it again: often at first,
 * and seldom when what runs above it takes long. */

static int reach_of(uintptr_t thread) { /* with the GIL, so that no entry is popped */
  Entry *e = entry_of(atomic_load(&top_word));
  while (e && e->thread != thread)
    e = entry_of(e->below);
  return e ? e->height : 0;
}

/* Holds waiters_mutex, here and below. */
static bool is_preferred(Entry *e, double now) {
  if (now < e->prefer_from)
    return false;
  double since = changed_at > e->prefer_from ? changed_at : e->prefer_from;
  if (now - since < STANDSTILL_SECONDS && now - e->prefer_from < PREFERENCE_SECONDS)
    return true;
  e->prefer_from = now + 0.25 * (now - e->waits_since);
  return false;
}

static bool return_goes_first(Entry *e) {
  double now = monotonic();
  for (Entry *back = first_return; back; back = back->later)
    if (e->reach < back->height && is_preferred(back, now))
      return now - e->waits_since < PREFERENCE_SECONDS; /* of all returns together */
  return false;
}

static bool try_push_in_turn(Entry *e) { return !return_goes_first(e) && try_push(e); }

static bool push_at_once(Entry *e) {
  if (atomic_load(&returning) == 0)
    return try_push(e);
  e->reach = reach_of(e->thread);
  e->waits_since = monotonic();
  pthread_mutex_lock(&waiters_mutex);
  bool done = try_push_in_turn(e);
  pthread_mutex_unlock(&waiters_mutex);
  return done;
}

static void begin_return(Entry *e) {
  e->waits_since = monotonic();
  e->prefer_from = e->waits_since + RETURN_PATIENCE_SECONDS;
  e->later = NULL;
  pthread_mutex_lock(&waiters_mutex);
  e->earlier = last_return;
  *(last_return ? &last_return->later : &first_return) = e;
  last_return = e;
  pthread_mutex_unlock(&waiters_mutex);
  atomic_fetch_add(&returning, 1);
}

static void end_return(Entry *e) {
  pthread_mutex_lock(&waiters_mutex);
  *(e->earlier ? &e->earlier->later : &first_return) = e->later;
  *(e->later ? &e->later->earlier : &last_return) = e->earlier;
  pthread_mutex_unlock(&waiters_mutex);
  atomic_fetch_sub(&returning, 1);
}

static void begin_waiting(void) {
  if (atomic_fetch_add(&waiting, 1) == 0)
    atomic_store(&starving_since, monotonic());
  entry_ring();
}

static void end_waiting(void) {
  atomic_fetch_sub(&waiting, 1);
  atomic_store(&starving_since, monotonic());
  atomic_fetch_add(&turns, 1);
  pthread_mutex_lock(&waiters_mutex);
  pthread_cond_broadcast(&stack_changed);
  pthread_mutex_unlock(&waiters_mutex);
}

/* Reports who is using R. No entry is popped while this thread holds the GIL, so it may read a
 * suspended top; of a running one it reports only the thread. */
static void report(double seconds, bool was_interrupted) {
  const uintptr_t holder = running(), word = atomic_load(&top_word);
  const Entry *e = holder == 0 && (word & SUSPENDED) ? entry_of(word) : NULL;
  const char *label = e && !e->label ? "R" : e ? e->label : NULL;
  const unsigned long thread = e ? e->thread : holder;
  PyObject *result = PyObject_CallFunction(py.report_wait, "zkdO", label, thread, seconds,
                                           was_interrupted ? Py_True : Py_False);
  if (!result)
    PyErr_WriteUnraisable(py.report_wait);
  Py_XDECREF(result);
}

/* A thread that is in R when Python shuts down never gets the GIL again or pops its entry. Before
 * that, when functions of atexit run, only daemon threads are left, which may stay in R for ever. */
static bool python_ends(double waited) {
  bool too_long = is_exiting && entry_on_main_thread() && waited > EXIT_PATIENCE_SECONDS;
  if (!py_is_finalizing() && !too_long)
    return false;
  PyErr_SetString(PyExc_RuntimeError, "Python is shutting down while another thread is using R");
  return true;
}

/* ---- signals during a wait to return ---- */

/* R's frames of the main thread can only end when those above have, so a signal can't end this
 * wait. Its exception is kept until the thread is back. Meanwhile R code of other threads, all of
 * which is above, is interrupted where it polls (interrupt.c) or comes back from Python. Their Python
 * code is left alone, as by each Ctrl-C, until there is another signal. */

static void interrupt_python_above(void) {
  uintptr_t word = atomic_load(&top_word);
  if (word & SUSPENDED)
    PyThreadState_SetAsyncExc(entry_of(word)->thread, PyExc_KeyboardInterrupt);
}

static void keep_signal(Entry *e) {
  PyObject *exception = py_take_exception();
  if (e->signal)
    interrupt_python_above();
  else
    atomic_fetch_add(&interrupted, 1);
  Py_XSETREF(e->signal, exception);
}

static void hear_signals(Entry *e) {
  if (PyErr_CheckSignals() < 0)
    keep_signal(e);
}

/* R's own handler gets those that come when the host is back, so one before must not be left. */
static void hear_late_signal(Entry *e) {
  PyObject *pending = py_take_exception();
  hear_signals(e);
  py_set_exception(pending);
}

bool entry_is_in_the_way(void) {
  return atomic_load_explicit(&interrupted, memory_order_relaxed) > 0 && me() != main_thread;
}

/* R code that has only a short rest to run ends by itself. */
PyObject *entry_makes_way(void) {
  static int asked; /* since the last interrupt; changed by the thread that uses R */
  if (asked++ < 2)
    return NULL;
  asked = 0;
  PyObject *pending = py_take_exception(); /* no exception is made while another one is set */
  PyObject *text = PyUnicode_FromString("the main thread was interrupted, and goes back to R only "
                                        "when this thread has left it");
  PyObject *exception = text ? PyObject_CallOneArg(PyExc_KeyboardInterrupt, text) : NULL;
  Py_XDECREF(text);
  py_set_exception(pending);
  return exception;
}

/* The exception with which Python code returns, if any, is the context of the signal's. */
static PyObject *instead_of(PyObject *result, PyObject *exception) {
  PyObject *before = py_take_exception();
  Py_XDECREF(result);
  if (before)
    PyException_SetContext(exception, before);
  py_set_exception(exception);
  return NULL;
}

static bool is_overdue(Entry *e, double start, double *signal_at) {
  double now = monotonic();
  if (e->signal && *signal_at == 0)
    *signal_at = now;
  return now - start > REPORT_AFTER_SECONDS ||
         (e->signal && now - *signal_at > REPORT_AFTER_SIGNAL_SECONDS);
}

/* Waits without the GIL; with `may_raise` a signal handler's exception ends the wait. */
static int wait_until(Entry *e, bool (*try)(Entry *), bool may_raise) {
  double start = monotonic(), signal_at = 0;
  bool done = false, reported = false;
  int status = 0;
  begin_waiting();
  PyThreadState *tstate = PyEval_SaveThread();
  while (!done) {
    sleep_for_change(e, try, &done);
    if (done)
      break;
    bool overdue = !reported && is_overdue(e, start, &signal_at);
    if (overdue || entry_on_main_thread() || (may_raise && py_is_finalizing())) {
      PyEval_RestoreThread(tstate);
      PyObject *pending = py_take_exception(); /* the one with which Python code returns to R */
      if (overdue)
        report(monotonic() - start, e->signal);
      reported |= overdue;
      if (!may_raise)
        hear_signals(e);
      py_set_exception(pending);
      if (may_raise &&
          (is_poisoned || PyErr_CheckSignals() < 0 || python_ends(monotonic() - start)))
        status = -1;
      tstate = PyEval_SaveThread();
      if (status < 0)
        break;
    }
  }
  end_waiting();
  PyEval_RestoreThread(tstate);
  return status;
}

/* ---- entries ---- */

/* Python empties its modules one after the other, those that were imported last among the first. */
static bool package_is_gone(void) {
  if (!py_is_finalizing() || !py.last_module)
    return false;
  PyObject *name = PyDict_GetItemString(py.last_module, "Function"); /* borrowed */
  return !name || name == Py_None;
}

static int refuse(void) {
  if (package_is_gone())
    PyErr_SetString(PyExc_RuntimeError, "R can't be used any more, since Python has shut down: end "
                                        "what needs R before, as by atexit.register()");
  else if (is_poisoned)
    PyErr_SetString(PyExc_RuntimeError,
                    "R was at work in another thread when this process was forked, so R can't be "
                    "used here: start the process with `spawn` or fork while R is idle");
  else
    PyErr_Format(PyExc_RuntimeError,
                 "this thread's stack has %zu kB, R needs 512 kB at least: call "
                 "threading.stack_size(2 * 1024 * 1024) before the thread is started",
                 c_stack_size() / 1024);
  return -1;
}

/* With others' entries between, R's handlers and restarts of that place must be known. */
static Entry *home_of(const Entry *e) {
  Entry *below = e->below & SUSPENDED ? entry_of(e->below) : NULL, *own = below;
  while (own && own->thread != e->thread)
    own = entry_of(own->below);
  return own && !own->foreign && (own == below || own->stacks) ? own : NULL;
}

bool entry_is_free(void) {
  uintptr_t word = atomic_load(&top_word);
  return word == 0 || (word & SUSPENDED) || running() == me();
}

bool entry_is_refused(void) { return is_poisoned || !c_stack_is_large_enough(); }

int entry_push(Entry *e, const char *label) {
  e->thread = me();
  e->tstate = NULL;
  e->label = label;
  e->interrupt = NULL;
  e->signal = NULL;
  e->caught = NULL;
  e->jumps = NULL;
  e->stacks = NULL;
  e->place = 0;
  e->foreign = false;
  e->is_host = false;
  e->calls_r = false;
  if (entry_is_refused() || package_is_gone())
    return refuse();
  if (should_give_way())
    give_way();
  if (!push_at_once(e)) {
    e->reach = reach_of(e->thread);
    e->waits_since = monotonic();
    if (wait_until(e, try_push_in_turn, true) < 0)
      return -1;
  }
  Entry *below = entry_of(e->below);
  e->stack_start = c_stack_start();
  e->stack_size = c_stack_size();
  e->home = home_of(e);
  e->isolated = below && !e->home;
  pointer_begin(e, below);
  c_stack_tell_r();
  preserve_drain();
  return 0;
}

/* Raises the interrupt's exception in Python, since R code ended before R signalled it. */
static int raise_later(void *exception) {
  py_set_exception(exception);
  return -1;
}

void entry_forget_caught(Entry *e) {
  if (e->caught)
    preserve_remove(e->caught);
  e->caught = NULL;
}

void entry_pop(Entry *e) {
  bool own_below = e->below != 0 && !(e->below & SUSPENDED);
  PyObject *unseen = e->interrupt && R_interrupts_pending ? e->interrupt : NULL;
  if (unseen)
    R_interrupts_pending = 0;
  else
    Py_CLEAR(e->interrupt);
  entry_forget_caught(e);
  jump_forget(e);
  if (e->home)
    jump_forget_lost(e->home);
  pointer_end(e);
  pointer_collect();
  set_top(e->below, own_below ? e->thread : 0);
  pointer_drain();
  if (unseen && Py_AddPendingCall(raise_later, unseen) < 0)
    Py_DECREF(unseen);
}

Entry *entry_below(Entry *e) { return entry_of(e->below); }

Entry *entry_mine(void) { return running() == me() ? entry_of(atomic_load(&top_word)) : NULL; }

static bool keeps_gil; /* set once, with the GIL, by the main thread, which alone reads it true */

/* Another user of Python in this process relies on it that R's thread has the GIL. */
void entry_keep_gil(void) { keeps_gil = true; }

bool entry_has_kept_gil(const Entry *e) {
  return keeps_gil && !e->tstate && entry_on_main_thread();
}

void entry_release_gil(Entry *e) {
  if (!(keeps_gil && entry_on_main_thread()))
    e->tstate = PyEval_SaveThread();
}

void entry_take_gil(Entry *e) {
  if (e->tstate) {
    PyThreadState *tstate = e->tstate;
    e->tstate = NULL;
    PyEval_RestoreThread(tstate);
  }
}

void entry_suspend(Entry *e) {
  jump_forget_waiting(e); /* left by an earlier visit: Python code handled their exceptions */
  set_top((uintptr_t)e | SUSPENDED, 0);
}

PyObject *entry_resume(Entry *e, PyObject *result) {
  if (!try_resume(e)) {
    begin_return(e);
    if (entry_on_main_thread() && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
      keep_signal(e); /* it came in the Python code that returns */
    wait_until(e, try_resume, false);
    end_return(e);
  }
  if (e->stacks)
    preserve_remove(e->stacks);
  e->stacks = NULL;
  e->place = 0;
  c_stack_tell_r();
  if (e->is_host)
    hear_late_signal(e);
  PyObject *exception = e->signal;
  if (exception) {
    e->signal = NULL;
    atomic_fetch_sub(&interrupted, 1);
  } else if (entry_is_in_the_way()) {
    exception = entry_makes_way();
  }
  return exception ? instead_of(result, exception) : result;
}

/* ---- forks ---- */

void entry_before_fork(void) { pthread_mutex_lock(&waiters_mutex); }

void entry_in_parent(void) { pthread_mutex_unlock(&waiters_mutex); }

void entry_in_child(void) {
  pthread_mutex_init(&waiters_mutex, NULL);
  pthread_cond_init(&stack_changed, NULL);
  atomic_store(&waiting, 0);
  atomic_store(&returning, 0);
  atomic_store(&interrupted, 0);
  first_return = last_return = NULL; /* the entries of threads that are not in the child */
  main_thread = me();
  is_poisoned |= running() != 0 && running() != me();
  for (Entry *e = entry_of(atomic_load(&top_word)); e && !is_poisoned; e = entry_of(e->below))
    is_poisoned = e->thread != me();
}

bool entry_on_main_thread(void) { return me() == main_thread; }

void entry_exit(void) { is_exiting = true; }

void entry_init(uintptr_t main) { main_thread = main; }
