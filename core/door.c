/* What R calls: attributes and calls of Python objects, and the few primitives from which the R
 * side builds the rest.
 *
 * Owns: the Python references of a visit, freed when it ends and by `drop_visit` when R jumps out
 * of it. Threads: inside an entry; each visit takes the GIL itself. Jumps: every routine may, by
 * R's own ways, after it has given up the GIL and its references. */

#include "core.h"
#include <stddef.h>
#include <string.h>

#define ON_STACK 8

typedef struct {
  Door door;
  PyObject *result;
  bool convert, must_proxy, failed;
  SEXP x; /* the value to convert to Python, or the pairlist of arguments */
  Crossing crossing;
  PyObject **args; /* converted arguments; args[-1] is scratch for vectorcall */
  Py_ssize_t n, n_named;
  PyObject *names;
  PyObject *storage[ON_STACK + 1];
} Visit;

static void open_visit(Visit *v) {
  memset(v, 0, offsetof(Visit, storage));
  v->args = v->storage + 1;
  v->convert = true;
  door_open(&v->door);
}

static void drop_visit(Visit *v) {
  Py_CLEAR(v->result);
  for (Py_ssize_t i = 0; i < v->n; i++)
    Py_CLEAR(v->args[i]);
  v->n = 0;
  Py_CLEAR(v->names);
  if (v->args != v->storage + 1)
    PyMem_Free(v->args - 1);
  v->args = v->storage + 1;
}

static void drop_on_jump(void *arg, Rboolean jump) {
  if (!jump)
    return;
  Visit *v = arg;
  if (v->door.entry) /* a method of the user's that converts runs without the GIL */
    entry_take_gil(v->door.entry);
  drop_visit(v);
  PyErr_Clear();
  door_close(&v->door);
}

NO_RETURN static void fail(Visit *v) {
  drop_visit(v);
  door_raise(&v->door);
}

/* What a body gives when Python has an exception for it. */
static SEXP failure(Visit *v) {
  v->failed = true;
  return R_NilValue;
}

/* Runs what may jump; a Python exception of it ends the visit. The token would keep the result until
 * the next visit, and the instance it belongs to with it. */
static SEXP in_visit(Visit *v, SEXP (*body)(void *)) {
  SEXP token = guard_token();
  SEXP x = R_UnwindProtect(body, v, drop_on_jump, v, token);
  if (token)
    SETCAR(token, R_NilValue);
  if (v->failed)
    fail(v);
  return x;
}

/* ---- results ---- */

/* A hook that counts from 1 for R takes R's numbers when R calls it. */
static PyObject *counted_from_one(PyObject *o) {
  PyObject *f = PyMethod_Check(o) ? PyMethod_GET_FUNCTION(o) : o;
  const char *name =
      PyFunction_Check(f) ? PyUnicode_AsUTF8(((PyFunctionObject *)f)->func_name) : NULL;
  if (!name || strncmp(name, "on_", 3) != 0)
    return o;
  PyObject *out = call_python(py.from_hook, o, NULL);
  Py_DECREF(o);
  return out;
}

static SEXP result_to_r(void *arg) {
  Visit *v = arg;
  SEXP x = v->must_proxy ? proxy_new(v->result, v->convert) : to_r(v->result, v->convert);
  return x ? x : failure(v);
}

/* Ends the visit with v->result: scalars by the shortest way, the rest under a guard. */
static SEXP leave_with_result(Visit *v) {
  PyObject *o = v->result;
  if (o && v->convert && PyFloat_CheckExact(o)) {
    double x = PyFloat_AS_DOUBLE(o);
    drop_visit(v);
    door_close(&v->door);
    return r_dbl(x);
  }
  if (o == Py_None) {
    drop_visit(v);
    door_close(&v->door);
    return R_NilValue;
  }
  if (o)
    o = v->result = counted_from_one(o);
  if (!o)
    fail(v);
  SEXP x = PROTECT(in_visit(v, result_to_r));
  drop_visit(v);
  door_close(&v->door);
  UNPROTECT(1);
  return x;
}

/* ---- attributes ---- */

static PyObject *attribute_name(SEXP name) {
  if (TYPEOF(name) == STRSXP && XLENGTH(name) == 1)
    return python_name(STRING_ELT(name, 0));
  PyErr_SetString(PyExc_TypeError, "the name of an attribute must be one string");
  return NULL;
}

/* A submodule that nobody has imported, or the error with a suggestion. */
static PyObject *missing_attribute(PyObject *o, PyObject *key) {
  PyObject *error = py_take_exception();
  PyObject *out = PyObject_CallFunctionObjArgs(py.missing_attribute, o, key, error, NULL);
  Py_XDECREF(error);
  return out;
}

/* An attribute that no Python code computes, NULL for any other: the entry need not be suspended
 * for it. Same result as PyObject_GetAttr. */
static PyObject *stored_attribute(PyObject *o, PyObject *key) {
  if (Py_TYPE(o)->tp_getattro != PyObject_GenericGetAttr)
    return NULL;
  PyObject *of_type = py_type_lookup(Py_TYPE(o), key);
  if (of_type && Py_TYPE(of_type)->tp_descr_get)
    return NULL;
  PyObject *out = PyObject_GenericGetAttr(o, key);
  if (!out)
    PyErr_Clear();
  return out;
}

static SEXP core_get_attr(SEXP x, SEXP name) {
  Visit v;
  open_visit(&v);
  PyObject *o = proxy_object(x), *key = o ? attribute_name(name) : NULL;
  if (!key)
    fail(&v);
  v.convert = proxy_converts(x);
  if ((v.result = stored_attribute(o, key)))
    return leave_with_result(&v);
  Py_INCREF(o);
  Py_INCREF(key);
  door_leave(&v.door);
  v.result = PyObject_GetAttr(o, key);
  if (!v.result && PyErr_ExceptionMatches(PyExc_AttributeError))
    v.result = missing_attribute(o, key);
  door_back(&v.door);
  Py_DECREF(key);
  Py_DECREF(o);
  return leave_with_result(&v);
}

static SEXP value_to_python(void *arg) {
  Visit *v = arg;
  return to_python(v->x, v->crossing, &v->result) < 0 ? failure(v) : R_NilValue;
}

static bool is_r_defined(PyObject *o) {
  PyObject *mark = PyObject_GetAttrString((PyObject *)Py_TYPE(o), "__r_class__");
  if (!mark)
    PyErr_Clear();
  Py_XDECREF(mark);
  return mark != NULL;
}

/* Numbers by the shortest way; same result as to_python. */
static PyObject *plain_number(SEXP x) {
  if (TYPEOF(x) == REALSXP && XLENGTH(x) == 1 && !r_has_attributes(x))
    return PyFloat_FromDouble(REAL_ELT(x, 0));
  return NULL;
}

static int assign(PyObject *o, PyObject *key, PyObject *value, bool was_proxy) {
  if (was_proxy) { /* R's `self$a$b <- v` assigns self$a too, which may have no setter */
    PyObject *there = PyObject_GetAttr(o, key);
    bool same = there == value;
    Py_XDECREF(there);
    if (same)
      return 0;
    PyErr_Clear();
  }
  return PyObject_SetAttr(o, key, value);
}

/* Returns the value, as an assignment does. `dollar`: `x$name <- value` sets an item of a dict. */
static SEXP set_attr(SEXP x, SEXP name, SEXP value, bool dollar) {
  Visit v;
  open_visit(&v);
  PyObject *o = proxy_object(x), *key = NULL;
  if (!o)
    fail(&v);
  v.x = value;
  bool item = dollar && PyDict_Check(o);
  if (!(v.result = plain_number(value))) {
    v.crossing = !item && is_r_defined(o) ? FOR_KEEPING : FOR_CALL;
    in_visit(&v, value_to_python);
  }
  if (!(key = attribute_name(name)))
    fail(&v);
  bool was_proxy = proxy_is(value);
  Py_INCREF(o);
  Py_INCREF(key);
  door_leave(&v.door);
  int status = item ? PyObject_SetItem(o, key, v.result) : assign(o, key, v.result, was_proxy);
  door_back(&v.door);
  Py_DECREF(key);
  Py_DECREF(o);
  if (status < 0)
    fail(&v);
  drop_visit(&v);
  door_close(&v.door);
  return value;
}

static SEXP core_set_attr(SEXP x, SEXP name, SEXP value) { return set_attr(x, name, value, false); }

/* `self$name <- value` in a method; same result as R's own way through `$<-`. */
static SEXP core_set_self(SEXP value, SEXP x, SEXP name) { return set_attr(x, name, value, true); }

/* ---- calls ---- */

static int make_room(Visit *v) {
  if (v->n <= ON_STACK) {
    memset(v->args, 0, (size_t)v->n * sizeof *v->args);
    return 0;
  }
  PyObject **larger = PyMem_Calloc((size_t)v->n + 1, sizeof(PyObject *));
  if (!larger) {
    v->n = 0;
    PyErr_NoMemory();
    return -1;
  }
  v->args = larger + 1;
  return 0;
}

static int convert_one(Visit *v, SEXP x, Py_ssize_t at) {
  if (x == R_MissingArg) {
    PyErr_Format(PyExc_TypeError, "argument %zd of the call is empty", at + 1);
    return -1;
  }
  return to_python(x, v->crossing, &v->args[at]);
}

/* Positional arguments first, then the named ones, as Python's calls have them. */
static SEXP arguments_to_python(void *arg) {
  Visit *v = arg;
  Py_ssize_t at = 0, named = 0;
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a))
    if (TAG(a) == R_NilValue && convert_one(v, CAR(a), at++) < 0)
      return failure(v);
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a)) {
    if (TAG(a) == R_NilValue)
      continue;
    PyObject *name = python_name(PRINTNAME(TAG(a)));
    if (!name)
      return failure(v);
    PyTuple_SET_ITEM(v->names, named++, Py_NewRef(name));
    if (convert_one(v, CAR(a), at++) < 0)
      return failure(v);
  }
  return R_NilValue;
}

static void count_arguments(Visit *v) {
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a)) {
    v->n++;
    v->n_named += TAG(a) != R_NilValue;
  }
}

/* A function that R made has R's names for its arguments, which Python can't always write. */
static int name_as_python(Visit *v, PyObject *f) {
  if (PyMethod_Check(f))
    f = PyMethod_GET_FUNCTION(f);
  if (!v->names || !PyFunction_Check(f))
    return 0;
  PyObject *names = call_python(py.argument_names, f, v->names);
  if (names)
    Py_SETREF(v->names, names);
  return names ? 0 : -1;
}

/* A callback's `load_state_dict` in R gets the state as it was, so it crosses as what is kept. */
static bool takes_state(PyObject *f) {
  if (!PyMethod_Check(f) || !PyFunction_Check(PyMethod_GET_FUNCTION(f)))
    return false;
  PyObject *name = ((PyFunctionObject *)PyMethod_GET_FUNCTION(f))->func_name;
  return PyUnicode_CompareWithASCIIString(name, "load_state_dict") == 0 &&
         is_r_defined(PyMethod_GET_SELF(f));
}

static SEXP core_quiet(void) { return Rf_ScalarLogical(result_is_quiet); }

/* A type says by `__r_call__` how R calls its instances, when R's ways differ from Python's. */
static PyObject *call_from_r(Visit *v, PyObject *f) {
  static PyObject *name;
  if (!name && !(name = PyUnicode_InternFromString("__r_call__")))
    return NULL;
  size_t positional = (size_t)(v->n - v->n_named);
  PyObject *own = py_type_lookup(Py_TYPE(f), name);
  if (!own)
    return PyObject_Vectorcall(f, v->args, positional | PY_VECTORCALL_ARGUMENTS_OFFSET, v->names);
  Py_INCREF(own);
  PyObject *before = v->args[-1];
  v->args[-1] = f;
  PyObject *out = PyObject_Vectorcall(own, v->args - 1, positional + 1, v->names);
  v->args[-1] = before;
  Py_DECREF(own);
  return out;
}

static SEXP core_call(SEXP args) {
  Visit v;
  open_visit(&v);
  result_is_quiet = false;
  SEXP x = CADR(args);
  PyObject *f = proxy_object(x);
  v.x = CDDR(args);
  if (!f)
    fail(&v);
  count_arguments(&v);
  v.crossing = takes_state(f) ? FOR_KEEPING : FOR_CALL;
  if (make_room(&v) < 0 || (v.n_named && !(v.names = PyTuple_New(v.n_named))))
    fail(&v);
  if (v.n > 0)
    in_visit(&v, arguments_to_python);
  if (name_as_python(&v, f) < 0)
    fail(&v);
  v.convert = proxy_converts(x);
  Py_INCREF(f);
  door_leave(&v.door);
  v.result = call_from_r(&v, f);
  door_back(&v.door);
  Py_DECREF(f);
  return leave_with_result(&v);
}

/* ---- proxies and handles ---- */

static SEXP core_is_proxy(SEXP x) { return Rf_ScalarLogical(proxy_is(x)); }

static SEXP core_convert_flag(SEXP x) { return Rf_ScalarLogical(proxy_is(x) && proxy_converts(x)); }

static SEXP core_proxy(SEXP x, SEXP convert) {
  Visit v;
  open_visit(&v);
  v.x = x;
  v.crossing = FOR_CALL;
  in_visit(&v, value_to_python);
  v.convert = Rf_asLogical(convert) == TRUE;
  v.must_proxy = true;
  if (v.result == Py_None) { /* None, too, is an object when R asks for one */
    SEXP out = in_visit(&v, result_to_r);
    PROTECT(out);
    drop_visit(&v);
    door_close(&v.door);
    UNPROTECT(1);
    return out;
  }
  return leave_with_result(&v);
}

static SEXP core_to_r(SEXP x) {
  Visit v;
  open_visit(&v);
  v.result = Py_XNewRef(proxy_object(x));
  return leave_with_result(&v);
}

static SEXP value_to_handle(void *arg) {
  Visit *v = arg;
  v->result = handle_new(v->x);
  return v->result ? R_NilValue : failure(v);
}

static SEXP core_handle(SEXP x) {
  Visit v;
  open_visit(&v);
  v.x = x;
  in_visit(&v, value_to_handle);
  v.must_proxy = true;
  return leave_with_result(&v);
}

/* A bare call that gives a number: benchmarks/attribute.py measures against it. */
static SEXP core_nothing(SEXP x, SEXP name) { return Rf_ScalarReal(0); }

/* ---- registration ---- */

#define ROUTINE(name) {#name, (DL_FUNC)(void (*)(void))name}
static const struct {
  const char *name;
  DL_FUNC address;
} routines[] = {ROUTINE(core_get_attr), ROUTINE(core_set_attr),     ROUTINE(core_call),
                ROUTINE(core_is_proxy), ROUTINE(core_convert_flag), ROUTINE(core_proxy),
                ROUTINE(core_to_r),     ROUTINE(core_handle),       ROUTINE(core_caught),
                ROUTINE(core_nothing),  ROUTINE(core_set_self),     ROUTINE(core_sleep),
                ROUTINE(core_quiet)};

void door_symbols(SEXP env) {
  SEXP tag = r_sym("native symbol");
  for (size_t i = 0; i < sizeof routines / sizeof *routines; i++) {
    SEXP address = PROTECT(R_MakeExternalPtrFn(routines[i].address, tag, R_NilValue));
    SEXP class = PROTECT(Rf_mkString("NativeSymbol"));
    r_set_attr(address, R_ClassSymbol, class);
    r_define(r_sym(routines[i].name), address, env);
    UNPROTECT(2);
  }
}
