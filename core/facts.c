/* What a condition says, read from its parts without R code: for a condition whose methods fail, or
 * when R has no room to evaluate anything.
 *
 * Owns: nothing. Threads: any with the GIL; one entry. Jumps: none. */

#include "core.h"

static PyObject *text_of(SEXP charsxp) {
  const char *bytes = CHAR(charsxp);
  Py_ssize_t n = LENGTH(charsxp);
  if (charsxp == R_NaString)
    return PyUnicode_FromString("NA");
  if (r_encoding(charsxp) == CE_LATIN1)
    return PyUnicode_DecodeLatin1(bytes, n, NULL);
  return PyUnicode_DecodeUTF8(bytes, n, "backslashreplace");
}

static PyObject *texts_of(SEXP x) {
  R_xlen_t n = TYPEOF(x) == STRSXP ? XLENGTH(x) : 0;
  PyObject *out = PyTuple_New(n);
  for (R_xlen_t i = 0; out && i < n; i++) {
    PyObject *text = text_of(STRING_ELT(x, i));
    if (!text)
      Py_CLEAR(out);
    else
      PyTuple_SET_ITEM(out, i, text);
  }
  return out;
}

static SEXP element(SEXP list, const char *name) {
  SEXP names = TYPEOF(list) == VECSXP ? r_get_attr(list, R_NamesSymbol) : R_NilValue;
  for (R_xlen_t i = 0; TYPEOF(names) == STRSXP && i < XLENGTH(names); i++)
    if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0)
      return VECTOR_ELT(list, i);
  return R_NilValue;
}

/* The name of the function that a call calls; None if it has none. */
static PyObject *head_of(SEXP call) {
  if (TYPEOF(call) == LANGSXP && TYPEOF(CAR(call)) == SYMSXP)
    return text_of(PRINTNAME(CAR(call)));
  return Py_NewRef(Py_None);
}

typedef struct {
  SEXP cond;
  PyObject *message, *classes, *head;
} Facts;

static void read_facts(void *arg) {
  Facts *f = arg;
  f->message = texts_of(element(f->cond, "message"));
  f->classes = f->message ? texts_of(r_get_attr(f->cond, R_ClassSymbol)) : NULL;
  f->head = f->classes ? head_of(element(f->cond, "call")) : NULL;
}

PyObject *condition_facts(PyObject *self, PyObject *handle) {
  if (!PyObject_TypeCheck(handle, &HandleType))
    return PyErr_Format(PyExc_TypeError, "a condition's handle is needed");
  Facts f = {.cond = ((Handle *)handle)->value};
  PyObject *out = NULL;
  if (in_r("a condition", read_facts, &f) == 0 && f.head)
    out = PyTuple_Pack(3, f.message, f.classes, f.head);
  Py_XDECREF(f.message);
  Py_XDECREF(f.classes);
  Py_XDECREF(f.head);
  return out;
}
