/* Visits: how a primitive that R has called uses Python, and how it ends: with a result or an
 * exception.
 *
 * Owns: the Python references of a visit, dropped at its end, also if that is an R jump. Threads:
 * inside an entry; each visit takes the GIL itself. Jumps: those that say so, after they have given
 * up the GIL and the references. */

#include "visit.h"
#include <stddef.h>

void visit_open(Visit *v) {
  memset(v, 0, offsetof(Visit, storage));
  v->args = v->storage + 1;
  v->convert = true;
  door_open(&v->door);
}

int visit_make_room(Visit *v) {
  if (v->n <= ON_STACK) {
    memset(v->args, 0, (size_t)v->n * sizeof *v->args);
    return 0;
  }
  PyObject **larger = PyMem_Calloc((size_t)v->n + 1, sizeof(PyObject *));
  if (!larger) {
    v->n = 0;
    PyErr_NoMemory();
    return -1;
  }
  v->args = larger + 1;
  return 0;
}

static void drop_references(Visit *v) {
  Py_CLEAR(v->result);
  for (Py_ssize_t i = 0; i < v->n; i++)
    Py_CLEAR(v->args[i]);
  v->n = 0;
  Py_CLEAR(v->names);
  if (v->args != v->storage + 1)
    PyMem_Free(v->args - 1);
  v->args = v->storage + 1;
}

void visit_end(Visit *v) {
  drop_references(v);
  door_close(&v->door);
}

static void drop_on_jump(void *arg, Rboolean jump) {
  if (!jump)
    return;
  Visit *v = arg;
  /* Destructors may run R code. */
  char *error_text = r_keep_error_text();
  if (v->door.entry) /* a user's r_to_py() method runs without the GIL */
    entry_take_gil(v->door.entry);
  PyErr_Clear();
  drop_references(v);
  r_put_error_text(error_text);
  free(error_text);
  door_close(&v->door);
}

NO_RETURN void visit_fail(Visit *v) {
  drop_references(v);
  door_raise(&v->door);
}

SEXP visit_failure(Visit *v) {
  v->failed = true;
  return R_NilValue;
}

/* A Python exception of the body ends the visit. The token is emptied: otherwise it would hold the
 * result, and the instance that this belongs to, until the next visit. */
SEXP visit_guarded(Visit *v, SEXP (*body)(void *)) {
  SEXP token = guard_token();
  SEXP x = r_unwind_protect(body, v, drop_on_jump, v, token);
  if (token)
    r_empty_token(token);
  if (v->failed)
    visit_fail(v);
  return x;
}

/* ---- results ---- */

/* The callable that R gets for o: one that shifts the index if R counts it from 1, else o. */
static PyObject *counted_from_one(PyObject *o) {
  if (!mark_counts_from_one(o))
    return o;
  PyObject *out = call_python(py.from_hook, o, NULL);
  Py_DECREF(o);
  return out;
}

SEXP visit_value_to_python(void *arg) {
  Visit *v = arg;
  return to_python(v->x, v->crossing, &v->result) < 0 ? visit_failure(v) : R_NilValue;
}

SEXP visit_result_to_r(void *arg) {
  Visit *v = arg;
  SEXP x = v->must_proxy   ? proxy_new(v->result, v->convert)
           : v->by_default ? to_r_by_default(v->result)
                           : to_r(v->result, v->convert);
  return x ? x : visit_failure(v);
}

/* A float and None need no guard. Same result as visit_result_to_r(). */
SEXP visit_end_with_result(Visit *v) {
  PyObject *o = v->result;
  if (o && v->convert && PyFloat_CheckExact(o)) {
    double x = PyFloat_AS_DOUBLE(o);
    visit_end(v);
    return r_dbl(x);
  }
  if (o == Py_None) {
    visit_end(v);
    return R_NilValue;
  }
  if (o)
    o = v->result = counted_from_one(o);
  if (!o)
    visit_fail(v);
  SEXP x = PROTECT(visit_guarded(v, visit_result_to_r));
  visit_end(v);
  UNPROTECT(1);
  return x;
}
