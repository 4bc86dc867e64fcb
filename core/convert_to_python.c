/* R values in Python: the rows of R_TO_PYTHON in values/table.py. Python makes arrays and functions
 * (values/convert.py, bridge/function.py). Same result as the table: tests/values/test_table.py.
 *
 * Owns: nothing; `to_python` writes into a slot that the caller frees, also after a jump. Threads:
 * inside an unsuspended entry, with the GIL. Jumps: to_python, to_python_with_none. */

#include "core.h"
#include <string.h>

#define DEEPEST 500   /* levels of lists in lists; a deeper list crosses as a handle */
#define NA_BLOCK 1024 /* so many numbers are compared before one is looked for */

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
  return put(slot, entry_resume(e, call_python(maker, a, b)));
}

/* ---- vectors and arrays ---- */

/* Is it an NA that Python's type has no sign for? */
static bool is_na(SEXP x, R_xlen_t i) {
  switch (TYPEOF(x)) {
  case INTSXP:
    return INTEGER_ELT(x, i) == NA_INTEGER;
  case LGLSXP:
    return LOGICAL_ELT(x, i) == NA_LOGICAL;
  default:
    return TYPEOF(x) == STRSXP && STRING_ELT(x, i) == NA_STRING;
  }
}

/* A compiler makes fast code of a loop whose length it knows. */
static bool has_na_in_block(const int *numbers) {
  int found = 0;
  for (int i = 0; i < NA_BLOCK; i++)
    found |= numbers[i] == NA_INTEGER;
  return found;
}

/* R's logicals have the same sign of NA as its integers. */
static bool has_na_in(const int *numbers, R_xlen_t n) {
  R_xlen_t i = 0;
  for (; i + NA_BLOCK <= n; i += NA_BLOCK)
    if (has_na_in_block(numbers + i))
      return true;
  for (; i < n; i++)
    if (numbers[i] == NA_INTEGER)
      return true;
  return false;
}

static bool has_na(SEXP x) {
  bool has_sign = TYPEOF(x) == INTSXP || TYPEOF(x) == LGLSXP;
  const int *numbers = has_sign ? r_ready_data(x) : NULL;
  if (numbers)
    return has_na_in(numbers, r_length(x));
  R_xlen_t n = has_sign || TYPEOF(x) == STRSXP ? r_length(x) : 0;
  for (R_xlen_t i = 0; i < n; i++)
    if (is_na(x, i))
      return true;
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

static PyObject *element_or_none(SEXP x, R_xlen_t i) {
  bool missing = is_na(x, i);
  if (TYPEOF(x) == REALSXP)
    missing = r_is_na(REAL_ELT(x, i));
  else if (TYPEOF(x) == CPLXSXP)
    missing = r_is_na(COMPLEX_ELT(x, i).r) || r_is_na(COMPLEX_ELT(x, i).i);
  return missing ? Py_NewRef(Py_None) : element(x, i);
}

static int fill_list(SEXP x, PyObject *(*convert)(SEXP, R_xlen_t), PyObject **slot) {
  R_xlen_t n = r_length(x);
  PyObject *list = *slot = PyList_New(n);
  for (R_xlen_t i = 0; list && i < n; i++) {
    PyObject *o = convert(x, i);
    if (!o)
      return -1;
    PyList_SET_ITEM(list, i, o);
  }
  return list ? 0 : -1;
}

static int elements_to_python(SEXP x, PyObject **slot) { return fill_list(x, element, slot); }

int to_python_with_none(SEXP x, PyObject **slot) { return fill_list(x, element_or_none, slot); }

static int atomic_to_python(SEXP x, Crossing crossing, PyObject **slot) {
  R_xlen_t n = r_length(x);
  if (TYPEOF(x) == RAWSXP)
    return put(slot, PyByteArray_FromStringAndSize((const char *)RAW_RO(x), n));
  if ((n == 0 && crossing != FOR_CALL) || has_na(x))
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

/* Python's values have no attributes but names and dims, so a call loses the others. */
static int vector_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  int known = r_attributes(x), kept = known & (crossing == FOR_CALL ? HAS_NAMES | HAS_DIM : ~0);
  if (TYPEOF(x) == VECSXP && depth < DEEPEST && kept == 0)
    return list_to_python(x, crossing, depth, slot);
  if (TYPEOF(x) == VECSXP)
    return depth < DEEPEST && kept == HAS_NAMES ? dict_to_python(x, crossing, depth, slot)
                                                : put_handle(x, slot);
  if (known == HAS_DIM || ((known & HAS_DIM) && crossing != FOR_STORING))
    return array_to_python(x, crossing, slot);
  return known == 0 || crossing == FOR_CALL ? atomic_to_python(x, crossing, slot)
                                            : put_handle(x, slot);
}

static int function_to_python(SEXP x, PyObject **slot) {
  PyObject *handle = handle_new(x);
  if (!handle)
    return -1;
  int status = put_made(py.make_function, handle, NULL, slot);
  Py_DECREF(handle);
  return status;
}

/* The rule's Python code returns the handle of a value that has no Python counterpart. */
static int rule_to_python(SEXP x, SEXP rule, PyObject **slot) {
  PyObject *handle = NULL, *name = NULL;
  PROTECT(rule);
  handle = handle_new(x);
  name = handle ? PyUnicode_FromString(CHAR(rule)) : NULL;
  int status = name ? put_made(py.convert_classed, handle, name, slot) : -1;
  Py_XDECREF(name);
  Py_XDECREF(handle);
  UNPROTECT(1);
  return status;
}

static bool is_vector(SEXP x) {
  switch (TYPEOF(x)) {
  case LGLSXP:
  case INTSXP:
  case REALSXP:
  case STRSXP:
  case CPLXSXP:
  case RAWSXP:
  case VECSXP:
    return true;
  default:
    return false;
  }
}

static bool holds_handle(PyObject *o) {
  PyObject *key, *item;
  Py_ssize_t at = 0;
  bool found = PyObject_TypeCheck(o, &HandleType);
  if (PyList_CheckExact(o))
    for (; !found && at < PyList_GET_SIZE(o); at++)
      found = holds_handle(PyList_GET_ITEM(o, at));
  else if (PyDict_CheckExact(o))
    while (!found && PyDict_Next(o, &at, &key, &item))
      found = holds_handle(item);
  return found;
}

/* A value without its class. A list of which a part has no Python value stays whole: a fitted model
 * is of use to R alone. */
static int base_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  int status = vector_to_python(x, crossing, depth, slot);
  return status == 0 && TYPEOF(x) == VECSXP && holds_handle(*slot) ? put_handle(x, slot) : status;
}

/* R's classed_value() says what becomes of a value with a class. A user's own r_to_py() method has
 * made a Python object, or it names a rule of values/request.py; otherwise the class is dropped. A
 * function with a class is still a function. */
static int classed_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  if (proxy_is(x)) {
    PyObject *o = proxy_object(x);
    PyObject *other = o ? mark_stands_for(o) : NULL;
    return put(slot, Py_XNewRef(other ? other : o));
  }
  SEXP value = R_NilValue;
  if (crossing != FOR_STORING) {
    SEXP call = PROTECT(r_lcons(r.classed_value, PROTECT(r_cons(x, R_NilValue))));
    Entry *e = entry_mine();
    entry_release_gil(e);
    value = r_eval(call, r.ns);
    entry_take_gil(e);
    UNPROTECT(2);
  }
  if (proxy_is(value))
    return put(slot, Py_XNewRef(proxy_object(value)));
  if (TYPEOF(value) == STRSXP && crossing == FOR_CALL)
    return rule_to_python(x, STRING_ELT(value, 0), slot);
  if (is_vector(x) && crossing == FOR_CALL)
    return base_to_python(x, crossing, depth, slot);
  return TYPEOF(x) == CLOSXP ? function_to_python(x, slot) : put_handle(x, slot);
}

static int value_to_python(SEXP x, Crossing crossing, int depth, PyObject **slot) {
  FAULT_POINT();
  PyObject *origin = origin_of(x);
  if (x == R_NilValue || origin)
    return put(slot, Py_NewRef(origin ? origin : Py_None));
  if (r_is_object(x))
    return classed_to_python(x, crossing, depth, slot);
  if (is_vector(x))
    return vector_to_python(x, crossing, depth, slot);
  switch (TYPEOF(x)) {
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
