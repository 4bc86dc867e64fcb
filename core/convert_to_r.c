/* Python values in R: the fast rows of PYTHON_TO_R in values/table.py; values/convert.py has the
 * other rows. Same result as the table: tests/values/test_table.py runs both.
 *
 * Owns: nothing, except a reference to an element of a container while it converts the element; a
 * jump (R out of memory) leaks that. Threads: inside an unsuspended entry, with the GIL. Jumps:
 * to_r. */

#include "core.h"
#include <limits.h>
#include <string.h>

#define EXACT_IN_DOUBLE 9007199254740992LL
#define DEEPEST 500       /* levels of containers in containers */
#define WITHOUT_METHOD -1 /* the depth of an object whose own py_to_r() method is not asked */

static SEXP value_to_r(PyObject *o, bool convert, int depth);

typedef enum { KIND_LGL, KIND_INT, KIND_DBL, KIND_STR, KIND_CPLX, KIND_OTHER } Kind;

/* The kind of an int: R's integer, a double that is exactly the same, or neither. */
static Kind kind_of_long(PyObject *o, long long *value) {
  int overflow;
  *value = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (overflow || *value > EXACT_IN_DOUBLE || *value < -EXACT_IN_DOUBLE)
    return KIND_OTHER;
  return *value > INT_MAX || *value <= INT_MIN ? KIND_DBL : KIND_INT;
}

/* R strings hold neither NUL nor lone surrogates. */
static const char *r_text(PyObject *o, Py_ssize_t *n) {
  const char *s = PyUnicode_AsUTF8AndSize(o, n);
  if (!s)
    PyErr_Clear();
  else if (*n > INT_MAX || memchr(s, 0, (size_t)*n))
    s = NULL;
  return s;
}

/* Of a subclass of int, float or str: its values cross as those of its base, unless R has made it or
 * can call them. */
static bool is_of_subclass(PyObject *o) {
  return !PyBool_Check(o) && ((PyLong_Check(o) && !PyLong_CheckExact(o)) ||
                              (PyFloat_Check(o) && !PyFloat_CheckExact(o)) ||
                              (PyUnicode_Check(o) && !PyUnicode_CheckExact(o)));
}

static Kind kind_of(PyObject *o) {
  long long unused;
  Py_ssize_t n;
  if (PyBool_Check(o))
    return KIND_LGL;
  if (is_of_subclass(o) && (PyCallable_Check(o) || mark_is_r_class(Py_TYPE(o))))
    return KIND_OTHER;
  if (PyLong_Check(o))
    return kind_of_long(o, &unused);
  if (PyFloat_Check(o))
    return KIND_DBL;
  if (PyUnicode_Check(o))
    return r_text(o, &n) ? KIND_STR : KIND_OTHER;
  return PyComplex_CheckExact(o) ? KIND_CPLX : KIND_OTHER;
}

static double number(PyObject *o) {
  return PyFloat_Check(o) ? PyFloat_AS_DOUBLE(o) : PyLong_AsDouble(o);
}

static SEXP text_to_r(PyObject *o) {
  Py_ssize_t n;
  const char *s = r_text(o, &n);
  return s ? r_char(s, (int)n) : NULL;
}

static void set_element(SEXP x, R_xlen_t i, Kind kind, PyObject *o) {
  Py_complex c;
  switch (kind) {
  case KIND_LGL:
    LOGICAL(x)[i] = o == Py_True;
    break;
  case KIND_INT:
    INTEGER(x)[i] = (int)PyLong_AsLong(o);
    break;
  case KIND_DBL:
    REAL(x)[i] = number(o);
    break;
  case KIND_STR:
    SET_STRING_ELT(x, i, text_to_r(o));
    break;
  default:
    c = PyComplex_AsCComplex(o);
    COMPLEX(x)[i] = (Rcomplex){.r = c.real, .i = c.imag};
  }
}

static const SEXPTYPE type_of_kind[] = {LGLSXP, INTSXP, REALSXP, STRSXP, CPLXSXP};

/* The kind of the element; a float of a subclass (NumPy's float64 is one) has none in a list. */
static Kind kind_of_element(PyObject *o) {
  return PyFloat_Check(o) && !PyFloat_CheckExact(o) ? KIND_OTHER : kind_of(o);
}

static bool is_int(PyObject *o) { return PyLong_Check(o) && !PyBool_Check(o); }

/* The kind of all elements of a list of scalars, else KIND_OTHER. Ints become doubles together if
 * one of them needs it. An int among floats would come back as a float, so it has no kind in common
 * with them. */
static Kind common_kind(PyObject *list) {
  Py_ssize_t n = PyList_GET_SIZE(list);
  Kind common = n > 0 ? kind_of_element(PyList_GET_ITEM(list, 0)) : KIND_OTHER;
  bool all_int = n > 0 && is_int(PyList_GET_ITEM(list, 0));
  for (Py_ssize_t i = 1; i < n && common != KIND_OTHER; i++) {
    PyObject *o = PyList_GET_ITEM(list, i);
    Kind kind = kind_of_element(o);
    if (is_int(o) != all_int)
      return KIND_OTHER;
    if (kind != common)
      common = all_int && kind != KIND_OTHER ? KIND_DBL : KIND_OTHER;
  }
  return common;
}

/* ---- containers: converting an element may run Python code, which may change them ---- */

static SEXP changed(const char *what) {
  PyErr_Format(PyExc_RuntimeError, "the %s changed while it was converted to an R value", what);
  return NULL;
}

static SEXP element_to_r(PyObject *o, bool convert, int depth) {
  if (depth > DEEPEST) {
    PyErr_Format(PyExc_RecursionError,
                 "the Python value holds itself or is nested more than %d deep: R can't hold it",
                 DEEPEST);
    return NULL;
  }
  Py_INCREF(o);
  SEXP x = value_to_r(o, convert, depth);
  PROTECT(x ? x : R_NilValue);
  Py_DECREF(o); /* the container may have dropped it: its destructor may use R */
  UNPROTECT(1);
  return x;
}

static SEXP items_to_r(PyObject *items, bool convert, int depth) {
  Py_ssize_t n = PySequence_Fast_GET_SIZE(items);
  SEXP out = PROTECT(r_alloc(VECSXP, n)), x = out;
  for (Py_ssize_t i = 0; x && i < n; i++) {
    x = i < PySequence_Fast_GET_SIZE(items)
            ? element_to_r(PySequence_Fast_GET_ITEM(items, i), convert, depth + 1)
            : changed("list");
    if (x)
      SET_VECTOR_ELT(out, i, x);
  }
  UNPROTECT(1);
  return x ? out : NULL;
}

static bool has_subclasses(PyObject *list) {
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
    if (is_of_subclass(PyList_GET_ITEM(list, i)))
      return true;
  return false;
}

/* The vector of the elements of an R list, which a user's methods have made; the list itself if
 * they are not all scalars of the type. */
static SEXP joined(SEXP list, SEXPTYPE type) {
  R_xlen_t n = XLENGTH(list);
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP x = VECTOR_ELT(list, i);
    if (TYPEOF(x) != (int)type || XLENGTH(x) != 1 || r_has_attributes(x))
      return list;
  }
  SEXP out = PROTECT(r_alloc(type, n));
  for (R_xlen_t i = 0; i < n; i++) {
    SEXP x = VECTOR_ELT(list, i);
    if (type == STRSXP)
      SET_STRING_ELT(out, i, STRING_ELT(x, 0));
    else if (type == INTSXP)
      INTEGER(out)[i] = INTEGER_ELT(x, 0);
    else
      REAL(out)[i] = REAL_ELT(x, 0);
  }
  UNPROTECT(1);
  return out;
}

/* Elements of subclasses may have a user's method, which may change the list: each is converted. */
static SEXP kin_to_r(PyObject *list, Kind kind, bool convert, int depth) {
  Origins *recording = origins_record(NULL); /* the elements are dropped */
  SEXP items = items_to_r(list, convert, depth);
  origins_record(recording);
  if (!items)
    return NULL;
  PROTECT(items);
  SEXP out = joined(items, type_of_kind[kind]);
  UNPROTECT(1);
  return out;
}

static SEXP list_to_r(PyObject *list, bool convert, int depth) {
  Kind kind = common_kind(list);
  Py_ssize_t n = PyList_GET_SIZE(list);
  if (kind == KIND_OTHER)
    return items_to_r(list, convert, depth);
  if (has_subclasses(list))
    return kin_to_r(list, kind, convert, depth);
  SEXP out = PROTECT(r_alloc(type_of_kind[kind], n));
  for (Py_ssize_t i = 0; i < n && i < PyList_GET_SIZE(list); i++)
    set_element(out, i, kind, PyList_GET_ITEM(list, i));
  UNPROTECT(1);
  return out;
}

/* A tuple of one scalar is a vector, as a list of one is; longer ones are R lists. */
static SEXP tuple_to_r(PyObject *tuple, bool convert, int depth) {
  PyObject *only = PyTuple_GET_SIZE(tuple) == 1 ? PyTuple_GET_ITEM(tuple, 0) : NULL;
  if (only && kind_of_element(only) != KIND_OTHER)
    return element_to_r(only, convert, depth + 1);
  return items_to_r(tuple, convert, depth);
}

/* Can R's names hold the key? A cached key has been checked. */
static bool is_text_key(PyObject *key) {
  return cached_r_name(key) || (PyUnicode_CheckExact(key) && kind_of(key) == KIND_STR);
}

/* NULL for a key that R's names can't hold. */
static SEXP key_to_r(PyObject *key) {
  SEXP cached = cached_r_name(key);
  Py_ssize_t n;
  const char *s = cached || !is_text_key(key) ? NULL : r_text(key, &n);
  return s ? r_name(key, s, (int)n) : cached;
}

/* The names of the list for a dict; NULL if it has a key that names can't hold. */
static SEXP keys_to_r(PyObject *dict) {
  Py_ssize_t n = PyDict_GET_SIZE(dict), at = 0, i = 0;
  SEXP keys = PROTECT(r_alloc(STRSXP, n)), name = keys;
  PyObject *key, *value;
  while (name && i < n && PyDict_Next(dict, &at, &key, &value))
    if ((name = key_to_r(key)))
      SET_STRING_ELT(keys, i++, name);
  UNPROTECT(1);
  return name ? keys : NULL;
}

/* The model of the dict's list; NULL if it has a key that names can't hold. */
static SEXP model_of(PyObject *dict) {
  SEXP model = cached_dict_model(dict), keys = model ? NULL : keys_to_r(dict);
  if (keys) {
    PROTECT(keys);
    model = new_dict_model(dict, keys);
    UNPROTECT(1);
  }
  return model;
}

static SEXP dict_to_r(PyObject *dict, SEXP model, bool convert, int depth) {
  SEXP keys = CDR(model);
  Py_ssize_t n = XLENGTH(keys), at = 0, i = 0;
  SEXP out = PROTECT(r_alloc(VECSXP, n)), x = out;
  PyObject *key, *value;
  r_take_attribute(out, CAR(model));
  while (x && i < n) {
    x = PyDict_Next(dict, &at, &key, &value) && key_to_r(key) == STRING_ELT(keys, i)
            ? element_to_r(value, convert, depth + 1)
            : changed("dict");
    if (x)
      SET_VECTOR_ELT(out, i++, x);
  }
  UNPROTECT(1);
  return x ? out : NULL;
}

/* ---- other objects ---- */

static SEXP bytearray_to_r(PyObject *o) {
  SEXP out = r_alloc(RAWSXP, PyByteArray_GET_SIZE(o));
  if (PyByteArray_GET_SIZE(o) > 0)
    memcpy(RAW(out), PyByteArray_AS_STRING(o), (size_t)PyByteArray_GET_SIZE(o));
  return out;
}

SEXP texts_to_r(PyObject *list) {
  Py_ssize_t n = PyList_GET_SIZE(list);
  SEXP out = PROTECT(r_alloc(STRSXP, n)), text = out;
  for (Py_ssize_t i = 0; text && i < n && i < PyList_GET_SIZE(list); i++) {
    PyObject *o = PyList_GET_ITEM(list, i);
    text = o == Py_None ? NA_STRING : PyUnicode_Check(o) ? text_to_r(o) : NULL;
    if (text)
      SET_STRING_ELT(out, i, text);
  }
  UNPROTECT(1);
  return text ? out : NULL;
}

/* The closure behind a Python function that R made; NULL for any other object. */
static SEXP closure_behind(PyObject *o) {
  PyObject *handle = mark_closure(o);
  return handle && PyObject_TypeCheck(handle, &HandleType) ? ((Handle *)handle)->value : NULL;
}

/* Python code makes a handle. If it returns NotImplemented, the object crosses as a proxy. A tuple of
 * the handle says that the object only stands for an R value, as rpy2's do: it and what contains it
 * are no origins. */
static SEXP made_by(PyObject *converter, PyObject *o) {
  Entry *e = entry_mine();
  Origins *recording = origins_record(NULL); /* not what that code makes and drops */
  entry_suspend(e);
  PyObject *out = entry_resume(e, call_python(converter, o, NULL));
  origins_record(recording);
  if (!out)
    return NULL;
  bool is_r_value = PyTuple_CheckExact(out);
  PyObject *made = is_r_value ? PyTuple_GET_ITEM(out, 0) : out;
  bool is_handle = PyObject_TypeCheck(made, &HandleType);
  SEXP x = PROTECT(is_handle ? ((Handle *)made)->value : R_NilValue);
  if (is_r_value)
    origins_record(NULL);
  Py_DECREF(out);
  UNPROTECT(1);
  return is_handle ? x : proxy_new(o, true);
}

static SEXP scalar_to_r(PyObject *o, Kind kind) {
  if (kind == KIND_INT)
    return r_int((int)PyLong_AsLong(o));
  if (kind == KIND_DBL)
    return r_dbl(number(o));
  SEXP out = PROTECT(r_alloc(type_of_kind[kind], 1));
  set_element(out, 0, kind, o);
  UNPROTECT(1);
  return out;
}

/* A user's py_to_r() method for one of the object's classes decides; then the converter that
 * values/convert.py has for the type; then its base, if it is of a subclass of a scalar. */
static SEXP object_to_r(PyObject *o, Kind kind, bool without_method) {
  PyObject *converter;
  bool by_method;
  if (!proxy_type(o, &converter, &by_method))
    return NULL;
  if (by_method && !without_method)
    return made_by(py.by_method, o);
  if (converter != Py_None)
    return made_by(converter, o);
  return kind == KIND_OTHER ? proxy_new(o, true) : scalar_to_r(o, kind);
}

static SEXP made_in_r(PyObject *o, bool convert, int depth) {
  if (o == Py_None)
    return R_NilValue;
  Kind kind = convert ? kind_of(o) : KIND_OTHER;
  if (kind != KIND_OTHER && !is_of_subclass(o))
    return scalar_to_r(o, kind);
  if (PyObject_TypeCheck(o, &HandleType))
    return ((Handle *)o)->value;
  if (!convert)
    return proxy_new(o, false);
  SEXP model = PyDict_CheckExact(o) ? model_of(o) : NULL;
  if (model) {
    PROTECT(model);
    SEXP list = dict_to_r(o, model, convert, depth);
    UNPROTECT(1);
    return list;
  }
  if (PyList_CheckExact(o))
    return list_to_r(o, convert, depth);
  if (PyTuple_CheckExact(o))
    return tuple_to_r(o, convert, depth);
  if (PyByteArray_CheckExact(o))
    return bytearray_to_r(o);
  SEXP closure = closure_behind(o);
  if (closure)
    return closure;
  if (PyLong_CheckExact(o) || PyUnicode_CheckExact(o))
    return proxy_new(o, true);
  return object_to_r(o, kind, depth == WITHOUT_METHOD || PyDict_CheckExact(o));
}

static SEXP value_to_r(PyObject *o, bool convert, int depth) {
  SEXP x = made_in_r(o, convert, depth);
  if (x && convert)
    origin_add(x, o);
  return x;
}

SEXP to_r(PyObject *o, bool convert) { return value_to_r(o, convert, 0); }

SEXP to_r_by_default(PyObject *o) { return value_to_r(o, true, WITHOUT_METHOD); }
