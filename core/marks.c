/* Marks: attributes by which Python tells the core what a function or a class is. The core knows no
 * function, method or argument of a library by its name.
 *
 * Of a function
 *   __r_index__        the name of its index, which R counts from 1 (classes/builder.py)
 *   __r_stands_for__   Python gets this other function; made for one call (classes/hooks.py)
 * Of a function's globals, which functools.wraps() does not copy
 *   __r_closure__      (closure, n, defaults, keyword defaults): R gets this closure for a function
 *                      that has n attributes and these defaults; with others, Python code has made
 *                      it a function of its own (bridge/function.py)
 *   __r_call           the core's Function that it calls with its arguments (bridge/signature.py)
 * Of a class
 *   __r_class__        the class is made from an R class (classes/builder.py)
 *   __r_indexed__      the names of methods whose index R counts from 1, written in R or inherited
 *                      from a Python class (classes/builder.py)
 *   __r_stores__       the names of methods whose arguments cross as stored values do
 *                      (classes/builder.py)
 *   _r_call            the function by which R calls an instance (surface/calls.py)
 *
 * Owns: the names, for the life of the process. Threads: with the GIL. Jumps: never. It runs
 * no Python code: it only looks strings up. */

#include "core.h"

static struct {
  PyObject *index, *stands_for, *closure, *function, *class, *indexed, *stores, *call;
  PyObject *init, *call_slot; /* Python's own names */
} name;

int marks_init(void) {
  const struct {
    PyObject **place;
    const char *text;
  } names[] = {{&name.index, "__r_index__"},     {&name.stands_for, "__r_stands_for__"},
               {&name.closure, "__r_closure__"}, {&name.function, "__r_call"},
               {&name.class, "__r_class__"},     {&name.indexed, "__r_indexed__"},
               {&name.stores, "__r_stores__"},   {&name.call, "_r_call"},
               {&name.init, "__init__"},         {&name.call_slot, "__call__"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!(*names[i].place = PyUnicode_InternFromString(names[i].text)))
      return -1;
  return 0;
}

static PyObject *item(PyObject *dict, PyObject *key) {
  return dict ? PyDict_GetItemWithError(dict, key) : NULL;
}

static PyObject *of_function(PyObject *o, PyObject *key) {
  return PyFunction_Check(o) ? item(((PyFunctionObject *)o)->func_dict, key) : NULL;
}

/* Does this mark of the instance's class contain the method's name? */
static bool names_method(PyObject *o, PyObject *key) {
  PyObject *f = PyMethod_Check(o) ? PyMethod_GET_FUNCTION(o) : NULL;
  PyObject *names = f ? py_type_lookup(Py_TYPE(PyMethod_GET_SELF(o)), key) : NULL;
  return names && PyFrozenSet_CheckExact(names) && PyFunction_Check(f) &&
         PySet_Contains(names, ((PyFunctionObject *)f)->func_name) > 0;
}

bool mark_counts_from_one(PyObject *o) {
  return of_function(PyMethod_Check(o) ? PyMethod_GET_FUNCTION(o) : o, name.index) ||
         names_method(o, name.indexed);
}

bool mark_stores(PyObject *o) { return names_method(o, name.stores); }

PyObject *mark_stands_for(PyObject *o) { return of_function(o, name.stands_for); }

static PyObject *or_none(PyObject *o) { return o ? o : Py_None; }

PyObject *mark_closure(PyObject *o) {
  if (!PyFunction_Check(o))
    return NULL;
  PyFunctionObject *f = (PyFunctionObject *)o;
  PyObject *mark = item(f->func_globals, name.closure);
  if (!mark || !PyTuple_CheckExact(mark) || PyTuple_GET_SIZE(mark) != 4)
    return NULL;
  Py_ssize_t attributes = f->func_dict ? PyDict_GET_SIZE(f->func_dict) : 0;
  bool same = attributes <= PyLong_AsSsize_t(PyTuple_GET_ITEM(mark, 1)) &&
              or_none(f->func_defaults) == PyTuple_GET_ITEM(mark, 2) &&
              or_none(f->func_kwdefaults) == PyTuple_GET_ITEM(mark, 3);
  return same ? PyTuple_GET_ITEM(mark, 0) : NULL;
}

/* Of a class its own or inherited `__init__` decides, of another object its class's `__call__`. */
bool mark_is_r_code(PyObject *o) {
  if (PyMethod_Check(o))
    o = PyMethod_GET_FUNCTION(o);
  else if (PyType_Check(o))
    o = py_type_lookup((PyTypeObject *)o, name.init);
  else if (!PyFunction_Check(o))
    o = py_type_lookup(Py_TYPE(o), name.call_slot);
  return o && PyFunction_Check(o) && item(((PyFunctionObject *)o)->func_globals, name.function);
}

bool mark_is_r_class(PyTypeObject *type) { return py_type_lookup(type, name.class); }

PyObject *mark_call(PyTypeObject *type) { return py_type_lookup(type, name.call); }
