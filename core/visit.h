/* A visit: one call of a primitive by R, with the Python references that it holds. */
#ifndef PYCLASS_BRIDGE_VISIT_H
#define PYCLASS_BRIDGE_VISIT_H

#include "core.h"

#define ON_STACK 8

typedef struct {
  Door door;
  PyObject *result;
  bool convert, must_proxy, by_default, failed;
  SEXP x; /* the value to convert to Python, or the pairlist of arguments */
  Crossing crossing;
  PyObject **args; /* converted arguments; args[-1] is scratch for vectorcall */
  Py_ssize_t n, n_named;
  PyObject *names;
  PyObject *storage[ON_STACK + 1];
} Visit;

void visit_open(Visit *v);                          /* opens the door */
int visit_make_room(Visit *v);                      /* for v->n arguments; -1: Python exception */
SEXP visit_guarded(Visit *v, SEXP (*body)(void *)); /* (jumps) runs a body that may jump */
SEXP visit_failure(Visit *v); /* marks v as failed; a body returns it when it sets an exception */
SEXP visit_end_with_result(Visit *v); /* (jumps) closes the door; v->result as an R value */
void visit_end(Visit *v);             /* closes the door and drops the references */
NO_RETURN void visit_fail(Visit *v);  /* (jumps) ends the visit with the exception that is set */

/* Bodies for visit_guarded(). */
SEXP visit_value_to_python(void *v); /* v->x into v->result */
SEXP visit_result_to_r(void *v);

#endif
