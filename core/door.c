/* Doors: how R code gets to Python and back.
 *
 * Owns: nothing; a door lives on the C stack of its opener. Threads: any that R code runs on;
 * door_open() takes the GIL, door_close() gives it up. Jumps: never; door_raise() (condition.c)
 * closes a door by an R jump. */

#include "core.h"

/* R runs without the GIL in an entry of ours and in a call of rpy2 that releases it. It runs with
 * the GIL while values are converted, when one of its finalizers may open a door. */
void door_open(Door *d) {
  Entry *e = d->entry = entry_mine();
  /* Where R hosts, another user of Python, such as reticulate, may have kept the GIL. */
  if (e && e->tstate && !(e->is_host && PyGILState_Check())) {
    d->how = DOOR_RESTORED;
    entry_take_gil(e);
  } else if (PyGILState_Check()) {
    d->how = DOOR_HELD;
  } else {
    d->how = DOOR_ENSURED;
    d->gil = PyGILState_Ensure();
  }
}

/* An entry may last long, so the references that both collectors have queued are released here,
 * too. */
void door_leave(Door *d) {
  if (!d->entry)
    return;
  preserve_drain();
  pointer_collect();
  entry_suspend(d->entry);
  pointer_drain();
}

static void (*before_host)(void);

void door_before_host(void (*f)(void)) { before_host = f; }

PyObject *door_back(Door *d, PyObject *result) {
  if (d->entry && d->entry->is_host && before_host)
    before_host();
  return d->entry ? entry_resume(d->entry, result) : result;
}

void door_close(Door *d) {
  if (d->how == DOOR_RESTORED)
    entry_release_gil(d->entry);
  else if (d->how == DOOR_ENSURED)
    PyGILState_Release(d->gil);
}
