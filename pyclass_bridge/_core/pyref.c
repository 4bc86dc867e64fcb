/* Python objects in R: an external pointer, or for callables a closure that carries one.
 *
 * Owns: one Python reference for each live pointer, given up by `pyref_drop` (at once) or through
 * R's finalizer, which only puts the object on a queue (drained with the GIL). Threads: inside an
 * entry with the GIL; the finalizer runs wherever R collects. Jumps: pyref_new, pyref_scoped,
 * pyref_keep; none of them holds a reference while it can jump without a finalizer to free it. */

#include "core.h"
#include <pthread.h>

typedef struct {
  PyObject **objects;
  size_t n, room;
} Queue;

static Queue finalized; /* guarded by the entry: R's collector runs inside one */
static Queue ready;     /* guarded by the GIL */
static PyObject *classes; /* {address of type: (weakref to type, handle of its class vector)} */
long pyref_live;

void pyref_init(void) { classes = PyDict_New(); }

/* A queue that can't grow keeps the object for ever: a leak is better than a crash. */
static void put(Queue *q, PyObject *o) {
  if (q->n == q->room) {
    size_t more = q->room ? 2 * q->room : 256;
    PyObject **larger = realloc(q->objects, more * sizeof(PyObject *));
    if (!larger)
      return;
    q->objects = larger;
    q->room = more;
  }
  q->objects[q->n++] = o;
}

static void finalize(SEXP x) {
  PyObject *o = R_ExternalPtrAddr(x);
  if (!o)
    return;
  R_ClearExternalPtr(x);
  put(&finalized, o);
}

void pyref_collect(void) {
  while (finalized.n > 0)
    put(&ready, finalized.objects[--finalized.n]);
}

/* A destructor may enter R and R may collect: take one at a time. */
void pyref_drain(void) {
  while (ready.n > 0) {
    PyObject *o = ready.objects[--ready.n];
    pyref_live--;
    Py_DECREF(o);
  }
}

/* ---- the S3 class of a Python type ---- */

static SEXP cached_class(PyObject *type, PyObject *key) {
  PyObject *known = PyDict_GetItem(classes, key);
  if (!known || !py_refers_to(PyTuple_GET_ITEM(known, 0), type))
    return NULL;
  return ((Handle *)PyTuple_GET_ITEM(known, 1))->value;
}

static SEXP make_class(PyObject *names) {
  Py_ssize_t n = PyTuple_GET_SIZE(names);
  SEXP out = PROTECT(r_alloc(STRSXP, n));
  for (Py_ssize_t i = 0; i < n; i++) {
    Py_ssize_t length;
    const char *name = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(names, i), &length);
    SET_STRING_ELT(out, i, r_char(name ? name : "?", name ? (int)length : 1));
  }
  PyErr_Clear();
  MARK_NOT_MUTABLE(out);
  UNPROTECT(1);
  return out;
}

/* Types come and go: those that have gone leave the table when it has grown to twice its size. */
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

static SEXP class_of(PyObject *o) {
  PyObject *type = (PyObject *)Py_TYPE(o), *key = PyLong_FromVoidPtr(type);
  SEXP known = key ? cached_class(type, key) : NULL;
  if (known || !key) {
    Py_XDECREF(key);
    return known;
  }
  Entry *e = entry_mine();
  entry_suspend(e);
  PyObject *names = call_python(py.class_names, type, NULL);
  entry_resume(e);
  if (!names) {
    Py_DECREF(key);
    return NULL;
  }
  SEXP out = PROTECT(make_class(names));
  Py_DECREF(names);
  PyObject *handle = handle_new(out), *weak = PyWeakref_NewRef(type, NULL);
  PyObject *entry = handle && weak ? PyTuple_Pack(2, weak, handle) : NULL;
  int failed = !entry || forget_dead_classes() < 0 || PyDict_SetItem(classes, key, entry) < 0;
  Py_XDECREF(entry);
  Py_XDECREF(weak);
  Py_XDECREF(handle);
  Py_DECREF(key);
  UNPROTECT(1);
  return failed ? NULL : out;
}

/* ---- making ---- */

static SEXP make_pointer(SEXP class, bool convert) {
  SEXP x = PROTECT(r_extptr(NULL, convert ? r.sym_pyref : r.sym_pyref_raw));
  r_set_class(x, class);
  UNPROTECT(1);
  return x;
}

void pyref_fill(SEXP x, PyObject *o) {
  R_SetExternalPtrAddr(x, Py_NewRef(o));
  pyref_live++;
}

/* A callable is an R closure whose environment and "pyref" attribute hold the pointer. */
static SEXP make_callable(SEXP pointer, SEXP class) {
  SEXP env = PROTECT(r_new_env(r.ns));
  r_define(r.sym_pyref, pointer, env);
  SEXP fn = PROTECT(r_closure(r.callable_formals, r.callable_body, env));
  r_set_attr(fn, r.sym_pyref, pointer);
  r_set_class(fn, class);
  UNPROTECT(2);
  return fn;
}

SEXP pyref_new(PyObject *o, bool convert) {
  SEXP class = class_of(o);
  if (!class)
    return NULL;
  SEXP pointer = PROTECT(make_pointer(class, convert)), out = pointer;
  if (PyCallable_Check(o))
    out = make_callable(pointer, class);
  PROTECT(out);
  r_finalizer(pointer, finalize);
  pyref_fill(pointer, o);
  UNPROTECT(2);
  return out;
}

SEXP pyref_scoped(PyObject *o, bool convert) {
  if (PyCallable_Check(o))
    return pyref_new(o, convert);
  SEXP class = class_of(o);
  if (!class)
    return NULL;
  return make_pointer(class, convert);
}

void pyref_keep(SEXP x) {
  if (TYPEOF(x) == EXTPTRSXP)
    r_finalizer(x, finalize);
}

void pyref_drop(SEXP x) {
  PyObject *o = TYPEOF(x) == EXTPTRSXP ? R_ExternalPtrAddr(x) : NULL;
  if (!o)
    return;
  R_ClearExternalPtr(x);
  pyref_live--;
  Py_DECREF(o);
}

/* ---- reading ---- */

static SEXP pointer_of(SEXP x) {
  if (TYPEOF(x) == CLOSXP && r_is_object(x))
    x = Rf_getAttrib(x, r.sym_pyref);
  if (TYPEOF(x) != EXTPTRSXP)
    return NULL;
  SEXP tag = R_ExternalPtrTag(x);
  return tag == r.sym_pyref || tag == r.sym_pyref_raw ? x : NULL;
}

bool pyref_is(SEXP x) { return pointer_of(x) != NULL; }

bool pyref_converts(SEXP x) { return R_ExternalPtrTag(pointer_of(x)) == r.sym_pyref; }

PyObject *pyref_object(SEXP x) {
  SEXP pointer = pointer_of(x);
  PyObject *o = pointer ? R_ExternalPtrAddr(pointer) : NULL;
  if (!pointer)
    PyErr_SetString(PyExc_TypeError, "an R value was given where a Python object is needed");
  else if (!o)
    PyErr_SetString(PyExc_ReferenceError,
                    "this Python object is gone: it came from a saved or an earlier R session");
  return o;
}
