/* The jumps of R that an entry keeps.
 *
 * A jump waits while its carrier, a Python exception, unwinds Python's frames to the entry's door,
 * and it goes when the door has continued it. Code that runs on either way, in a `finally` block or
 * in on.exit(), may raise and handle other errors, so there may be several of both. Those that wait
 * stand before those that go, and of each kind the newest stands first.
 *
 * Owns: the jumps, each with its carrier, its token (R_PreserveObject) and its text. An entry's are
 * freed by its pop at the latest. Threads: inside the entry, with the GIL, but for
 * `jump_replace_going`. Jumps: never. */

#include "core.h"

/* Each exception that Python code keeps may come to the door later. This many can. */
#define MOST_JUMPS 16

static void drop(Jump **place) {
  Jump *jump = *place;
  *place = jump->older;
  if (jump->token)
    r_release_object(jump->token);
  free(jump->error_text);
  Py_DECREF(jump->carrier);
  free(jump);
}

/* Is Python handling this exception, or was it when it got another one to handle? */
static bool is_handled(PyObject *exception) {
  PyObject *now = py_handled_exception();
  for (int n = 0; now && now != exception && n < 1000; n++)
    Py_SETREF(now, PyException_GetContext(now));
  bool found = now == exception;
  Py_XDECREF(now);
  return found;
}

static bool may_come(Jump *jump) {
  return Py_REFCNT(jump->carrier) > 1 || is_handled(jump->carrier);
}

void jump_add(Entry *e, PyObject *carrier, SEXP token, char *error_text) {
  int n = 0;
  Jump **place = &e->jumps;
  while (*place)
    if (++n >= MOST_JUMPS || (!(*place)->going && !may_come(*place)))
      drop(place);
    else
      place = &(*place)->older;
  Jump *jump = malloc(sizeof *jump);
  if (!jump) {
    if (token)
      r_release_object(token);
    free(error_text);
    return;
  }
  *jump = (Jump){Py_NewRef(carrier), token, error_text, false, false, e->jumps};
  e->jumps = jump;
}

void jump_replace_going(Entry *e) {
  for (Jump *jump = e->jumps; jump; jump = jump->older)
    jump->is_over |= jump->going;
}

void jump_forget_waiting(Entry *e) {
  while (e->jumps && !e->jumps->going)
    drop(&e->jumps);
}

void jump_forget_lost(Entry *e) {
  Jump **place = &e->jumps;
  while (*place)
    if (!(*place)->going && !may_come(*place))
      drop(place);
    else
      place = &(*place)->older;
}

void jump_forget(Entry *e) {
  while (e->jumps)
    drop(&e->jumps);
}

static bool have_same_target(Jump *a, Jump *b) {
  return a->token && b->token ? r_is_same_jump(a->token, b->token) : a->token == b->token;
}

void jump_go(Entry *e, Jump *jump) {
  Jump **place = &e->jumps;
  while (*place) {
    Jump *other = *place;
    if (other == jump)
      *place = other->older;
    else if (!other->going || have_same_target(other, jump))
      drop(place); /* the visit ends; a jump to the same place takes the place of the other */
    else
      place = &other->older;
  }
  jump->going = true;
  jump->older = e->jumps;
  e->jumps = jump;
}
