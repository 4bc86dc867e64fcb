/* Python's C API where its versions differ or where it is not public, and exceptions as single
 * objects. The other files name nothing of it that is private.
 *
 * Owns: nothing. Threads: with the GIL. Jumps: never. */
#ifndef PYCLASS_BRIDGE_PY_API_H
#define PYCLASS_BRIDGE_PY_API_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <string.h>

/* The exception that is set, which then is set no more: a new reference, NULL if there is none. */
static inline PyObject *py_take_exception(void) {
#if PY_VERSION_HEX >= 0x030C0000
  return PyErr_GetRaisedException();
#else
  PyObject *type, *exception, *traceback;
  PyErr_Fetch(&type, &exception, &traceback);
  if (!type)
    return NULL;
  PyErr_NormalizeException(&type, &exception, &traceback);
  if (traceback)
    PyException_SetTraceback(exception, traceback);
  Py_DECREF(type);
  Py_XDECREF(traceback);
  return exception;
#endif
}

/* Sets an exception and takes the reference; NULL sets none. */
static inline void py_set_exception(PyObject *exception) {
#if PY_VERSION_HEX >= 0x030C0000
  PyErr_SetRaisedException(exception);
#else
  PyObject *type = exception ? Py_NewRef(Py_TYPE(exception)) : NULL;
  PyErr_Restore(type, exception, exception ? PyException_GetTraceback(exception) : NULL);
#endif
}

/* Does the interpreter end? */
static inline bool py_is_finalizing(void) {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing();
#else
  return _Py_IsFinalizing();
#endif
}

/* Is `o`, an object that lives, what the weak reference refers to? A dead one refers to None. */
static inline bool py_refers_to(PyObject *weak, PyObject *o) {
#if PY_VERSION_HEX >= 0x030D0000
  PyObject *target = NULL;
  PyWeakref_GetRef(weak, &target);
  Py_XDECREF(target);
  return (target ? target : Py_None) == o;
#else
  return PyWeakref_GET_OBJECT(weak) == o;
#endif
}

/* What the type or one of its bases has under the name, descriptors as they are: a borrowed
 * reference, NULL without an exception if there is none. */
static inline PyObject *py_type_lookup(PyTypeObject *type, PyObject *name) {
  return _PyType_Lookup(type, name);
}

/* Is it a method of an object, of Python or of C, that was made when it was asked for? */
static inline bool py_is_bound(PyObject *o) {
  if (PyMethod_Check(o) || strcmp(Py_TYPE(o)->tp_name, "method-wrapper") == 0)
    return true; /* the second type has no other public name on every version */
  return PyCFunction_Check(o) && PyCFunction_GET_SELF(o) &&
         !PyModule_Check(PyCFunction_GET_SELF(o));
}

/* A number that is another one after each change of the type or its bases; 0: none is known. */
static inline unsigned py_type_version(PyTypeObject *type) { return type->tp_version_tag; }

#endif
