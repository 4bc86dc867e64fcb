/* The module `_core`: the core's functions for Python, and its start, at which Python and R give it
 * the functions that it calls.
 *
 * Owns: one reference to each object of `py`, and the dict of the handles in `r`, for the life of
 * the process. Threads: with the GIL. Jumps: never; R code runs through in_r(). */

#include "core.h"

/* ---- fault points ---- */

static PyObject *set_fault(PyObject *self, PyObject *arg) {
  long n = PyLong_AsLong(arg);
  if (n == -1 && PyErr_Occurred())
    return NULL;
  return PyLong_FromLong(fault_set((int)n));
}

/* ---- evaluation of text; R functions are called through Function ---- */

typedef struct {
  const char *text;
  PyObject *result;
} Evaluation;

static void evaluate_body(void *arg) {
  Evaluation *e = arg;
  ParseStatus status;
  SEXP text = PROTECT(r_chr(PROTECT(r_char(e->text, (int)strlen(e->text)))));
  SEXP code = PROTECT(r_parse(text, &status)), value = R_NilValue;
  if (status != PARSE_OK)
    r_error("the code does not parse");
  for (R_xlen_t i = 0; i < XLENGTH(code); i++)
    value = r_eval(VECTOR_ELT(code, i), R_GlobalEnv);
  PROTECT(value);
  e->result = handle_new(value);
  UNPROTECT(4);
}

static PyObject *evaluate(PyObject *self, PyObject *arg) {
  Evaluation e = {.text = PyUnicode_AsUTF8(arg)};
  if (!e.text || in_r("code", evaluate_body, &e) < 0)
    return NULL;
  return e.result;
}

/* ---- conversion on request ---- */

typedef struct {
  PyObject *in, *out;
  Crossing crossing;
  int status;
} Conversion;

static void to_r_body(void *arg) {
  Conversion *c = arg;
  SEXP x = to_r(c->in, true);
  if (x) {
    PROTECT(x);
    c->out = handle_new(x);
    UNPROTECT(1);
  }
}

static PyObject *py_to_r(PyObject *self, PyObject *o) {
  Conversion c = {.in = o};
  if (in_r("to_r", to_r_body, &c) < 0)
    Py_CLEAR(c.out);
  return c.out;
}

static void to_python_body(void *arg) {
  Conversion *c = arg;
  c->status = to_python(((Handle *)c->in)->value, c->crossing, &c->out);
}

static PyObject *py_to_python(PyObject *self, PyObject *args) {
  Conversion c = {.status = 0};
  int crossing = FOR_CALL;
  if (!PyArg_ParseTuple(args, "O!|i", &HandleType, &c.in, &crossing))
    return NULL;
  c.crossing = (Crossing)crossing;
  if (in_r("to_python", to_python_body, &c) < 0 || c.status < 0)
    Py_CLEAR(c.out);
  return c.out;
}

static void elements_body(void *arg) {
  Conversion *c = arg;
  c->status = to_python_with_none(((Handle *)c->in)->value, &c->out);
}

static PyObject *elements(PyObject *self, PyObject *handle) {
  Conversion c = {.in = handle};
  if (!PyObject_TypeCheck(handle, &HandleType))
    return PyErr_Format(PyExc_TypeError, "a handle of a vector is needed");
  if (in_r("elements", elements_body, &c) < 0 || c.status < 0)
    Py_CLEAR(c.out);
  return c.out;
}

typedef struct {
  const char *type;
  Py_ssize_t n;
  PyObject *in, *dim, *out;
} Vector;

static void set_dim(SEXP x, PyObject *sizes) {
  R_xlen_t n = PyTuple_GET_SIZE(sizes);
  SEXP dim = PROTECT(r_alloc(INTSXP, n));
  for (R_xlen_t i = 0; i < n; i++)
    INTEGER(dim)[i] = (int)PyLong_AsLong(PyTuple_GET_ITEM(sizes, i));
  if (n > 0)
    r_set_attr(x, R_DimSymbol, dim);
  UNPROTECT(1);
}

static void vector_body(void *arg) {
  Vector *v = arg;
  SEXP x = PROTECT(r_alloc(r_type_of_name(v->type), v->n));
  set_dim(x, v->dim);
  v->out = handle_new(x);
  UNPROTECT(1);
}

/* Its numbers are not set; `Memory(handle, True)` is the place to write them to. */
static PyObject *vector(PyObject *self, PyObject *args) {
  Vector v = {.type = NULL};
  if (!PyArg_ParseTuple(args, "snO!", &v.type, &v.n, &PyTuple_Type, &v.dim))
    return NULL;
  if (in_r("an R vector", vector_body, &v) < 0)
    Py_CLEAR(v.out);
  return v.out;
}

static void texts_body(void *arg) {
  Vector *v = arg;
  SEXP x = texts_to_r(v->in);
  PROTECT(x ? x : R_NilValue);
  if (x)
    set_dim(x, v->dim);
  v->out = x ? handle_new(x) : Py_NewRef(Py_None);
  UNPROTECT(1);
}

static PyObject *texts(PyObject *self, PyObject *args) {
  Vector v = {.type = NULL};
  if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &v.in, &PyTuple_Type, &v.dim))
    return NULL;
  if (in_r("an R character vector", texts_body, &v) < 0)
    Py_CLEAR(v.out);
  return v.out;
}

/* ---- rpy2 ---- */

static void adopt_body(void *arg) {
  Conversion *c = arg;
  SEXP x = PyLong_AsVoidPtr(c->in);
  c->out = x ? handle_new(x) : NULL;
}

/* The value at an address that rpy2 holds. */
static PyObject *adopt(PyObject *self, PyObject *address) {
  Conversion c = {.in = address};
  if (in_r("an rpy2 value", adopt_body, &c) < 0)
    Py_CLEAR(c.out);
  if (!c.out && !PyErr_Occurred())
    PyErr_SetString(PyExc_ValueError, "no R value is at the address 0");
  return c.out;
}

static PyObject *foreign_enter(PyObject *self, PyObject *unused) {
  Entry *e = malloc(sizeof *e);
  if (!e)
    return PyErr_NoMemory();
  if (entry_push(e, "rpy2") < 0) {
    free(e);
    return NULL;
  }
  e->foreign = true;
  Py_RETURN_NONE;
}

/* Also rpy2's `__exit__`, whose arguments it ignores. */
static PyObject *foreign_exit(PyObject *self, PyObject *unused) {
  Entry *e = entry_mine();
  if (!e || !e->foreign) {
    PyErr_SetString(PyExc_RuntimeError,
                    "rpy2's lock was released by a thread that does not hold it");
    return NULL;
  }
  entry_pop(e);
  free(e);
  Py_RETURN_NONE;
}

/* foreign_call(function, *args): calls a function of rpy2 in one entry, which it pops also after an
 * exception. */
static PyObject *foreign_call(PyObject *self, PyObject *const *args, Py_ssize_t n) {
  if (n == 0) {
    PyErr_SetString(PyExc_TypeError, "foreign_call() needs a function");
    return NULL;
  }
  PyObject *entered = foreign_enter(self, NULL);
  if (!entered)
    return NULL;
  Py_DECREF(entered);
  PyObject *result = PyObject_Vectorcall(args[0], args + 1, (size_t)(n - 1), NULL);
  PyObject *exception = py_take_exception();
  Py_XDECREF(foreign_exit(self, NULL));
  if (exception)
    py_set_exception(exception);
  return result;
}

static PyObject *find_shared_argument(PyObject *self, PyObject *args) {
  PyObject *receiver, *method;
  if (!PyArg_ParseTuple(args, "OU", &receiver, &method))
    return NULL;
  PyObject *found = shared_argument(receiver, method);
  return Py_NewRef(found ? found : Py_None);
}

static PyObject *is_free(PyObject *self, PyObject *unused) {
  return PyBool_FromLong(entry_is_free());
}

static PyObject *is_forked_by_python(PyObject *self, PyObject *unused) {
  return PyBool_FromLong(!fork_is_rs() && !entry_is_refused());
}

static PyObject *begin_exit(PyObject *self, PyObject *unused) {
  entry_exit();
  Py_RETURN_NONE;
}

/* ---- start ---- */

static const struct {
  const char *name;
  PyObject **place;
} python_places[] = {{"handle_type", &py.handle_type},
                     {"from_r", &py.from_r},
                     {"from_error_text", &py.from_error_text},
                     {"remember_error", &py.remember_error},
                     {"jump_type", &py.jump_type},
                     {"error_type", &py.error_type},
                     {"converter_of", &py.converter_of},
                     {"by_method", &py.by_method},
                     {"convert_array", &py.convert_array},
                     {"convert_classed", &py.convert_classed},
                     {"make_function", &py.make_function},
                     {"class_names", &py.class_names},
                     {"super_type", &py.super_type},
                     {"make_private", &py.make_private},
                     {"private_table", &py.private_table},
                     {"from_hook", &py.from_hook},
                     {"argument_names", &py.argument_names},
                     {"write_console", &py.write_console},
                     {"has_terminal", &py.has_terminal},
                     {"report_wait", &py.report_wait},
                     {"missing_attribute", &py.missing_attribute},
                     {"last_module", &py.last_module},
                     {"missing", &py.missing}};

static void init_body(void *unused) {
  r.sym_proxy = r_sym("proxy");
  r.sym_proxy_unconverted = r_sym("proxy_unconverted");
  r.sym_pointer = r_sym(".proxy");
  r.sym_self = r_sym("self");
  r.sym_super = r_sym("super");
  r.sym_private = r_sym("private");
  r.sym_cls = r_sym("cls");
  r.guard_env = R_BaseEnv;
  preserve_init();
  pointer_init();
  proxy_init();
  names_init();
}

/* The current thread may be another one: any thread may import the package. */
static unsigned long id_of_main_thread(void) {
  PyObject *threading = PyImport_ImportModule("threading");
  PyObject *thread = threading ? PyObject_CallMethod(threading, "main_thread", NULL) : NULL;
  PyObject *ident = thread ? PyObject_GetAttrString(thread, "ident") : NULL;
  unsigned long id = ident ? PyLong_AsUnsignedLong(ident) : 0;
  Py_XDECREF(ident);
  Py_XDECREF(thread);
  Py_XDECREF(threading);
  return id;
}

static int start_core(void) {
  unsigned long main = id_of_main_thread();
  if (PyErr_Occurred())
    return -1;
  entry_init(main);
  if (fork_init() != 0) {
    PyErr_SetString(PyExc_RuntimeError, "the fork handlers could not be set");
    return -1;
  }
  if (in_r("start", init_body, NULL) < 0)
    return -1;
  interrupt_init();
  if (host_is_r())
    return host_init();
  output_init();
  return 0;
}

/* attach(**places): stores what Python gives in `py`, and starts the core. */
static PyObject *attach(PyObject *self, PyObject *args, PyObject *kwargs) {
  for (size_t i = 0; i < sizeof python_places / sizeof *python_places; i++) {
    PyObject *o = kwargs ? PyDict_GetItemString(kwargs, python_places[i].name) : NULL;
    if (!o)
      return PyErr_Format(PyExc_TypeError, "attach() lacks %s", python_places[i].name);
    Py_XSETREF(*python_places[i].place, Py_NewRef(o));
  }
  if (start_core() < 0)
    return NULL;
  Py_RETURN_NONE;
}

static PyObject *define_symbols(PyObject *self, PyObject *env) {
  if (!PyObject_TypeCheck(env, &HandleType))
    return PyErr_Format(PyExc_TypeError, "an environment's handle is needed");
  if (in_r("native symbols", (GuardBody)define_primitives, ((Handle *)env)->value) < 0)
    return NULL;
  Py_RETURN_NONE;
}

/* attach_r(dict of handles): stores what R gives in `r`. The core never releases the dict. */
static PyObject *attach_r(PyObject *self, PyObject *handles) {
  const struct {
    const char *name;
    SEXP *place;
  } places[] = {{"ns", &r.ns},
                {"chained_call", &r.chained_call},
                {"stacks_call", &r.stacks_call},
                {"isolated_call", &r.isolated_call},
                {"abort_call", &r.abort_call},
                {"cat_call", &r.cat_call},
                {"hides_call", &r.hides_call},
                {"guard_env", &r.guard_env},
                {"classed_value", &r.classed_value},
                {"methods", &r.methods},
                {"super_model", &r.super_model}};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    PyObject *h = PyDict_GetItemString(handles, places[i].name);
    if (!h || !PyObject_TypeCheck(h, &HandleType))
      return PyErr_Format(PyExc_TypeError, "attach_r() lacks %s", places[i].name);
    *places[i].place = ((Handle *)h)->value;
  }
  PyObject *callable = PyDict_GetItemString(handles, "callable");
  PyObject *super = PyDict_GetItemString(handles, "super");
  if (!callable || !super)
    return PyErr_Format(PyExc_TypeError, "attach_r() lacks callable or super");
  r.callable_formals = r_formals(((Handle *)callable)->value);
  r.callable_body = r_body(((Handle *)callable)->value);
  r.super_formals = r_formals(((Handle *)super)->value);
  r.super_body = r_body(((Handle *)super)->value);
  Py_INCREF(handles);
  Py_RETURN_NONE;
}

/* ---- garbage in a circle ---- */

/* Python's collector may run at any allocation, also in the middle of the core's work: then the
 * search is left to the next call of R, as it is when another thread uses R, or when this thread or
 * this process must not. */
static PyObject *collect_cycles(PyObject *self, PyObject *unused) {
  Entry e;
  Py_ssize_t released = 0;
  cycles_are_wished = true;
  if (entry_is_free() && !entry_is_refused() && !entry_mine() && !py_is_finalizing()) {
    if (entry_push(&e, "the search for cycles") < 0)
      return NULL;
    released = cycles_collect(&e);
    entry_pop(&e);
  }
  return PyLong_FromSsize_t(released);
}

/* ---- counters ---- */

static PyObject *counters(PyObject *self, PyObject *unused) {
  return Py_BuildValue("{slslsi}", "handles", preserve_live, "proxies", pointer_live,
                       "protect_depth", R_PPStackTop);
}

static PyMethodDef methods[] = {
    {"attach", (PyCFunction)(void (*)(void))attach, METH_VARARGS | METH_KEYWORDS,
     "Give the core the Python functions and types that it uses, and start it."},
    {"attach_r", attach_r, METH_O, "Give the core the R functions and environments that it uses."},
    {"define_symbols", define_symbols, METH_O, "Define the native symbols in an environment."},
    {"evaluate", evaluate, METH_O, "Evaluate R code given as text; a handle of the last value."},
    {"to_r", py_to_r, METH_O, "A handle of the R value for a Python object."},
    {"to_python", py_to_python, METH_VARARGS,
     "The Python object for a handle's value: in a call, or FOR_STORING, FOR_HOLDING."},
    {"elements", elements, METH_O, "The list of an atomic vector's elements, with None for NA."},
    {"vector", vector, METH_VARARGS, "A new R vector of a type, length and dim, not yet filled."},
    {"texts", texts, METH_VARARGS,
     "A character vector of a list of str and None (NA); None if R can't hold one of them."},
    {"adopt", adopt, METH_O, "A handle of the R value at an address."},
    {"foreign_enter", foreign_enter, METH_NOARGS, "Push an entry for rpy2 on this thread."},
    {"foreign_exit", foreign_exit, METH_VARARGS, "Pop the entry of rpy2."},
    {"foreign_call", (PyCFunction)(void (*)(void))foreign_call, METH_FASTCALL,
     "Call a function of rpy2 in an entry."},
    {"is_free", is_free, METH_NOARGS, "Could this thread use R now, without waiting?"},
    {"is_forked_by_python", is_forked_by_python, METH_NOARGS,
     "In a forked child: may R be used here, and is the fork Python's, not R's own?"},
    {"begin_exit", begin_exit, METH_NOARGS,
     "Let nobody wait long for R: the main thread has ended its code."},
    {"shared_argument", find_shared_argument, METH_VARARGS,
     "The argument that the innermost R method of this object and name shares, or None."},
    {"collect_cycles", collect_cycles, METH_NOARGS,
     "Release the objects that only R holds, and that hold these R values; how many proxies did."},
    {"condition_facts", condition_facts, METH_O,
     "What a condition says, without R code: lines of its message, class, name of its call."},
    {"host_write", host_write, METH_VARARGS, "Write text to R's console: stdout or stderr."},
    {"host_watch", host_watch, METH_NOARGS,
     "See to what waits for R's top level, and to interrupts that R has seen."},
    {"host_call_on_main", host_call_on_main, METH_O,
     "Let the main thread call the function, when it is wanted and comes by: at R's prompt, "
     "between "
     "Python's steps, and before it goes back to R."},
    {"host_want_main", host_want_main, METH_NOARGS, "The main thread is to call that function."},
    {"counters", counters, METH_NOARGS, "Live handles and proxies; R's protect depth."},
    {"set_fault", set_fault, METH_O,
     "Make the n-th fault point from now fail (0: none, -1: count); return how many were passed."},
    {0}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = "The native crossing between Python and R.",
    .m_size = -1,
    .m_methods = methods,
};

/* R finds these words in the file before it loads the core (start/probe.py). */
#define BUILT_MARK "pyclass_bridge built for R "
static const char built_for[] = BUILT_MARK R_MAJOR "." R_MINOR;

PyMODINIT_FUNC PyInit__core(void) {
  PyObject *module = PyModule_Create(&definition);
  if (!module || host_offer(module) < 0 || marks_init() < 0 || handle_init(module) < 0 ||
      memory_init(module) < 0 || function_init(module) < 0 ||
      PyModule_AddIntConstant(module, "FOR_STORING", FOR_STORING) < 0 ||
      PyModule_AddIntConstant(module, "FOR_HOLDING", FOR_HOLDING) < 0 ||
      PyModule_AddStringConstant(module, "BUILT_FOR", built_for + sizeof BUILT_MARK - 1) < 0)
    return NULL;
  return module;
}
