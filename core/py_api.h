/* The parts of Python's C API that differ between versions or are private, and exceptions as single
 * objects. The other files use no private name of that API.
 *
 * Owns: nothing. Threads: with the GIL. Jumps: never. */
#ifndef PYCLASS_BRIDGE_PY_API_H
#define PYCLASS_BRIDGE_PY_API_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <string.h>

/* Fetches and clears the exception: a new reference, or NULL if none is set. */
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

/* Sets the exception and steals the reference; NULL clears it. */
static inline void py_set_exception(PyObject *exception) {
#if PY_VERSION_HEX >= 0x030C0000
  PyErr_SetRaisedException(exception);
#else
  PyObject *type = exception ? Py_NewRef(Py_TYPE(exception)) : NULL;
  PyErr_Restore(type, exception, exception ? PyException_GetTraceback(exception) : NULL);
#endif
}

/* Forgets the exception of Python code that only helps, but not a Ctrl-C: that comes again. */
static inline void py_forget_exception(void) {
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
    PyErr_SetInterrupt();
  PyErr_Clear();
}

/* The exception that Python code is handling: a new reference, or NULL. */
static inline PyObject *py_handled_exception(void) {
  PyObject *type, *exception, *traceback;
  PyErr_GetExcInfo(&type, &exception, &traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  if (exception == Py_None)
    Py_CLEAR(exception);
  return exception;
}

/* Is the exception that is set one of a full stack or memory, after which Python code fails again? */
static inline bool py_has_no_room(void) {
  return PyErr_ExceptionMatches(PyExc_RecursionError) || PyErr_ExceptionMatches(PyExc_MemoryError);
}

/* Is the interpreter finalizing? */
static inline bool py_is_finalizing(void) {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing();
#else
  return _Py_IsFinalizing();
#endif
}

/* Does the weak reference refer to the live object `o`? A dead reference refers to None. */
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

/* Looks the name up in the type and its bases and calls no descriptor: a borrowed reference, or
 * NULL without an exception. */
static inline PyObject *py_type_lookup(PyTypeObject *type, PyObject *name) {
  return _PyType_Lookup(type, name);
}

/* Is it a bound method, in Python or C? Each access to the attribute makes a new one. */
static inline bool py_is_bound(PyObject *o) {
  if (PyMethod_Check(o) || strcmp(Py_TYPE(o)->tp_name, "method-wrapper") == 0)
    return true; /* on some versions this type has no public name in C */
  return PyCFunction_Check(o) && PyCFunction_GET_SELF(o) &&
         !PyModule_Check(PyCFunction_GET_SELF(o));
}

/* The version tag, which changes with the type and with its bases; 0: it has none. */
static inline unsigned py_type_version(PyTypeObject *type) { return type->tp_version_tag; }

#endif
