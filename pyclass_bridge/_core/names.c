/* Names that cross again and again: attributes, arguments, the keys of logs. Two direct-mapped
 * caches, one for each way; a name that is not there is made and takes its place.
 *
 * Owns: a reference to each name and key kept, and the R vectors that hold their counterparts, so
 * that an address means one name. Threads: inside an unsuspended entry, with the GIL. Jumps: only
 * r_name. */

#include "core.h"

#define KEPT 1024 /* a power of two */

static struct {
  SEXP key;
  PyObject *name;
} python_names[KEPT];
static PyObject *r_keys[KEPT];
static SEXP kept_keys;  /* of python_names */
static SEXP kept_names; /* of r_keys */

void names_init(void) {
  kept_keys = r_alloc(VECSXP, KEPT);
  R_PreserveObject(kept_keys);
  kept_names = r_alloc(STRSXP, KEPT);
  R_PreserveObject(kept_names);
}

PyObject *python_name(SEXP charsxp) {
  size_t at = ((uintptr_t)charsxp >> 5) & (KEPT - 1);
  if (python_names[at].key == charsxp)
    return python_names[at].name;
  const char *text = CHAR(charsxp);
  PyObject *name = Rf_getCharCE(charsxp) == CE_LATIN1
                       ? PyUnicode_DecodeLatin1(text, LENGTH(charsxp), NULL)
                       : PyUnicode_DecodeUTF8(text, LENGTH(charsxp), "surrogateescape");
  if (!name)
    return NULL;
  PyUnicode_InternInPlace(&name);
  SET_VECTOR_ELT(kept_keys, (R_xlen_t)at, charsxp);
  python_names[at].key = charsxp;
  Py_XSETREF(python_names[at].name, name);
  return name;
}

static size_t place_of(PyObject *key) { return ((uintptr_t)key >> 4) & (KEPT - 1); }

SEXP known_r_name(PyObject *key) {
  size_t at = place_of(key);
  return r_keys[at] == key ? STRING_ELT(kept_names, (R_xlen_t)at) : NULL;
}

SEXP r_name(PyObject *key, const char *text, int n) {
  size_t at = place_of(key);
  SEXP name = r_char(text, n);
  SET_STRING_ELT(kept_names, (R_xlen_t)at, name);
  Py_XSETREF(r_keys[at], Py_NewRef(key));
  return name;
}
