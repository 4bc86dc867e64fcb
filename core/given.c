/* What Python and R give the core at start: the functions and types by which the core calls the
 * layers above it. module.c fills both structs, once.
 *
 * Owns: one reference to each object of `py`; R's values are held by the dict that Python gave.
 * Threads: with the GIL. Jumps: never. */

#include "core.h"

GivenByPython py;
GivenByR r;

PyObject *call_python(PyObject *f, PyObject *a, PyObject *b) {
  return PyObject_CallFunctionObjArgs(f, a, b, NULL);
}
