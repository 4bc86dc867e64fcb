/* Who may use R: the stack of entries, the doors to Python, the stack limits of threads.
 *
 * Owns: the stack. Entries live on their threads' C stacks (foreign ones on the heap, freed at
 * their exit); the stack points to them only between push and pop. Threads: any. Never jumps.
 *
 * Lock table
 *   top_word         the top entry's address, bit 0 set while it is suspended; changed by
 *                    compare-and-swap only, so that the usual push, pop, suspend and resume take
 *                    no lock
 *   running_thread   the thread that uses R now, 0 if none; written only by the owner of the top,
 *                    so a thread that reads itself here has written it
 *   waiters_mutex    held round a waiter's test and sleep; never while waiting for the GIL
 *   stack_changed    broadcast under waiters_mutex after a change, if anyone waits
 *   hungry_since     since when no waiter has got on; turns: how often one did; written without a
 *                    lock, since they only say who goes first
 *   the GIL          may be waited for by the owner of the top; the reverse is not allowed
 *   told, entry_poisoned   written only by the owner of the top
 *   this_fork        each thread's own */

#include "core.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define SUSPENDED ((uintptr_t)1)
#define LEAST_STACK ((size_t)512 * 1024)
#define STACK_RESERVE ((size_t)128 * 1024)
#define IN_AN_OVERFLOW 0.95 /* R allows itself the rest while it handles a full stack */
#define LARGEST_STACK ((size_t)1 << 30)
#define REPORT_AFTER_SECONDS 10.0
#define PATIENCE_SECONDS 0.005 /* as long as Python leaves the GIL to one thread */

static _Atomic uintptr_t top_word;
static _Atomic uintptr_t running_thread;
static _Atomic int waiting;
static _Atomic double hungry_since;
static _Atomic unsigned turns;
static pthread_mutex_t waiters_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stack_changed = PTHREAD_COND_INITIALIZER;
static struct {
  uintptr_t thread, start;
  size_t size;
} told; /* which stack R knows */
static uintptr_t main_thread;
bool entry_poisoned;

static __thread struct {
  bool known;
  uintptr_t start;
  size_t size;
} my_stack;

static uintptr_t me(void) { return (uintptr_t)pthread_self(); }

/* Relaxed, since only a thread's own writes matter to it. */
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

/* ---- C stacks ---- */

static void learn_stack(void) {
  pthread_attr_t attr;
  void *low = NULL;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
  }
  my_stack.start = (uintptr_t)low + size;
  my_stack.size = size > LARGEST_STACK ? LARGEST_STACK : size;
  my_stack.known = true;
}

static bool stack_is_large_enough(void) {
  if (!my_stack.known)
    learn_stack();
  return my_stack.size >= LEAST_STACK;
}

static void tell_r_this_stack(void) {
  if (told.thread == me() && told.start == my_stack.start && told.size == my_stack.size)
    return; /* a new thread may have an old one's name, but another stack */
  R_CStackStart = my_stack.start;
  R_CStackLimit = (uintptr_t)(IN_AN_OVERFLOW * (double)(my_stack.size - STACK_RESERVE));
  told.thread = me();
  told.start = my_stack.start;
  told.size = my_stack.size;
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

/* A thread that calls R over and over is faster than any that must wake up first: it lets one of
 * those go on when they have waited for long, unless its own entry is on top. */
static bool should_give_way(void) {
  if (atomic_load(&waiting) == 0 || monotonic() - atomic_load(&hungry_since) < PATIENCE_SECONDS)
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

static void begin_waiting(void) {
  if (atomic_fetch_add(&waiting, 1) == 0)
    atomic_store(&hungry_since, monotonic());
}

static void end_waiting(void) {
  atomic_fetch_sub(&waiting, 1);
  atomic_store(&hungry_since, monotonic());
  atomic_fetch_add(&turns, 1);
  pthread_mutex_lock(&waiters_mutex);
  pthread_cond_broadcast(&stack_changed);
  pthread_mutex_unlock(&waiters_mutex);
}

/* Labels and threads from the top down. The holder may change meanwhile, but no entry goes away
 * while the GIL is held and it is suspended; a running top is named by its thread alone. */
static void report(double seconds) {
  PyObject *threads = PyList_New(0), *labels = PyList_New(0), *n;
  uintptr_t holder = running(), word = atomic_load(&top_word);
  if (holder != 0 && (n = PyLong_FromUnsignedLong(holder))) {
    PyList_Append(threads, n);
    Py_DECREF(n);
  } else if (word & SUSPENDED) {
    Entry *e = entry_of(word);
    if ((n = Py_BuildValue("k", (unsigned long)e->thread))) {
      PyList_Append(threads, n);
      Py_DECREF(n);
    }
    if ((n = PyUnicode_FromString(e->label ? e->label : "R"))) {
      PyList_Append(labels, n);
      Py_DECREF(n);
    }
  }
  PyObject *result = PyObject_CallFunction(py.report_wait, "OOd", threads, labels, seconds);
  if (!result)
    PyErr_WriteUnraisable(py.report_wait);
  Py_XDECREF(result);
  Py_XDECREF(threads);
  Py_XDECREF(labels);
}

/* At the end of the process a thread that is still in R never leaves it. */
static bool python_ends(void) {
  if (!py_is_finalizing())
    return false;
  PyErr_SetString(PyExc_RuntimeError, "Python ends while another thread is at work in R");
  return true;
}

/* Waits without the GIL; with `may_raise` a signal handler's exception ends the wait. */
static int wait_until(Entry *e, bool (*try)(Entry *), bool may_raise) {
  double start = monotonic();
  bool done = false, reported = false;
  int status = 0;
  begin_waiting();
  PyThreadState *tstate = PyEval_SaveThread();
  while (!done) {
    sleep_for_change(e, try, &done);
    if (done)
      break;
    bool overdue = !reported && monotonic() - start > REPORT_AFTER_SECONDS;
    if (overdue || (may_raise && (entry_on_main_thread() || py_is_finalizing()))) {
      PyEval_RestoreThread(tstate);
      PyObject *pending = py_take_exception(); /* what Python code is returning to R with */
      if (overdue)
        report(monotonic() - start);
      reported |= overdue;
      py_set_exception(pending);
      if (may_raise && (entry_poisoned || PyErr_CheckSignals() < 0 || python_ends()))
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

static int refuse(void) {
  if (entry_poisoned)
    PyErr_SetString(PyExc_RuntimeError,
                    "R was at work in another thread when this process was forked, so R can't be "
                    "used here: start the process with `spawn` or fork while R is idle");
  else
    PyErr_Format(PyExc_RuntimeError,
                 "this thread's stack has %zu kB, R needs 512 kB at least: call "
                 "threading.stack_size(2 * 1024 * 1024) before the thread is started",
                 my_stack.size / 1024);
  return -1;
}

bool entry_is_free(void) {
  uintptr_t word = atomic_load(&top_word);
  return word == 0 || (word & SUSPENDED) || running() == me();
}

int entry_push(Entry *e, const char *label) {
  e->thread = me();
  e->tstate = NULL;
  e->label = label;
  e->interrupt = NULL;
  e->caught = NULL;
  e->carrier = NULL;
  e->jump = NULL;
  e->jumping = false;
  e->foreign = false;
  if (entry_poisoned || !stack_is_large_enough())
    return refuse();
  if (should_give_way())
    give_way();
  if (!try_push(e) && wait_until(e, try_push, true) < 0)
    return -1;
  Entry *below = entry_of(e->below);
  e->chained = below && (e->below & SUSPENDED) && below->thread == e->thread && !below->foreign;
  e->isolated = below && !e->chained;
  proxy_begin(e, below);
  tell_r_this_stack();
  preserve_drain();
  return 0;
}

/* R ended before it looked: Python goes on with what the signal handler raised. */
static int raise_later(void *exception) {
  py_set_exception(exception);
  return -1;
}

void entry_pop(Entry *e) {
  bool own_below = e->below != 0 && !(e->below & SUSPENDED);
  PyObject *unseen = e->interrupt && R_interrupts_pending ? e->interrupt : NULL;
  if (unseen)
    R_interrupts_pending = 0;
  else
    Py_CLEAR(e->interrupt);
  if (e->caught || e->carrier)
    condition_forget(e);
  proxy_end(e);
  proxy_collect();
  set_top(e->below, own_below ? e->thread : 0);
  proxy_drain();
  if (unseen && Py_AddPendingCall(raise_later, unseen) < 0)
    Py_DECREF(unseen);
}

Entry *entry_mine(void) { return running() == me() ? entry_of(atomic_load(&top_word)) : NULL; }

void entry_release_gil(Entry *e) { e->tstate = PyEval_SaveThread(); }

void entry_take_gil(Entry *e) {
  if (e->tstate) {
    PyThreadState *tstate = e->tstate;
    e->tstate = NULL;
    PyEval_RestoreThread(tstate);
  }
}

void entry_suspend(Entry *e) {
  if (e->carrier && !e->jumping) /* of an earlier visit, which Python ended well */
    condition_forget(e);
  set_top((uintptr_t)e | SUSPENDED, 0);
}

void entry_resume(Entry *e) {
  if (!try_resume(e))
    wait_until(e, try_resume, false);
  tell_r_this_stack();
}

/* ---- doors ---- */

/* R runs without the GIL under an entry of ours, under rpy2's own GIL-less call, or with the GIL
 * while values are converted (a finalizer of R's may then come here). */
void door_open(Door *d) {
  Entry *e = d->entry = entry_mine();
  if (e && e->tstate) {
    d->how = DOOR_RESTORED;
    entry_take_gil(e);
  } else if (PyGILState_Check()) {
    d->how = DOOR_HELD;
  } else {
    d->how = DOOR_ENSURED;
    d->gil = PyGILState_Ensure();
  }
}

/* R code may go on for long: what it has dropped is given up at its visits, too. */
void door_leave(Door *d) {
  if (!d->entry)
    return;
  preserve_drain();
  proxy_collect();
  entry_suspend(d->entry);
  proxy_drain();
}

void door_back(Door *d) {
  if (d->entry)
    entry_resume(d->entry);
}

void door_close(Door *d) {
  if (d->how == DOOR_RESTORED)
    entry_release_gil(d->entry);
  else if (d->how == DOOR_ENSURED)
    PyGILState_Release(d->gil);
}

/* ---- fork ---- */

/* R's own code forks (parallel::mclapply), without the GIL: this thread takes it, and tells Python as
 * os.fork() does, so that the child has a Python that works. The handlers of os.register_at_fork()
 * run then, inside R's C code; so the entry is not suspended for them. They may fork, too: what is
 * known of this fork is written after them, and read before. Each thread has its own, since the C
 * library may run the handlers of two forks at once. */
typedef struct {
  bool by_r;
  Door door;
} Fork;

static __thread Fork this_fork;

static void before_fork(void) {
  Fork f = {.by_r = entry_mine() && !PyGILState_Check()};
  if (f.by_r) {
    door_open(&f.door);
    PyOS_BeforeFork();
  }
  this_fork = f;
  pthread_mutex_lock(&waiters_mutex);
}

static void after_fork(void (*tell_python)(void)) {
  Fork f = this_fork;
  if (f.by_r) {
    tell_python();
    door_close(&f.door);
  }
}

static void after_fork_in_parent(void) {
  pthread_mutex_unlock(&waiters_mutex);
  after_fork(PyOS_AfterFork_Parent);
}

static void after_fork_in_child(void) {
  pthread_mutex_init(&waiters_mutex, NULL);
  pthread_cond_init(&stack_changed, NULL);
  atomic_store(&waiting, 0);
  main_thread = me();
  uintptr_t word = atomic_load(&top_word);
  if (running() != 0 && running() != me())
    entry_poisoned = true;
  for (Entry *e = entry_of(word); e && !entry_poisoned; e = entry_of(e->below))
    entry_poisoned = e->thread != me();
  after_fork(PyOS_AfterFork_Child);
}

bool entry_on_main_thread(void) { return me() == main_thread; }

int entry_init(uintptr_t main) {
  main_thread = main;
  return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
