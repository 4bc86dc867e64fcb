/* Ctrl-C while R runs: R's polls run Python's signal handlers; a Sys.sleep() that sets no handler.
 *
 * Python's handlers stay in place; R calls R_PolledEvents about every thousand evaluations. On the
 * main thread, ten times a second at the most, the poll takes the GIL and calls
 * PyErr_CheckSignals(). The entry is not suspended meanwhile: R code of another thread must not run
 * in the middle of R's own C code, nor get the interrupt. The exception of a handler is stored in
 * the entry, and R_interrupts_pending is set. R code of another thread that keeps the interrupted main
 * thread from returning is interrupted, too.
 * Owns: nothing. Threads: inside an entry without the GIL. Jumps: core_sleep; the poll never (R
 * jumps after it). */

#include "core.h"
#include <time.h>

#define SLEEP_STEP_NS (50 * 1000 * 1000LL)
#define LOOK_EVERY_NS (100 * 1000 * 1000LL)

static void (*polled_before)(void);
static long long last_look;

static long long nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void look(Entry *e) {
  Door d;
  door_open(&d);
  if (PyErr_CheckSignals() < 0) {
    Py_XSETREF(e->interrupt, py_take_exception());
    R_interrupts_pending = 1;
  }
  door_close(&d);
}

static void make_way(Entry *e) {
  if (e->interrupt)
    return;
  Door d;
  door_open(&d);
  e->interrupt = entry_makes_way();
  if (e->interrupt)
    R_interrupts_pending = 1;
  door_close(&d);
}

static void poll_events(void) {
  polled_before();
  Entry *e = entry_mine();
  if (!e || e->is_host || !(e->tstate || entry_has_kept_gil(e)))
    return;
  if (entry_is_in_the_way()) {
    make_way(e);
    return;
  }
  if (!entry_on_main_thread())
    return;
  long long now = nanoseconds();
  if (now - last_look < LOOK_EVERY_NS)
    return;
  last_look = now;
  look(e);
}

/* The session's Sys.sleep(). R's own sets a SIGINT handler that jumps back to it from any thread to
 * which the system delivers the signal. */
SEXP core_sleep(SEXP time) {
  double left = r_as_dbl(time);
  if (ISNAN(left) || left < 0)
    r_error("invalid '%s' value", "time");
  const long long until = nanoseconds() + (long long)(1e9 * (left < 1e9 ? left : 1e9));
  for (;;) {
    r_check_interrupt();
    r_run_input_handlers();
    long long rest = until - nanoseconds();
    if (rest <= 0)
      return R_NilValue;
    struct timespec t = {0, rest < SLEEP_STEP_NS ? rest : SLEEP_STEP_NS};
    nanosleep(&t, NULL);
  }
}

/* Where R hosts, its own handler gets the signals that come while no Python code is under way. */
void interrupt_init(void) {
  polled_before = R_PolledEvents;
  R_PolledEvents = poll_events;
}
