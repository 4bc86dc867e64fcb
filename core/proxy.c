/* Python objects in R: an external pointer, or for callables a closure in whose environment one is.
 *
 * Owns: one Python reference for each live pointer, given up by `scoped_drop` (at once) or through
 * R's finalizer, which only puts the object on a queue (drained with the GIL). Threads: inside an
 * entry with the GIL; the finalizer runs wherever R collects. Jumps: proxy_new, and the `scoped_*`
 * that say so; none of them holds a reference while it can jump without a finalizer to free it. */

#include "core.h"
#include <pthread.h>

typedef struct {
  PyObject **objects;
  size_t n, room;
} Queue;

static Queue finalized;   /* guarded by the entry: R's collector runs inside one */
static Queue ready;       /* guarded by the GIL */
static PyObject *classes; /* {address of type: (weakref to type, handle of its model)} */
static SEXP young;        /* list of proxies, an entry's behind those of the entry below */
long proxy_live;

#define YOUNG_OF_ENTRY 64
#define YOUNG (64 * YOUNG_OF_ENTRY)

/* How often has R collected? An object that nobody holds is finalized by each collection. */
static unsigned collections;
static bool has_collected;

static void note_collection(SEXP unused) { has_collected = true; }

static void watch_collections(void) {
  SEXP x = PROTECT(r_extptr(NULL, R_NilValue));
  r_finalizer(x, note_collection);
  collections += has_collected;
  has_collected = false;
  UNPROTECT(1);
}

void proxy_init(void) {
  classes = PyDict_New();
  young = r_alloc(VECSXP, YOUNG);
  R_PreserveObject(young);
  watch_collections();
}

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

void proxy_collect(void) {
  while (finalized.n > 0)
    put(&ready, finalized.objects[--finalized.n]);
}

/* A destructor may enter R and R may collect: take one at a time. */
void proxy_drain(void) {
  while (ready.n > 0) {
    PyObject *o = ready.objects[--ready.n];
    proxy_live--;
    Py_DECREF(o);
  }
}

/* ---- the S3 class of a Python type ----
 * Kept as a model: a value, never seen by R code, that has the class as its only attribute. */

static SEXP cached_model(PyObject *type, PyObject *key) {
  PyObject *known = PyDict_GetItem(classes, key);
  if (!known || !py_refers_to(PyTuple_GET_ITEM(known, 0), type))
    return NULL;
  return ((Handle *)PyTuple_GET_ITEM(known, 1))->value;
}

static SEXP make_model(PyObject *names) {
  Py_ssize_t n = PyTuple_GET_SIZE(names);
  SEXP class = PROTECT(r_alloc(STRSXP, n));
  for (Py_ssize_t i = 0; i < n; i++) {
    Py_ssize_t length;
    const char *name = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(names, i), &length);
    SET_STRING_ELT(class, i, r_char(name ? name : "?", name ? (int)length : 1));
  }
  PyErr_Clear();
  MARK_NOT_MUTABLE(class);
  SEXP model = PROTECT(r_extptr(NULL, R_NilValue));
  r_set_attr(model, R_ClassSymbol, class);
  UNPROTECT(2);
  return model;
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

static SEXP model_of(PyObject *o) {
  PyObject *type = (PyObject *)Py_TYPE(o), *key = PyLong_FromVoidPtr(type);
  SEXP known = key ? cached_model(type, key) : NULL;
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
  SEXP out = PROTECT(make_model(names));
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

static bool is_pointer(SEXP x) {
  if (TYPEOF(x) != EXTPTRSXP)
    return false;
  SEXP tag = R_ExternalPtrTag(x);
  return tag == r.sym_proxy || tag == r.sym_proxy_unconverted;
}

/* A closure's environment tells whether it is a callable of ours: no function of a user's is made
 * in the namespace and has the pointer's name. */
static SEXP pointer_in(SEXP x) {
  if (TYPEOF(x) == CLOSXP) {
    SEXP env = r_closure_env(x);
    x = r_is_child_of(env, r.ns) ? r_own_var(env, r.sym_pointer) : NULL;
  }
  return x && is_pointer(x) ? x : NULL;
}

/* A callable that has lost its class is a plain function. */
static SEXP pointer_of(SEXP x) {
  return TYPEOF(x) == CLOSXP && !r_is_object(x) ? NULL : pointer_in(x);
}

/* ---- making ---- */

SEXP pointer_new(SEXP model, bool convert) {
  SEXP x = PROTECT(r_extptr(NULL, convert ? r.sym_proxy : r.sym_proxy_unconverted));
  r_take_attribute(x, model);
  UNPROTECT(1);
  return x;
}

void pointer_fill(SEXP pointer, PyObject *o) {
  R_SetExternalPtrAddr(pointer, Py_NewRef(o));
  proxy_live++;
}

/* Do two places of R's hold a part of a proxy? */
static bool is_kept(SEXP proxy, SEXP pointer) {
  return r_is_kept_twice(proxy) || r_is_kept_twice(pointer) ||
         (proxy != pointer && r_is_kept_twice(r_closure_env(proxy)));
}

/* A callable is an R closure, in whose environment the pointer is. */
static SEXP make_callable(SEXP pointer, SEXP model) {
  SEXP env = PROTECT(r_new_env(r.ns));
  r_define(r.sym_pointer, pointer, env);
  SEXP fn = PROTECT(r_closure(r.callable_formals, r.callable_body, env));
  r_take_attribute(fn, model);
  UNPROTECT(2);
  return fn;
}

/* ---- young proxies ----
 * A bound method is made to be called once (`self$step()`, `super$initialize()`), and holds its
 * instance; R's collector would come late. So a list holds the last bound methods of each entry. When
 * it ends, those that nothing else holds give their objects up; the others, and those that the list
 * has no place for, get R's finalizer, which would count as a holder. An entry may last as long as a
 * script: what has seen two collections is not young any more.
 *
 * Other objects have R's finalizer from the beginning. R does not count what the value of `f(x) <- v`
 * holds as long as a replacement function of the user's has not looked at it, so nobody could tell
 * whether an object that is of use on its own is still wanted. */

void proxy_begin(Entry *e, Entry *below) {
  int made = below ? below->young : 0;
  e->first_young = below ? below->first_young : 0;
  e->first_young += made < YOUNG_OF_ENTRY ? made : YOUNG_OF_ENTRY;
  e->young = 0;
  e->collections = collections;
}

void pointer_keep(SEXP pointer) { r_finalizer(pointer, finalize); }

/* A user who puts something else in the pointer's place keeps the object alive for ever. */
static void keep_proxy(SEXP proxy) {
  SEXP pointer = pointer_in(proxy);
  if (pointer)
    pointer_keep(pointer);
}

static int count_young(Entry *e) { return e->young < YOUNG_OF_ENTRY ? e->young : YOUNG_OF_ENTRY; }

/* The list's places from `first` on, up to the end of the entry's, which is on top. */
static void keep_from(R_xlen_t first, Entry *e) {
  for (R_xlen_t i = first; i < e->first_young + count_young(e); i++) {
    keep_proxy(VECTOR_ELT(young, i));
    SET_VECTOR_ELT(young, i, R_NilValue);
  }
}

static void remember(SEXP proxy) {
  Entry *e = entry_mine();
  if (!e || e->foreign || e->first_young + YOUNG_OF_ENTRY > YOUNG) {
    keep_proxy(proxy);
    return;
  }
  if (has_collected)
    watch_collections();
  if (collections - e->collections > 1) {
    keep_from(e->first_young, e);
    e->collections = collections;
  }
  R_xlen_t place = e->first_young + e->young % YOUNG_OF_ENTRY;
  SEXP older = PROTECT(VECTOR_ELT(young, place)); /* or NULL */
  SET_VECTOR_ELT(young, place, proxy);
  e->young++;
  keep_proxy(older); /* R may collect, and a finalizer of R's come here for the same entry */
  UNPROTECT(1);
}

static void keep_young(void *entry) { keep_from(((Entry *)entry)->first_young, entry); }

/* If a finalizer can't be set, twice, its object lives for ever. */
void proxy_end(Entry *e) {
  bool any_kept = false;
  const R_xlen_t first = e->first_young, end = first + count_young(e);
  for (R_xlen_t i = first; i < end; i++) {
    SEXP proxy = VECTOR_ELT(young, i), pointer = pointer_in(proxy);
    if (pointer && !is_kept(proxy, pointer)) {
      finalize(pointer);
      SET_VECTOR_ELT(young, i, R_NilValue);
    }
    any_kept |= VECTOR_ELT(young, i) != R_NilValue;
  }
  if (any_kept && !R_ToplevelExec(keep_young, e) && !R_ToplevelExec(keep_young, e))
    for (R_xlen_t i = first; i < first + count_young(e); i++)
      SET_VECTOR_ELT(young, i, R_NilValue);
}

/* Is it made when it is asked for, to be used once? A hook as R calls it (classes/hooks.py) holds the
 * bound one, `super(Class, self)` (for_r/classes.py) the instance. */
static bool is_made_to_be_used_once(PyObject *o) {
  if (py_is_bound(o))
    return true;
  if (PyFunction_Check(o)) {
    PyObject *dict = ((PyFunctionObject *)o)->func_dict;
    return dict && PyDict_GetItemString(dict, "__r_counts_for__");
  }
  return (PyObject *)Py_TYPE(o) == py.super_type;
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
    remember(out);
  else
    pointer_keep(pointer);
  pointer_fill(pointer, o);
  UNPROTECT(2);
  return out;
}

/* ---- scoped proxies: the object comes and goes, the parts are used again ---- */

bool scoped_new(Scoped *s, PyObject *o, bool convert) {
  if (!(s->model = model_of(o)))
    return false;
  s->pointer = s->proxy = PROTECT(pointer_new(s->model, convert));
  if (PyCallable_Check(o))
    s->proxy = make_callable(s->pointer, s->model);
  UNPROTECT(1);
  return true;
}

bool scoped_is_kept(Scoped *s) { return is_kept(s->proxy, s->pointer); }

void scoped_reset(Scoped *s) { r_restore_attribute(s->proxy, s->model); }

void pointer_drop(SEXP pointer) {
  PyObject *o = R_ExternalPtrAddr(pointer);
  if (!o)
    return;
  R_ClearExternalPtr(pointer);
  proxy_live--;
  Py_DECREF(o);
}

/* ---- reading ---- */

bool proxy_is(SEXP x) { return pointer_of(x) != NULL; }

bool proxy_converts(SEXP x) { return R_ExternalPtrTag(pointer_of(x)) == r.sym_proxy; }

PyObject *proxy_object(SEXP x) {
  SEXP pointer = pointer_of(x);
  PyObject *o = pointer ? R_ExternalPtrAddr(pointer) : NULL;
  if (!pointer)
    PyErr_SetString(PyExc_TypeError, "an R value was given where a Python object is needed");
  else if (!o)
    PyErr_SetString(
        PyExc_ReferenceError,
        "this Python object is gone: it came from a saved or an earlier R session, or it "
        "was the `self` of a method that has ended");
  return o;
}
