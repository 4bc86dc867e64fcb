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

#define FEW 16 /* so many are searched one by one */

static THREAD_LOCAL Origins *innermost; /* of the running calls on this thread */
static THREAD_LOCAL Origins *recording; /* NULL: what to_r() makes now is no part of an argument */

void origins_begin(Origins *s) {
  s->outer = innermost;
  s->outer_recording = recording;
  s->list = s->own;
  s->n = 0;
  s->room = sizeof s->own / sizeof *s->own;
  s->index = NULL;
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
  while (s->n > 0)
    Py_DECREF(s->list[--s->n].object);
  if (s->list != s->own)
    PyMem_Free(s->list);
  PyMem_Free(s->index);
}

Origins *origins_record(Origins *s) {
  Origins *before = recording;
  recording = s;
  return before;
}

/* ---- recording ---- */

/* Without memory for a longer list, later values have no origin. */
static bool make_room(Origins *s) {
  size_t room = 4 * s->room;
  bool own = s->list == s->own;
  Origin *longer = PyMem_Realloc(own ? NULL : s->list, room * sizeof *longer);
  if (!longer)
    return false;
  if (own)
    memcpy(longer, s->own, sizeof s->own);
  s->list = longer;
  s->room = room;
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
  if (s && has_address(x, o) && (s->n < s->room || make_room(s)))
    s->list[s->n++] = (Origin){x, Py_NewRef(o), r_is_object(x)};
}

/* ---- finding ---- */

/* The place of x, or of the first free slot, in the index: it has the numbers of the list's origins
 * from 1, by their addresses, and is never more than half full. */
static uint32_t *place_of(Origins *s, SEXP x) {
  size_t at = ((uintptr_t)x >> 4) * 0x9E3779B97F4A7C15u >> 20;
  while (s->index[at &= s->buckets - 1] && s->list[s->index[at] - 1].value != x)
    at++;
  return &s->index[at];
}

/* R runs when all arguments have been recorded. */
static bool make_index(Origins *s) {
  for (s->buckets = FEW; s->buckets < 2 * s->n; s->buckets *= 2)
    ;
  if (s->n > UINT32_MAX || !(s->index = PyMem_Calloc(s->buckets, sizeof *s->index)))
    return false;
  for (size_t i = 0; i < s->n; i++)
    *place_of(s, s->list[i].value) = (uint32_t)(i + 1);
  return true;
}

/* The last one with the value, which is the outermost object that gave it. */
static Origin *find(Origins *s, SEXP x) {
  if (s->n > FEW && (s->index || make_index(s))) {
    uint32_t i = *place_of(s, x);
    return i ? &s->list[i - 1] : NULL;
  }
  for (size_t i = s->n; i > 0; i--)
    if (s->list[i - 1].value == x)
      return &s->list[i - 1];
  return NULL;
}

PyObject *origin_of(SEXP x) {
  Origin *found = innermost && innermost->n > 0 ? find(innermost, x) : NULL;
  return found && found->is_object == r_is_object(x) ? found->object : NULL;
}
