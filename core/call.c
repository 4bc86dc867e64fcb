/* Python calls R: the type `Function`, an R closure with the facts that Python needs to call it.
 *
 * Owns: handles of the closure, of its compiled form and of its class environment; the parts of its
 * last call (method.c). Threads: any; a call is one entry. Jumps: none; the body of the call runs
 * under a guard. */

#include "call.h"
#include <structmember.h>

#define COMPILE_AT_CALL 3

bool result_is_quiet;
static THREAD_LOCAL Call *innermost; /* of the running calls on this thread */

/* ---- the closure ---- */

static void compile(Function *f) {
  SEXP closure = ((Handle *)f->closure)->value;
  SEXP has_self = PROTECT(r_lgl(f->receiver == SELF_RECEIVER));
  SEXP args = PROTECT(r_cons(has_self, R_NilValue));
  SEXP call = PROTECT(r_lcons(r_sym("compile_method"), PROTECT(r_cons(closure, args))));
  SEXP compiled = PROTECT(r_eval(call, r.ns));
  f->compiled = handle_new(compiled);
  if (!f->compiled)
    PyErr_Clear();
  if (f->last.cell) /* its parts hold the closure that is not compiled */
    preserve_release(f->last.cell);
  f->last.cell = NULL;
  UNPROTECT(5);
}

/* A method is compiled at its third call. In code that is not compiled, `self$x <- v` makes R copy
 * a callable `self`, and the copy counts as a holder of its environment until R collects. So a
 * method of a callable is compiled at its first call. */
static SEXP code_of(Function *f, PyObject *receiver) {
  if (f->class_env && !f->compiled) {
    f->calls++;
    bool copied = f->receiver == SELF_RECEIVER && PyCallable_Check(receiver);
    if (f->calls >= (copied ? 1 : COMPILE_AT_CALL))
      compile(f);
  }
  return ((Handle *)(f->compiled ? f->compiled : f->closure))->value;
}

static int enter(Call *c) {
  Function *f = c->f;
  Code code = {.closure = code_of(f, c->scope.receiver),
               .name = f->symbol,
               .convert = f->convert,
               .class_env = f->class_env ? ((Handle *)f->class_env)->value : NULL};
  return scope_enter(&c->scope, &code);
}

/* ---- results ---- */

/* Merges a visible named list into the dict that the R code shares with its caller. */
static int merge(Call *c, SEXP value) {
  PyObject *shared = arguments_shared(c), *more = NULL;
  if (TYPEOF(value) != VECSXP || r_is_object(value) || !shared || !PyDict_Check(shared) ||
      r_get_attr(value, R_NamesSymbol) == R_NilValue)
    return 0;
  int status = to_python(value, FOR_CALL, &more);
  if (status == 0 && PyDict_Check(more))
    status = PyDict_Update(shared, more);
  Py_XDECREF(more);
  return status;
}

PyObject *shared_argument(PyObject *receiver, PyObject *method) {
  for (Call *c = innermost; c; c = c->outer)
    if (c->scope.receiver == receiver && PyUnicode_Compare(c->f->name, method) == 0)
      return arguments_shared(c);
  return NULL;
}

static int take_result(Call *c, SEXP value, bool visible) {
  Function *f = c->f;
  result_is_quiet = !visible;
  if (f->merges && visible && merge(c, value) < 0)
    return -1;
  if (f->returns_none) {
    c->result = Py_NewRef(Py_None);
    return 0;
  }
  if (f->as_handle) {
    c->result = handle_new(value);
    return c->result ? 0 : -1;
  }
  return to_python(value, f->holds || c->for_r ? FOR_HOLDING : FOR_CALL, &c->result);
}

static void call_body(void *arg) {
  Call *c = arg;
  c->status = -1;
  if (enter(c) < 0)
    return;
  SEXP frame = PROTECT(c->scope.parts.frame), call = PROTECT(c->scope.parts.call);
  if (arguments_add(c, call) == 0) {
    entry_release_gil(c->entry);
    SEXP value = PROTECT(r_eval(call, frame));
    bool visible = R_Visible;
    entry_take_gil(c->entry);
    c->status = take_result(c, value, visible);
    UNPROTECT(1);
  }
  origins_end(c->origins);
  if (c->status == 0)
    scope_leave(&c->scope);
  UNPROTECT(2);
}

static PyObject *function_call(PyObject *self, PyObject *const *args, size_t nargsf,
                               PyObject *kwnames) {
  Function *f = (Function *)self;
  Entry e;
  Origins origins; /* not set to zeros, which takes time */
  Call c = {.f = f,
            .args = args,
            .n = PyVectorcall_NARGS(nargsf),
            .kwnames = kwnames,
            .entry = &e,
            .origins = &origins,
            .outer = innermost,
            .scope = {.last = &f->last, .known = &f->known}};
  if (f->receiver != NO_RECEIVER) {
    if (c.n < 1) {
      PyErr_Format(PyExc_TypeError, "%U() needs its instance as first argument", f->name);
      return NULL;
    }
    if (scope_prepare(&c.scope, args[0], f->receiver == CLASS_RECEIVER) < 0)
      return NULL;
  }
  if (entry_push(&e, PyUnicode_AsUTF8(f->name)) < 0)
    return NULL;
  Py_INCREF(self);
  if (cycles_are_due())
    cycles_collect(&e);
  if (e.home) {
    c.for_r = e.home->calls_r;
    e.home->calls_r = false;
  }
  innermost = &c;
  origins_begin(&origins);
  if (guarded(&e, call_body, &c) < 0)
    c.status = -1;
  origins_end(&origins);
  innermost = c.outer;
  PyObject *exception = py_take_exception(); /* hidden from the destructors that run below */
  if (c.status < 0) {
    scope_abandon(&c.scope);
    Py_CLEAR(c.result);
  }
  entry_pop(&e);
  origins_drop(&origins);
  py_set_exception(exception);
  Py_DECREF(self);
  return c.result;
}

/* ---- the type ---- */

typedef struct {
  Function *f;
  PyObject *r_names;
} Naming;

static void name_symbols(void *arg) {
  Naming *n = arg;
  const char *name = PyUnicode_AsUTF8(n->f->name);
  n->f->symbol = r_sym(name && *name ? name : "f");
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(n->r_names); i++) {
    const char *text = PyUnicode_AsUTF8(PyTuple_GET_ITEM(n->r_names, i));
    n->f->symbols[i] = r_sym(text ? text : "x");
  }
}

static int set_up(Function *f, PyObject *r_names) {
  Naming naming = {f, r_names};
  if (PyTuple_GET_SIZE(r_names) != PyTuple_GET_SIZE(f->params)) {
    PyErr_SetString(PyExc_ValueError, "params and r_names differ in length");
    return -1;
  }
  f->symbols = calloc((size_t)PyTuple_GET_SIZE(r_names) + 1, sizeof(SEXP));
  if (!f->symbols) {
    PyErr_NoMemory();
    return -1;
  }
  return in_r("a function's names", name_symbols, &naming);
}

static PyObject *function_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static char *keys[] = {"closure",   "name",     "params",       "r_names",   "positional",
                         "class_env", "receiver", "index_name",   "index_at",  "shares",
                         "merges",    "convert",  "returns_none", "as_handle", "defaults",
                         "holds",     NULL};
  PyObject *closure, *class_env = Py_None, *name, *params, *r_names, *defaults = NULL;
  PyObject *index_name = Py_None, *shares = NULL, *shared_name = NULL;
  int receiver = NO_RECEIVER, index_at = 0, merges = 0, convert = 1, none = 0, as_handle = 0;
  int holds = 0;
  Py_ssize_t positional = 0, shared_at = -1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!UO!O!|nOiOiO!ppppO!p", keys, &HandleType,
                                   &closure, &name, &PyTuple_Type, &params, &PyTuple_Type, &r_names,
                                   &positional, &class_env, &receiver, &index_name, &index_at,
                                   &PyTuple_Type, &shares, &merges, &convert, &none, &as_handle,
                                   &PyTuple_Type, &defaults, &holds))
    return NULL;
  if (shares && PyTuple_GET_SIZE(shares) &&
      !PyArg_ParseTuple(shares, "Un", &shared_name, &shared_at))
    return NULL;
  if (class_env != Py_None && !PyObject_TypeCheck(class_env, &HandleType)) {
    PyErr_SetString(PyExc_TypeError, "class_env must be a handle of an R environment");
    return NULL;
  }
  Function *f = (Function *)type->tp_alloc(type, 0);
  if (!f)
    return NULL;
  f->vectorcall = function_call;
  f->closure = Py_NewRef(closure);
  f->class_env = class_env == Py_None ? NULL : Py_NewRef(class_env);
  f->name = Py_NewRef(name);
  f->params = Py_NewRef(params);
  f->defaults = defaults ? Py_NewRef(defaults) : PyTuple_New(0);
  f->positional = positional;
  f->receiver = (Receiver)receiver;
  f->index_name = index_name == Py_None ? NULL : Py_NewRef(index_name);
  f->index_at = index_at;
  f->shared_name = Py_XNewRef(shared_name);
  f->shared_at = shared_at;
  f->merges = merges;
  f->convert = convert;
  f->returns_none = none;
  f->as_handle = as_handle;
  f->holds = holds;
  if (set_up(f, r_names) < 0)
    Py_CLEAR(f);
  return (PyObject *)f;
}

static int function_traverse(Function *f, visitproc visit, void *arg) {
  Py_VISIT(f->closure);
  Py_VISIT(f->class_env);
  Py_VISIT(f->compiled);
  Py_VISIT(f->defaults);
  return 0;
}

static int function_clear(Function *f) {
  Py_CLEAR(f->closure);
  Py_CLEAR(f->class_env);
  Py_CLEAR(f->compiled);
  return 0;
}

static void function_dealloc(Function *f) {
  PyObject_GC_UnTrack(f);
  function_clear(f);
  Py_CLEAR(f->name);
  Py_CLEAR(f->params);
  Py_CLEAR(f->defaults);
  Py_CLEAR(f->index_name);
  Py_CLEAR(f->shared_name);
  Py_CLEAR(f->known.reference);
  if (f->last.cell)
    preserve_release(f->last.cell);
  free(f->symbols);
  Py_TYPE(f)->tp_free((PyObject *)f);
}

static PyMemberDef function_members[] = {
    {"closure", T_OBJECT, offsetof(Function, closure), READONLY, "The R closure, a handle."},
    {"class_env", T_OBJECT, offsetof(Function, class_env), READONLY, "Its class environment."},
    {"__name__", T_OBJECT, offsetof(Function, name), READONLY, NULL},
    {0}};

PyTypeObject FunctionType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pyclass_bridge._core.Function",
    .tp_doc = "An R closure with the facts that Python needs to call it.",
    .tp_basicsize = sizeof(Function),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = function_new,
    .tp_dealloc = (destructor)function_dealloc,
    .tp_traverse = (traverseproc)function_traverse,
    .tp_clear = (inquiry)function_clear,
    .tp_members = function_members,
    .tp_vectorcall_offset = offsetof(Function, vectorcall),
    .tp_call = PyVectorcall_Call,
};

int function_init(PyObject *module) {
  if (PyType_Ready(&FunctionType) < 0)
    return -1;
  cell_owner(&FunctionType, offsetof(Function, last.cell));
  return PyModule_AddObjectRef(module, "Function", (PyObject *)&FunctionType);
}
