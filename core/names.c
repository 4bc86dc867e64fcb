/* Caches of names that cross often: attributes, arguments, keys, and all keys of a dict together.
 * They are direct-mapped: a name that is not found is made and replaces the one in its place.
 *
 * Owns: a reference to each cached name and key, and the R vectors that hold their counterparts, so
 * that an address stands for one name. Threads: inside an unsuspended entry, with the GIL. Jumps:
 * r_name and new_dict_model. */

#include "core.h"
#include <string.h>

#define CACHED 1024 /* powers of two */
#define CACHED_DICTS 256
#define MOST_KEYS 32

static struct {
  SEXP key;
  PyObject *name;
} python_names[CACHED];
static PyObject *r_keys[CACHED];
static SEXP held_keys;                    /* of python_names */
static SEXP held_names;                   /* of r_keys */
static PyObject *dict_keys[CACHED_DICTS]; /* tuples */
static SEXP held_models;                  /* of dict_keys */

void names_init(void) {
  held_keys = r_alloc(VECSXP, CACHED);
  r_preserve_object(held_keys);
  held_names = r_alloc(STRSXP, CACHED);
  r_preserve_object(held_names);
  held_models = r_alloc(VECSXP, CACHED_DICTS);
  r_preserve_object(held_models);
}

PyObject *python_name(SEXP charsxp) {
  size_t at = ((uintptr_t)charsxp >> 5) & (CACHED - 1);
  if (python_names[at].key == charsxp)
    return python_names[at].name;
  const char *text = CHAR(charsxp);
  PyObject *name = r_encoding(charsxp) == CE_LATIN1
                       ? PyUnicode_DecodeLatin1(text, LENGTH(charsxp), NULL)
                       : PyUnicode_DecodeUTF8(text, LENGTH(charsxp), "surrogateescape");
  if (!name)
    return NULL;
  PyUnicode_InternInPlace(&name);
  SET_VECTOR_ELT(held_keys, (R_xlen_t)at, charsxp);
  python_names[at].key = charsxp;
  Py_XSETREF(python_names[at].name, name);
  return name;
}

static size_t place_of(PyObject *key) { return ((uintptr_t)key >> 4) & (CACHED - 1); }

SEXP cached_r_name(PyObject *key) {
  size_t at = place_of(key);
  return r_keys[at] == key ? STRING_ELT(held_names, (R_xlen_t)at) : NULL;
}

SEXP r_name(PyObject *key, const char *text, int n) {
  size_t at = place_of(key);
  SEXP name = r_char(text, n);
  SET_STRING_ELT(held_names, (R_xlen_t)at, name);
  Py_XSETREF(r_keys[at], Py_NewRef(key));
  return name;
}

/* ---- the keys of a dict ---- */

static size_t place_of_dict(PyObject *dict) {
  PyObject *key = NULL, *value;
  Py_ssize_t at = 0;
  PyDict_Next(dict, &at, &key, &value);
  return (((uintptr_t)key >> 4) + (uintptr_t)PyDict_GET_SIZE(dict)) & (CACHED_DICTS - 1);
}

SEXP cached_dict_model(PyObject *dict) {
  size_t place = place_of_dict(dict);
  PyObject *keys = dict_keys[place], *key, *value;
  if (!keys || PyTuple_GET_SIZE(keys) != PyDict_GET_SIZE(dict))
    return NULL;
  Py_ssize_t at = 0;
  for (Py_ssize_t i = 0; PyDict_Next(dict, &at, &key, &value); i++)
    if (PyTuple_GET_ITEM(keys, i) != key)
      return NULL;
  return VECTOR_ELT(held_models, (R_xlen_t)place);
}

/* Fills the tuple with the dict's keys; false if they are no longer `names`. Finalizers of R, and
 * of Python when the tuple was made, may have changed the dict since. */
static bool take_keys(PyObject *keys, PyObject *dict, SEXP names) {
  Py_ssize_t n = PyTuple_GET_SIZE(keys), at = 0, i = 0;
  PyObject *key, *value;
  if (PyDict_GET_SIZE(dict) != n)
    return false;
  for (; i < n && PyDict_Next(dict, &at, &key, &value); i++) {
    const char *text = PyUnicode_CheckExact(key) ? PyUnicode_AsUTF8(key) : NULL;
    if (!text || strcmp(text, CHAR(STRING_ELT(names, i))) != 0)
      return false;
    PyTuple_SET_ITEM(keys, i, Py_NewRef(key));
  }
  return i == n;
}

SEXP new_dict_model(PyObject *dict, SEXP names) {
  Py_ssize_t n = XLENGTH(names);
  SEXP list = PROTECT(r_alloc(VECSXP, n));
  r_set_attr(list, R_NamesSymbol, names);
  SEXP model = PROTECT(r_cons(list, names));
  PyObject *keys = n <= MOST_KEYS ? PyTuple_New(n) : NULL;
  if (keys && take_keys(keys, dict, names)) {
    size_t place = place_of_dict(dict);
    SET_VECTOR_ELT(held_models, (R_xlen_t)place, model);
    Py_XSETREF(dict_keys[place], keys);
  } else {
    PyErr_Clear();
    Py_XDECREF(keys);
  }
  UNPROTECT(2);
  return model;
}
