/* R values in Python: the rows of R_TO_PYTHON in values/table.py. Python makes arrays and functions
 * (values/convert.py, bridge/function.py). Same result as the table: tests/values/test_table.py.
 *
 * Owns: nothing; `to_python` writes into a slot that the caller frees, also after a jump. Threads:
 * inside an unsuspended entry, with the GIL. Jumps: to_python. */

#include "core.h"
#include <string.h>

#define DEEPEST 500 /* levels of lists in lists; a deeper list crosses as a handle */

static int value_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot);

/* ---- text ---- */

static Py_ssize_t count_of(const char *s, char c) {
  Py_ssize_t n = 0;
  for (; (s = strchr(s, c)); s++)
    n++;
  return n;
}

/* UnicodeError for a string that R marks as bytes, or that has bytes invalid in its encoding, each
 * of which R translates to "<xx>". */
static PyObject *text_to_python(SEXP charsxp) {
  const char *own = CHAR(charsxp), *s;
  if (r_encoding(charsxp) == CE_BYTES) {
    PyErr_SetString(PyExc_UnicodeError, "an R string of bytes has no encoding");
    return NULL;
  }
  const void *mark = vmaxget();
  s = r_utf8(charsxp);
  PyObject *out = NULL;
  if (s != own && count_of(s, '<') != count_of(own, '<'))
    PyErr_SetString(PyExc_UnicodeError, "an R string is not valid in its encoding");
  else
    out = PyUnicode_DecodeUTF8(s, (Py_ssize_t)strlen(s), NULL);
  vmaxset(mark);
  return out;
}

/* ---- results ---- */

static int put(PyObject **slot, PyObject *o) {
  *slot = o;
  return o ? 0 : -1;
}

static int put_handle(SEXP x, PyObject **slot) {
  Py_CLEAR(*slot);
  return put(slot, handle_new(x));
}

/* After a failure: text that str can't hold crosses as a handle; other exceptions stay set. */
static int put_handle_if_no_text(SEXP x, PyObject **slot) {
  if (!PyErr_ExceptionMatches(PyExc_UnicodeError))
    return -1;
  PyErr_Clear();
  return put_handle(x, slot);
}

/* Python code makes the object; it may use R, since the entry is suspended. */
static int put_made(PyObject *maker, PyObject *a, PyObject *b, PyObject **slot) {
  Entry *e = entry_mine();
  entry_suspend(e);
  PyObject *out = call_python(maker, a, b);
  entry_resume(e);
  return put(slot, out);
}

/* ---- vectors and arrays ---- */

static bool has_na(SEXP x) {
  R_xlen_t n = r_length(x);
  if (TYPEOF(x) == INTSXP) {
    for (R_xlen_t i = 0; i < n; i++)
      if (INTEGER_ELT(x, i) == NA_INTEGER)
        return true;
  } else if (TYPEOF(x) == LGLSXP) {
    for (R_xlen_t i = 0; i < n; i++)
      if (LOGICAL_ELT(x, i) == NA_LOGICAL)
        return true;
  } else if (TYPEOF(x) == STRSXP) {
    for (R_xlen_t i = 0; i < n; i++)
      if (STRING_ELT(x, i) == NA_STRING)
        return true;
  }
  return false;
}

static PyObject *element(SEXP x, R_xlen_t i) {
  Rcomplex c;
  switch (TYPEOF(x)) {
  case LGLSXP:
    return PyBool_FromLong(LOGICAL_ELT(x, i));
  case INTSXP:
    return PyLong_FromLong(INTEGER_ELT(x, i));
  case REALSXP:
    return PyFloat_FromDouble(REAL_ELT(x, i));
  case STRSXP:
    return text_to_python(STRING_ELT(x, i));
  default:
    c = COMPLEX_ELT(x, i);
    return PyComplex_FromDoubles(c.r, c.i);
  }
}

static int elements_to_python(SEXP x, PyObject **slot) {
  R_xlen_t n = r_length(x);
  PyObject *list = *slot = PyList_New(n);
  for (R_xlen_t i = 0; list && i < n; i++) {
    PyObject *o = element(x, i);
    if (!o)
      return -1;
    PyList_SET_ITEM(list, i, o);
  }
  return list ? 0 : -1;
}

static int atomic_to_python(SEXP x, PyObject **slot) {
  R_xlen_t n = r_length(x);
  if (TYPEOF(x) == RAWSXP)
    return put(slot, PyByteArray_FromStringAndSize((const char *)RAW_RO(x), n));
  if (n == 0 || has_na(x))
    return put_handle(x, slot);
  int status = n == 1 ? put(slot, element(x, 0)) : elements_to_python(x, slot);
  return status < 0 ? put_handle_if_no_text(x, slot) : 0;
}

static PyObject *shape_of(SEXP x) {
  SEXP dim = r_get_attr(x, R_DimSymbol);
  PyObject *shape = PyTuple_New(r_length(dim));
  for (R_xlen_t i = 0; shape && i < r_length(dim); i++)
    PyTuple_SET_ITEM(shape, i, PyLong_FromLong(INTEGER_ELT(dim, i)));
  return shape;
}

/* The NumPy array with the same elements [i, j]. An array of raw bytes would come back as integers,
 * so a handle is stored. */
static int array_to_python(SEXP x, Crossing crossing, PyObject **slot) {
  if (has_na(x) || (TYPEOF(x) == RAWSXP && crossing == FOR_STORING))
    return put_handle(x, slot);
  int status = TYPEOF(x) == STRSXP ? elements_to_python(x, slot) : put_handle(x, slot);
  if (status < 0)
    return put_handle_if_no_text(x, slot);
  PyObject *data = *slot, *shape = shape_of(x);
  *slot = NULL;
  status = shape ? put_made(py.convert_array, data, shape, slot) : -1;
  Py_XDECREF(shape);
  Py_DECREF(data);
  return status;
}

/* ---- lists ---- */

/* Would the Python list of these elements come back as an atomic vector? */
static bool looks_atomic(SEXP list) {
  R_xlen_t n = r_length(list);
  if (n == 0)
    return false;
  int type = TYPEOF(VECTOR_ELT(list, 0));
  if (type != LGLSXP && type != INTSXP && type != REALSXP && type != STRSXP && type != CPLXSXP)
    return false;
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP x = VECTOR_ELT(list, i);
    if (TYPEOF(x) != type || r_length(x) != 1 || r_has_attributes(x) || has_na(x))
      return false;
  }
  return true;
}

/* Converts the elements into a list with room for `more`; their slots are the list's own items. */
static int values_to_python(SEXP x, Crossing crossing, int depth, R_xlen_t more, PyObject **slot) {
  R_xlen_t n = r_length(x);
  PyObject *list = *slot = PyList_New(n + more);
  if (!list)
    return -1;
  for (R_xlen_t i = 0; i < n; i++) {
    PyObject **place = PySequence_Fast_ITEMS(list) + i;
    if (value_to_python(VECTOR_ELT(x, i), crossing, depth + 1, place) < 0)
      return -1;
  }
  return 0;
}

static int list_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  if (crossing == FOR_STORING && looks_atomic(x))
    return put_handle(x, slot);
  return values_to_python(x, crossing, depth, 0, slot);
}

static bool has_all_names(SEXP names) {
  for (R_xlen_t i = 0; i < r_length(names); i++)
    if (STRING_ELT(names, i) == NA_STRING || LENGTH(STRING_ELT(names, i)) == 0)
      return false;
  return true;
}

/* Fills the dict; -1: exception. */
static int set_items(PyObject *dict, SEXP names, PyObject *values) {
  for (R_xlen_t i = 0; i < r_length(names); i++) {
    PyObject *key = text_to_python(STRING_ELT(names, i));
    int status = key ? PyDict_SetItem(dict, key, PyList_GET_ITEM(values, i)) : -1;
    Py_XDECREF(key);
    if (status < 0)
      return -1;
  }
  return 0;
}

/* A handle, unless every name is valid text, not empty and unique. */
static int dict_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  R_xlen_t n = r_length(x);
  SEXP names = PROTECT(r_get_attr(x, R_NamesSymbol));
  if (!has_all_names(names)) {
    UNPROTECT(1);
    return put_handle(x, slot);
  }
  int status = values_to_python(x, crossing, depth, 1, slot);
  PyObject *dict = status == 0 ? PyDict_New() : NULL;
  if (dict) {
    PyList_SET_ITEM(*slot, n, dict); /* in the slot, so that the caller frees it after a jump */
    status = set_items(dict, names, *slot);
  }
  UNPROTECT(1);
  if (!dict)
    return -1;
  if (status < 0)
    return put_handle_if_no_text(x, slot);
  if (PyDict_GET_SIZE(dict) != n)
    return put_handle(x, slot);
  Py_INCREF(dict);
  Py_SETREF(*slot, dict);
  return 0;
}

/* ---- by R's type ---- */

static int vector_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  bool is_list = TYPEOF(x) == VECSXP;
  int known = r_attributes(x);
  if (known == 0)
    return is_list ? list_to_python(x, crossing, depth, slot) : atomic_to_python(x, slot);
  if (is_list)
    return known == HAS_NAMES ? dict_to_python(x, crossing, depth, slot) : put_handle(x, slot);
  if (known == HAS_DIM || ((known & HAS_DIM) && crossing == FOR_CALL))
    return array_to_python(x, crossing, slot);
  return put_handle(x, slot);
}

static int function_to_python(SEXP x, PyObject **slot) {
  PyObject *handle = handle_new(x);
  if (!handle)
    return -1;
  int status = put_made(py.make_function, handle, NULL, slot);
  Py_DECREF(handle);
  return status;
}

/* In a call, a user's own r_to_py() method decides. A function with a class is still a function. */
static int classed_to_python(SEXP x, Crossing crossing, PyObject **slot) {
  if (proxy_is(x)) {
    PyObject *o = proxy_object(x);
    PyObject *other = o ? mark_stands_for(o) : NULL;
    return put(slot, Py_XNewRef(other ? other : o));
  }
  if (crossing == FOR_CALL) {
    SEXP call = PROTECT(r_lcons(r.classed_value, PROTECT(r_cons(x, R_NilValue))));
    Entry *e = entry_mine();
    entry_release_gil(e);
    SEXP value = PROTECT(r_eval(call, r.ns));
    entry_take_gil(e);
    PyObject *o = proxy_is(value) ? proxy_object(value) : NULL;
    UNPROTECT(3);
    if (o || PyErr_Occurred())
      return put(slot, Py_XNewRef(o));
  }
  return TYPEOF(x) == CLOSXP ? function_to_python(x, slot) : put_handle(x, slot);
}

static int value_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  FAULT_POINT();
  if (x == R_NilValue)
    return put(slot, Py_NewRef(Py_None));
  if (r_is_object(x))
    return classed_to_python(x, crossing, slot);
  switch (TYPEOF(x)) {
  case LGLSXP:
  case INTSXP:
  case REALSXP:
  case STRSXP:
  case CPLXSXP:
  case RAWSXP:
    return vector_to_python(x, crossing, depth, slot);
  case VECSXP:
    return depth < DEEPEST ? vector_to_python(x, crossing, depth, slot) : put_handle(x, slot);
  case CLOSXP:
  case BUILTINSXP:
  case SPECIALSXP:
    return function_to_python(x, slot);
  default:
    return put_handle(x, slot);
  }
}

int to_python(SEXP x, Crossing crossing, PyObject **slot) {
  return value_to_python(x, crossing, 0, slot);
}
