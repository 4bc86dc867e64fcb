/* Origins: the Python objects that the R values of a call's arguments were made from. A value that
 * R has not changed crosses back as the same object.
 *
 * The arguments of a call hold their R values, so R copies such a value before it changes it: as
 * long as the call runs, a value at the same address is the same value. Packages that break R's
 * rule, as data.table's setDT() does, change the class; then the value is not that object any more.
 *
 * Owns: a reference to each object, from its recording until origins_drop(). Threads: the thread of
 * the call, inside its entry, with the GIL; origins_drop() also outside. Jumps: never. It runs no
 * Python code, except the destructors of the objects in origins_drop(). */

#include "core.h"
#include <string.h>

static __thread Origins *innermost; /* of the running calls on this thread */
static __thread Origins *recording; /* NULL: what to_r() makes now is no part of an argument */

void origins_begin(Origins *s) {
  s->outer = innermost;
  s->slots = s->own;
  s->used = 0;
  s->room = 0;
  s->outer_recording = recording;
  innermost = s;
  recording = NULL;
}

/* From now on the values may be freed. */
void origins_end(Origins *s) {
  if (innermost != s)
    return;
  innermost = s->outer;
  recording = s->outer_recording;
}

void origins_drop(Origins *s) {
  for (size_t i = 0; i < s->room && s->used > 0; i++)
    if (s->slots[i].object) {
      s->used--;
      Py_CLEAR(s->slots[i].object);
    }
  if (s->slots != s->own)
    PyMem_Free(s->slots);
  s->slots = s->own;
}

Origins *origins_record(Origins *s) {
  Origins *before = recording;
  recording = s;
  return before;
}

/* ---- the table: open addressing, never more than half full ---- */

static Origin *place_of(Origins *s, SEXP x) {
  size_t at = ((uintptr_t)x >> 4) * 0x9E3779B97F4A7C15u >> 20;
  while (s->slots[at &= s->room - 1].object && s->slots[at].value != x)
    at++;
  return &s->slots[at];
}

/* Without memory for a larger table, later values have no origin. */
static bool make_room(Origins *s) {
  if (2 * s->used < s->room)
    return true;
  if (s->room == 0) {
    memset(s->own, 0, sizeof s->own);
    s->room = sizeof s->own / sizeof *s->own;
    return true;
  }
  Origins larger = {.room = 4 * s->room};
  if (!(larger.slots = PyMem_Calloc(larger.room, sizeof *larger.slots)))
    return false;
  for (size_t i = 0; i < s->room; i++)
    if (s->slots[i].object)
      *place_of(&larger, s->slots[i].value) = s->slots[i];
  if (s->slots != s->own)
    PyMem_Free(s->slots);
  s->slots = larger.slots;
  s->room = larger.room;
  return true;
}

/* R has one NULL, one TRUE, one symbol of a name: their addresses say nothing. to_r() makes a TRUE
 * of its own, unless `o` is a handle; NA is always a handle. A proxy knows its object. */
static bool has_address(SEXP x, PyObject *o) {
  switch (TYPEOF(x)) {
  case LGLSXP:
    return !PyObject_TypeCheck(o, &HandleType) || r_length(x) != 1 || r_has_attributes(x) ||
           LOGICAL_ELT(x, 0) == NA_LOGICAL;
  case CLOSXP:
    return !proxy_is(x);
  case NILSXP:
  case SYMSXP:
  case EXTPTRSXP:
    return false;
  default:
    return true;
  }
}

void origin_add(SEXP x, PyObject *o) {
  Origins *s = recording;
  if (!s || !has_address(x, o) || !make_room(s))
    return;
  Origin *place = place_of(s, x);
  PyObject *before = place->object;
  place->value = x;
  place->is_object = r_is_object(x);
  place->object = Py_NewRef(o);
  if (before)
    Py_DECREF(before);
  else
    s->used++;
}

PyObject *origin_of(SEXP x) {
  Origins *s = innermost;
  if (!s || s->used == 0)
    return NULL;
  Origin *place = place_of(s, x);
  return place->object && place->is_object == r_is_object(x) ? place->object : NULL;
}
