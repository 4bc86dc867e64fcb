/* Python objects in R: an external pointer, or for callables a closure whose environment has one;
 * and what R knows of a Python type.
 *
 * Owns: a row for each Python type that has crossed. Threads: inside an entry with the GIL.
 * Jumps: proxy_new, and the `scoped_*` that say so. A jump (R out of memory) leaks no object that
 * crosses, but may leak the names of a type. */

#include "core.h"

static PyObject *classes; /* {address of type: (weakref to type, handle of its model, converter)} */

void proxy_init(void) { classes = PyDict_New(); }

/* ---- what R knows of a Python type ----
 * Its S3 class is cached as a model: a value, never seen by R code, whose only attribute is the
 * class. Its tag has the names of the py_to_r() methods of these classes, as symbols. */

static PyObject *cached_row(PyObject *type, PyObject *key) {
  PyObject *known = PyDict_GetItem(classes, key);
  return known && py_refers_to(PyTuple_GET_ITEM(known, 0), type) ? known : NULL;
}

static SEXP model_in(PyObject *row) { return ((Handle *)PyTuple_GET_ITEM(row, 1))->value; }

static SEXP method_symbol(const char *class) {
  PyObject *name = PyUnicode_FromFormat("py_to_r.%s", class);
  const char *text = name ? PyUnicode_AsUTF8(name) : NULL;
  SEXP symbol = r_sym(text ? text : "py_to_r.");
  Py_XDECREF(name);
  return symbol;
}

static SEXP make_model(PyObject *names) {
  Py_ssize_t n = PyTuple_GET_SIZE(names);
  SEXP class = PROTECT(r_alloc(STRSXP, n)), methods = PROTECT(r_alloc(VECSXP, n));
  for (Py_ssize_t i = 0; i < n; i++) {
    Py_ssize_t length;
    const char *name = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(names, i), &length);
    SET_STRING_ELT(class, i, r_char(name ? name : "?", name ? (int)length : 1));
    SET_VECTOR_ELT(methods, i, method_symbol(name ? name : "?"));
  }
  PyErr_Clear();
  MARK_NOT_MUTABLE(class);
  SEXP model = PROTECT(r_extptr(NULL, methods));
  r_set_attr(model, R_ClassSymbol, class);
  UNPROTECT(3);
  return model;
}

/* Removes dead types from the table each time it has grown to twice its size. */
static int forget_dead_classes(void) {
  static Py_ssize_t limit = 1024;
  if (PyDict_GET_SIZE(classes) < limit)
    return 0;
  PyObject *alive = PyDict_New(), *key, *row;
  Py_ssize_t at = 0;
  while (alive && PyDict_Next(classes, &at, &key, &row))
    if (!py_refers_to(PyTuple_GET_ITEM(row, 0), Py_None) && PyDict_SetItem(alive, key, row) < 0)
      Py_CLEAR(alive);
  if (!alive)
    return -1;
  Py_SETREF(classes, alive);
  limit = 2 * PyDict_GET_SIZE(classes) + 1024;
  return 0;
}

static PyObject *make_row(PyObject *type, PyObject *names, PyObject *converter) {
  SEXP model = PROTECT(make_model(names));
  PyObject *handle = handle_new(model), *weak = PyWeakref_NewRef(type, NULL);
  PyObject *row = handle && weak ? PyTuple_Pack(3, weak, handle, converter) : NULL;
  Py_XDECREF(weak);
  Py_XDECREF(handle);
  UNPROTECT(1);
  return row;
}

/* Borrowed from the table; NULL: exception. */
static PyObject *new_row(PyObject *type, PyObject *key) {
  Entry *e = entry_mine();
  entry_suspend(e);
  PyObject *names = call_python(py.class_names, type, NULL);
  PyObject *converter = names ? call_python(py.converter_of, type, NULL) : NULL;
  converter = entry_resume(e, converter);
  PyObject *row = converter ? make_row(type, names, converter) : NULL;
  Py_XDECREF(names);
  Py_XDECREF(converter);
  bool kept = row && forget_dead_classes() == 0 && PyDict_SetItem(classes, key, row) == 0;
  Py_XDECREF(row);
  return kept ? row : NULL;
}

static PyObject *row_of(PyObject *o) {
  PyObject *type = (PyObject *)Py_TYPE(o), *key = PyLong_FromVoidPtr(type);
  PyObject *row = key ? cached_row(type, key) : NULL;
  if (key && !row)
    row = new_row(type, key);
  Py_XDECREF(key);
  return row;
}

static SEXP model_of(PyObject *o) {
  PyObject *row = row_of(o);
  return row ? model_in(row) : NULL;
}

/* A method is found where S3 finds it: in the global environment, or registered. */
static bool has_method(SEXP methods) {
  for (R_xlen_t i = 0; i < XLENGTH(methods); i++) {
    SEXP name = VECTOR_ELT(methods, i);
    if (r_var(R_GlobalEnv, name) || r_var(r.methods, name))
      return true;
  }
  return false;
}

bool proxy_type(PyObject *o, PyObject **converter, bool *by_method) {
  PyObject *row = row_of(o);
  if (!row)
    return false;
  *converter = PyTuple_GET_ITEM(row, 2);
  *by_method = r.methods && has_method(r_tag(model_in(row)));
  return true;
}

/* A callable that has lost its class is a plain function. */
static SEXP pointer_of(SEXP x) {
  return TYPEOF(x) == CLOSXP && !r_is_object(x) ? NULL : pointer_in(x);
}

/* ---- making ---- */

/* A callable is an R closure whose environment has the pointer as `.proxy`. */
static SEXP make_callable(SEXP pointer, SEXP model) {
  SEXP env = PROTECT(r_new_env(r.ns));
  r_define(r.sym_pointer, pointer, env);
  SEXP fn = PROTECT(r_closure(r.callable_formals, r.callable_body, env));
  r_take_attribute(fn, model);
  UNPROTECT(2);
  return fn;
}

/* Is it made anew whenever R asks for it, and used once? So are bound methods, functions that stand
 * for a hook (classes/hooks.py), and `super(Class, self)` (for_r/super.py). */
static bool is_made_to_be_used_once(PyObject *o) {
  return py_is_bound(o) || mark_stands_for(o) || (PyObject *)Py_TYPE(o) == py.super_type;
}

SEXP proxy_new(PyObject *o, bool convert) {
  SEXP model = model_of(o);
  if (!model)
    return NULL;
  SEXP pointer = PROTECT(pointer_new(model, convert)), out = pointer;
  if (PyCallable_Check(o))
    out = make_callable(pointer, model);
  PROTECT(out);
  if (is_made_to_be_used_once(o))
    pointer_remember(out, entry_mine());
  else
    pointer_hand_over(pointer);
  pointer_fill(pointer, o);
  UNPROTECT(2);
  return out;
}

/* ---- scoped proxies: emptied and filled again ---- */

bool scoped_new(Scoped *s, PyObject *o, bool convert) {
  if (!(s->model = model_of(o)))
    return false;
  s->pointer = s->proxy = PROTECT(pointer_new(s->model, convert));
  if (PyCallable_Check(o))
    s->proxy = make_callable(s->pointer, s->model);
  UNPROTECT(1);
  return true;
}

void scoped_reset(Scoped *s) { r_restore_attribute(s->proxy, s->model); }

/* ---- reading ---- */

bool proxy_is(SEXP x) { return pointer_of(x) != NULL; }

bool proxy_converts(SEXP x) { return r_tag(pointer_of(x)) == r.sym_proxy; }

PyObject *proxy_object(SEXP x) {
  SEXP pointer = pointer_of(x);
  PyObject *o = pointer ? r_address(pointer) : NULL;
  if (!pointer)
    PyErr_SetString(PyExc_TypeError, "an R value was given where a Python object is needed");
  else if (!o)
    PyErr_SetString(
        PyExc_ReferenceError,
        "this Python object is gone: it came from a saved or an earlier R session, or it "
        "was the `self` of a method that has ended");
  return o;
}
