/* R as the host: R has started Python, and its own top level is an entry for the life of the process.
 *
 * The console, the end of the process and Ctrl-C while no Python code is under way are R's. Threads run
 * R code while R waits for input or sleeps: a wait rings a bell, which is one of R's inputs.
 * Owns: the entry of the top level, the pipe. Threads: `host_watch` and the signal handler on any; all
 * else on R's main thread. Jumps: only `clean_up`, by the R error of refuse_thread_quit(). */

#include "core.h"
#include <R_ext/RStartup.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM_SECONDS 0.2 /* how long R's prompt waits for threads to begin */

static Entry host;

/* The R package says so before it starts Python (R/start_host.R, start/hosted.py). */
bool host_is_r(void) {
  char mark[64];
  const char *said = getenv("R_SESSION_INITIALIZED");
  snprintf(mark, sizeof mark, "PID=%ld:NAME=\"pyclassbridge\"", (long)getpid());
  return said && strcmp(said, mark) == 0;
}

/* ---- the console ---- */

typedef struct {
  const char *text;
  int is_error;
} Text;

static void write_body(void *arg) {
  const Text *t = arg;
  if (!*t->text)
    r_flush_console();
  else
    (t->is_error ? r_print_error : r_print)(t->text);
}

PyObject *host_write(PyObject *self, PyObject *args) {
  Text t;
  if (!PyArg_ParseTuple(args, "sp", &t.text, &t.is_error) || in_r("print", write_body, &t) < 0)
    return NULL;
  Py_RETURN_NONE;
}

/* ---- Ctrl-C ---- */

static struct sigaction rs_own, ours;
static pthread_t rs_thread;

/* While Python code is under way, Python gets the signal, and R code that it calls polls for it. What
 * sleeps on R's thread wakes up only if that one has the signal. R's handler sets itself again. */
static void handle_interrupt(int number, siginfo_t *info, void *context) {
  if (!entry_on_main_thread()) {
    pthread_kill(rs_thread, number);
  } else if (!entry_is_running(&host)) {
    PyErr_SetInterrupt();
  } else if (rs_own.sa_flags & SA_SIGINFO) {
    rs_own.sa_sigaction(number, info, context);
    sigaction(SIGINT, &ours, NULL);
  } else if (rs_own.sa_handler != SIG_DFL) {
    rs_own.sa_handler(number);
    sigaction(SIGINT, &ours, NULL);
  }
}

static void wake_up(void) {
  struct sigaction now;
  if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_sigaction == handle_interrupt)
    pthread_kill(rs_thread, SIGINT);
}

/* Python must know a handler of its own for the signal; whatever it sets is replaced again. */
static int set_handler(void) {
  rs_thread = pthread_self();
  sigaction(SIGINT, NULL, &rs_own);
  if (!(rs_own.sa_flags & SA_SIGINFO) && rs_own.sa_handler == SIG_IGN)
    return 0;
  PyObject *module = PyImport_ImportModule("signal");
  PyObject *handler = module ? PyObject_GetAttrString(module, "default_int_handler") : NULL;
  PyObject *before = handler ? PyObject_CallMethod(module, "signal", "iO", SIGINT, handler) : NULL;
  Py_XDECREF(module);
  Py_XDECREF(handler);
  Py_XDECREF(before);
  ours.sa_sigaction = handle_interrupt;
  ours.sa_flags = rs_own.sa_flags | SA_SIGINFO;
  sigaction(SIGINT, &ours, NULL);
  return before ? 0 : -1;
}

/* ---- R's events and threads ---- */

static bool main_is_wanted; /* with the GIL */
static PyObject *for_main;  /* a function of Python for the main thread to call when it comes by */

PyObject *host_call_on_main(PyObject *self, PyObject *function) {
  Py_XSETREF(for_main, Py_NewRef(function));
  Py_RETURN_NONE;
}

PyObject *host_want_main(PyObject *self, PyObject *unused) {
  main_is_wanted = true;
  entry_ring();
  Py_RETURN_NONE;
}

/* The exception with which Python code returns to R is kept. */
static void come_by(void) {
  if (!main_is_wanted)
    return;
  main_is_wanted = false;
  PyObject *exception = py_take_exception(), *done = call_python(for_main, NULL, NULL);
  if (!done && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
    py_forget_exception();
  else if (!done)
    PyErr_WriteUnraisable(for_main);
  Py_XDECREF(done);
  py_set_exception(exception);
}

static void run_events(void *unused) {
  r_poll_events();
  r_run_input_handlers();
}

/* Called by Python on the main thread, in the middle of Python code: R's windows stay alive. Not in
 * Python code that the core calls without leaving R. */
static int attend(void *unused) {
  static bool is_attending;
  Entry e;
  if (is_attending || entry_mine() || !entry_is_free())
    return 0;
  is_attending = true;
  PyObject *exception = py_take_exception();
  if (entry_push(&e, "R's events") == 0) {
    r_toplevel(run_events, NULL);
    entry_pop(&e);
  }
  py_forget_exception();
  come_by();
  py_set_exception(exception);
  is_attending = false;
  return 0;
}

/* A program round R may only note an interrupt, and leave it to R code to see it. */
PyObject *host_watch(PyObject *self, PyObject *unused) {
  if (entry_is_running(&host)) {
    if (entry_has_waiters()) /* a forked child may have taken the ring of their wait */
      entry_ring();
    Py_RETURN_NONE;
  }
  if (R_interrupts_pending && entry_is_free()) {
    R_interrupts_pending = 0;
    PyErr_SetInterrupt();
    wake_up();
  }
  Py_AddPendingCall(attend, NULL);
  Py_RETURN_NONE;
}

/* R calls this at its prompt and in Sys.sleep(). */
static void make_room(void *fd) {
  char bytes[256];
  while (read((int)(intptr_t)fd, bytes, sizeof bytes) == sizeof bytes)
    ;
  if (entry_mine() != &host)
    return;
  Door d;
  door_open(&d);
  door_leave(&d);
  entry_make_room(ROOM_SECONDS);
  PyObject *done = door_back(&d, Py_NewRef(Py_None));
  if (!done) {
    PyErr_Clear();
    R_interrupts_pending = 1;
  }
  Py_XDECREF(done);
  door_close(&d);
  if (entry_has_waiters())
    entry_ring();
}

/* R code calls it for an older reticulate, which frees objects and raises exceptions without asking for
 * the GIL: R's thread has it from now on. */
SEXP core_keep_gil(void) {
  Door d;
  door_open(&d);
  entry_keep_gil();
  door_close(&d);
  return R_NilValue;
}

/* ---- the start and the end ---- */

static void (*clean_up_before)(int, int, int);

static void clean_up(int save, int status, int run_last) {
  if (save != SA_SUICIDE && r.ns && !entry_on_main_thread())
    r_eval(r_lcons(r_sym("refuse_thread_quit"), R_NilValue), r.ns);
  clean_up_before(save, status, run_last);
}

int host_init(void) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
  }
  r_add_input_handler(ends[0], make_room, (void *)(intptr_t)ends[0]);
  entry_set_bell(ends[1]);
  door_before_host(come_by);
  condition_where_r_hosts();
  clean_up_before = ptr_R_CleanUp;
  ptr_R_CleanUp = clean_up;
  return set_handler();
}

/* R code runs in the entry without the GIL. -1: Python exception. */
static int enter_host(void) {
  if (entry_push(&host, "R") < 0)
    return -1;
  host.is_host = true;
  entry_release_gil(&host);
  return 0;
}

/* The R package's own C code calls it, when all else is done. */
int host_offer(PyObject *module) {
  PyObject *enter = PyCapsule_New((void *)enter_host, "pyclass_bridge._core.enter_host", NULL);
  int status = enter ? PyModule_AddObjectRef(module, "enter_host", enter) : -1;
  Py_XDECREF(enter);
  return status;
}
