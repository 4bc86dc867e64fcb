/* Python calls R: the type `Function`, an R closure with what Python must know to call it.
 *
 * Owns: handles of the closure, of its compiled form and of its class environment. Threads: any;
 * a call is one entry. Jumps: none; the body of the call runs under a guard. */

#include "method.h"
#include <structmember.h>

#define COMPILE_AT_CALL 3

typedef enum { NO_RECEIVER, SELF_RECEIVER, CLASS_RECEIVER } Receiver;

typedef struct {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject *closure, *class_env, *compiled; /* Handles; the last two may be NULL */
  PyObject *name;                           /* str */
  PyObject *params;                         /* tuple of str, as Python calls them */
  PyObject *defaults;                       /* tuple: Python's default of each, or `missing` */
  SEXP symbol;                              /* R's name of the function */
  SEXP *symbols;                            /* R's names of the parameters */
  Py_ssize_t positional;                    /* how many of them are filled by position */
  Receiver receiver;
  PyObject *index_name; /* of what R counts from 1; else NULL */
  int index_at;         /* its place among the parameters; -1 if it can only be in `...` */
  int logs_at;          /* the place of what a returned list is merged into, or -1 */
  int convert, returns_none, as_handle;
  unsigned calls;
  Parts kept;  /* of the last call of a method */
  Known known; /* its instance */
} Function;

typedef struct {
  Function *f;
  PyObject *const *args;
  Py_ssize_t n;
  PyObject *kwnames;
  Entry *entry;
  Scope scope;
  PyObject *result;
  int status;
} Call;

/* ---- arguments ---- */

static SEXP quoted(SEXP x) {
  if (TYPEOF(x) != SYMSXP && TYPEOF(x) != LANGSXP && TYPEOF(x) != PROMSXP)
    return x;
  PROTECT(x);
  SEXP args = PROTECT(r_cons(x, R_NilValue));
  SEXP out = r_lcons(R_QuoteSymbol, args);
  UNPROTECT(2);
  return out;
}

/* Python counts from 0, R from 1. */
static SEXP shifted(SEXP x) {
  if (XLENGTH(x) != 1 || r_has_attributes(x))
    return x;
  if (TYPEOF(x) == INTSXP && INTEGER_ELT(x, 0) < INT32_MAX)
    return r_int(INTEGER_ELT(x, 0) + 1);
  return TYPEOF(x) == REALSXP ? r_dbl(REAL_ELT(x, 0) + 1) : x;
}

static SEXP argument(Call *c, bool is_index, PyObject *o) {
  int overflow = 0;
  long i = is_index && PyLong_CheckExact(o) ? PyLong_AsLongAndOverflow(o, &overflow) : INT32_MAX;
  if (i < INT32_MAX && i > INT32_MIN && !overflow)
    return r_int((int)i + 1); /* by the shortest way */
  SEXP x = to_r(o, c->f->convert);
  if (!x)
    return NULL;
  PROTECT(x);
  x = is_index && (TYPEOF(x) == INTSXP || TYPEOF(x) == REALSXP) ? shifted(x) : quoted(x);
  UNPROTECT(1);
  return x;
}

/* The cell after `last` gets an argument: that of the call before, or a new one. */
static SEXP append(SEXP last, SEXP tag, SEXP x) {
  SEXP cell = CDR(last);
  if (cell != R_NilValue) {
    SETCAR(cell, x);
  } else {
    PROTECT(x);
    cell = r_cons(x, R_NilValue);
    SETCDR(last, cell);
    UNPROTECT(1);
  }
  if (TAG(cell) != tag)
    SET_TAG(cell, tag);
  return cell;
}

static Py_ssize_t param_at(Function *f, PyObject *name) {
  Py_ssize_t n = PyTuple_GET_SIZE(f->params);
  for (Py_ssize_t i = 0; i < n; i++)
    if (PyTuple_GET_ITEM(f->params, i) == name)
      return i;
  for (Py_ssize_t i = 0; i < n; i++)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(f->params, i), name) == 0)
      return i;
  return -1;
}

static bool is_index(Function *f, Py_ssize_t at, PyObject *name) {
  if (!f->index_name)
    return false;
  return at >= 0 ? at == f->index_at : name && PyUnicode_Compare(f->index_name, name) == 0;
}

/* R evaluates a default itself: lazily, and so that missing() is right. A builtin has none. */
static bool left_to_r(Function *f, Py_ssize_t at, PyObject *o) {
  if (o == py.missing)
    return true;
  return at >= 0 && at < PyTuple_GET_SIZE(f->defaults) && o == PyTuple_GET_ITEM(f->defaults, at) &&
         !is_index(f, at, NULL) && TYPEOF(((Handle *)f->closure)->value) == CLOSXP;
}

static SEXP keyword_symbol(Function *f, Py_ssize_t at, PyObject *name) {
  const char *text = PyUnicode_AsUTF8(name);
  if (at >= 0)
    return f->symbols[at];
  return text ? r_sym(text) : NULL;
}

/* Are there keywords for `...`? R would take one for the argument whose name begins with it. */
static bool has_other_keywords(Call *c) {
  Py_ssize_t n = c->kwnames ? PyTuple_GET_SIZE(c->kwnames) : 0;
  for (Py_ssize_t i = 0; i < n; i++)
    if (param_at(c->f, PyTuple_GET_ITEM(c->kwnames, i)) < 0)
      return true;
  return false;
}

/* By position: one that is left to R is an empty argument, unless nothing follows it. With
 * keywords for `...` every argument has its name. NULL with a Python exception. */
static SEXP add_positional(Call *c, SEXP last, bool named) {
  Function *f = c->f;
  Py_ssize_t first = f->receiver != NO_RECEIVER, empty = 0;
  for (Py_ssize_t i = 0; i < c->n - first; i++) {
    PyObject *o = c->args[first + i];
    Py_ssize_t at = i < f->positional ? i : -1;
    bool left = left_to_r(f, at, o);
    if (left && !named) {
      empty++;
      continue;
    }
    for (; empty > 0; empty--)
      last = append(last, R_NilValue, R_MissingArg);
    SEXP x = left ? R_MissingArg : argument(c, is_index(f, i, NULL), o);
    if (!x)
      return NULL;
    last = append(last, named && at >= 0 ? f->symbols[at] : R_NilValue, x);
  }
  return last;
}

static SEXP add_keywords(Call *c, SEXP last, bool named) {
  Function *f = c->f;
  Py_ssize_t n = c->kwnames ? PyTuple_GET_SIZE(c->kwnames) : 0;
  for (Py_ssize_t i = 0; i < n && last; i++) {
    PyObject *name = PyTuple_GET_ITEM(c->kwnames, i), *o = c->args[c->n + i];
    Py_ssize_t at = param_at(f, name);
    bool left = left_to_r(f, at, o);
    if (left && !named)
      continue;
    SEXP tag = keyword_symbol(f, at, name);
    SEXP x = !tag ? NULL : left ? R_MissingArg : argument(c, is_index(f, at, name), o);
    last = x ? append(last, tag, x) : NULL;
  }
  return last;
}

static int add_arguments(Call *c, SEXP call) {
  bool named = has_other_keywords(c);
  SEXP last = add_positional(c, call, named);
  last = last ? add_keywords(c, last, named) : NULL;
  if (last && CDR(last) != R_NilValue)
    SETCDR(last, R_NilValue);
  return last ? 0 : -1;
}

/* ---- the function ---- */

static void compile(Function *f) {
  SEXP closure = ((Handle *)f->closure)->value;
  SEXP has_self = PROTECT(Rf_ScalarLogical(f->receiver == SELF_RECEIVER));
  SEXP args = PROTECT(r_cons(has_self, R_NilValue));
  SEXP call = PROTECT(r_lcons(r_sym("compile_method"), PROTECT(r_cons(closure, args))));
  SEXP compiled = PROTECT(r_eval(call, r.ns));
  f->compiled = handle_new(compiled);
  if (!f->compiled)
    PyErr_Clear();
  if (f->kept.cell) /* made of the closure as it was written */
    preserve_release(f->kept.cell);
  f->kept.cell = NULL;
  UNPROTECT(5);
}

/* As it was written, `self$x <- v` makes R copy a callable `self`, and the copy, though nothing holds
 * it, counts as a holder until R collects: so a method of a callable is compiled at once. */
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

bool result_is_quiet;

static PyObject *given_logs(Call *c) {
  Py_ssize_t at = c->f->logs_at, first = c->f->receiver != NO_RECEIVER;
  if (at + first < c->n)
    return c->args[at + first];
  Py_ssize_t n = c->kwnames ? PyTuple_GET_SIZE(c->kwnames) : 0;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *name = PyTuple_GET_ITEM(c->kwnames, i);
    Py_ssize_t param = param_at(c->f, name);
    if (param == at || (param < 0 && PyUnicode_CompareWithASCIIString(name, "logs") == 0))
      return c->args[c->n + i];
  }
  return NULL;
}

/* A visible named list goes into the logs that all callbacks share. */
static int merge_logs(Call *c, SEXP value) {
  PyObject *logs = given_logs(c), *more = NULL;
  if (TYPEOF(value) != VECSXP || Rf_isObject(value) || !logs || !PyDict_Check(logs) ||
      Rf_getAttrib(value, R_NamesSymbol) == R_NilValue)
    return 0;
  int status = to_python(value, FOR_CALL, &more);
  if (status == 0 && PyDict_Check(more))
    status = PyDict_Update(logs, more);
  Py_XDECREF(more);
  return status;
}

static int take_result(Call *c, SEXP value, bool visible) {
  Function *f = c->f;
  result_is_quiet = !visible;
  if (f->logs_at >= 0 && visible && merge_logs(c, value) < 0)
    return -1;
  if (f->returns_none) {
    c->result = Py_NewRef(Py_None);
    return 0;
  }
  if (f->as_handle) {
    c->result = handle_new(value);
    return c->result ? 0 : -1;
  }
  return to_python(value, FOR_CALL, &c->result);
}

static void call_body(void *arg) {
  Call *c = arg;
  c->status = -1;
  if (enter(c) < 0)
    return;
  SEXP frame = PROTECT(c->scope.parts.frame), call = PROTECT(c->scope.parts.call);
  if (add_arguments(c, call) == 0) {
    entry_release_gil(c->entry);
    SEXP value = PROTECT(r_eval(call, frame));
    bool visible = R_Visible;
    entry_take_gil(c->entry);
    c->status = take_result(c, value, visible);
    UNPROTECT(1);
  }
  if (c->status == 0)
    scope_leave(&c->scope);
  UNPROTECT(2);
}

static PyObject *function_call(PyObject *self, PyObject *const *args, size_t nargsf,
                               PyObject *kwnames) {
  Function *f = (Function *)self;
  Entry e;
  Call c = {.f = f,
            .args = args,
            .n = PyVectorcall_NARGS(nargsf),
            .kwnames = kwnames,
            .entry = &e,
            .scope = {.kept = &f->kept, .known = &f->known}};
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
  if (guarded(&e, call_body, &c) < 0)
    c.status = -1;
  PyObject *exception = py_take_exception(); /* what runs from here on must not see it */
  if (c.status < 0) {
    scope_abandon(&c.scope);
    Py_CLEAR(c.result);
  }
  entry_pop(&e);
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
  static char *keys[] = {"closure",   "name",         "params",     "r_names",  "positional",
                         "class_env", "receiver",     "index_name", "index_at", "logs_at",
                         "convert",   "returns_none", "as_handle",  "defaults", NULL};
  PyObject *closure, *class_env = Py_None, *name, *params, *r_names, *defaults = NULL;
  PyObject *index_name = Py_None;
  int receiver = NO_RECEIVER, index_at = 0, logs_at = -1, convert = 1, none = 0, as_handle = 0;
  Py_ssize_t positional = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!UO!O!|nOiOiipppO!", keys, &HandleType, &closure,
                                   &name, &PyTuple_Type, &params, &PyTuple_Type, &r_names,
                                   &positional, &class_env, &receiver, &index_name, &index_at,
                                   &logs_at, &convert, &none, &as_handle, &PyTuple_Type, &defaults))
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
  f->logs_at = logs_at;
  f->convert = convert;
  f->returns_none = none;
  f->as_handle = as_handle;
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
  Py_CLEAR(f->known.reference);
  if (f->kept.cell)
    preserve_release(f->kept.cell);
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
    .tp_doc = "An R closure with what Python must know to call it.",
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
  return PyModule_AddObjectRef(module, "Function", (PyObject *)&FunctionType);
}
