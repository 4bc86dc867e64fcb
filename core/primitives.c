/* The primitives: the functions that R calls with .Call and .External. They get and set attributes
 * of Python objects and call the objects; R's functions build the rest from these and a few others.
 *
 * Owns: nothing; a visit owns what it holds. Threads: inside an entry; each visit takes the GIL
 * itself. Jumps: every primitive may, after it has given up the GIL and its references. */

#include "visit.h"

/* ---- attributes ---- */

static PyObject *attribute_name(SEXP name) {
  if (TYPEOF(name) == STRSXP && XLENGTH(name) == 1)
    return python_name(STRING_ELT(name, 0));
  PyErr_SetString(PyExc_TypeError, "the name of an attribute must be one string");
  return NULL;
}

/* Imports the submodule of that name, or raises the AttributeError with a suggestion. */
static PyObject *missing_attribute(PyObject *o, PyObject *key) {
  PyObject *error = py_take_exception();
  PyObject *out = PyObject_CallFunctionObjArgs(py.missing_attribute, o, key, error, NULL);
  Py_XDECREF(error);
  return out;
}

/* An attribute that is found without running Python code, so that the entry need not be suspended;
 * NULL for any other. Same result as PyObject_GetAttr(). */
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

/* Python code runs from here on. Where it only calls an R function, nothing that R knows of the
 * result is lost. */
static void leave_for(Visit *v, bool r_code) {
  if (v->door.entry)
    v->door.entry->calls_r = r_code;
  door_leave(&v->door);
}

static SEXP core_get_attr(SEXP x, SEXP name) {
  Visit v;
  visit_open(&v);
  PyObject *o = proxy_object(x), *key = o ? attribute_name(name) : NULL;
  if (!key)
    visit_fail(&v);
  v.convert = proxy_converts(x);
  if ((v.result = stored_attribute(o, key)))
    return visit_end_with_result(&v);
  Py_INCREF(o);
  Py_INCREF(key);
  leave_for(&v, mark_is_r_class(Py_TYPE(o))); /* an active binding */
  v.result = PyObject_GetAttr(o, key);
  if (!v.result && PyErr_ExceptionMatches(PyExc_AttributeError))
    v.result = missing_attribute(o, key);
  v.result = door_back(&v.door, v.result);
  Py_DECREF(key);
  Py_DECREF(o);
  return visit_end_with_result(&v);
}

/* Converts a double, which needs no guard; NULL for any other value. Same result as to_python(). */
static PyObject *plain_number(SEXP x) {
  if (TYPEOF(x) == REALSXP && XLENGTH(x) == 1 && !r_has_attributes(x) && !origin_of(x))
    return PyFloat_FromDouble(REAL_ELT(x, 0));
  return NULL;
}

static int assign(PyObject *o, PyObject *key, PyObject *value, bool was_proxy) {
  if (was_proxy) { /* R's `self$a$b <- v` assigns self$a, too, which may be read-only */
    PyObject *there = PyObject_GetAttr(o, key);
    bool same = there == value;
    Py_XDECREF(there);
    if (same)
      return 0;
    PyErr_Clear();
  }
  return PyObject_SetAttr(o, key, value);
}

/* Sets an attribute and returns the value. With `dollar` it sets an item if x is a dict, as R's
 * `x$name <- value` does. */
static SEXP set_attr(SEXP x, SEXP name, SEXP value, bool dollar) {
  Visit v;
  visit_open(&v);
  PyObject *o = proxy_object(x), *key = NULL;
  if (!o)
    visit_fail(&v);
  v.x = value;
  bool item = dollar && PyDict_Check(o);
  if (!(v.result = plain_number(value))) {
    v.crossing = !item && mark_is_r_class(Py_TYPE(o)) ? FOR_STORING : FOR_CALL;
    visit_guarded(&v, visit_value_to_python);
  }
  if (!(key = attribute_name(name)))
    visit_fail(&v);
  bool was_proxy = proxy_is(value);
  Py_INCREF(o);
  Py_INCREF(key);
  door_leave(&v.door);
  if ((item ? PyObject_SetItem(o, key, v.result) : assign(o, key, v.result, was_proxy)) < 0)
    Py_CLEAR(v.result);
  v.result = door_back(&v.door, v.result);
  Py_DECREF(key);
  Py_DECREF(o);
  if (!v.result)
    visit_fail(&v);
  visit_end(&v);
  return value;
}

static SEXP core_set_attr(SEXP x, SEXP name, SEXP value) { return set_attr(x, name, value, false); }

/* `self$name <- value` in a compiled method. Same result as R's `$<-` with its S3 method. */
static SEXP core_set_self(SEXP value, SEXP x, SEXP name) { return set_attr(x, name, value, true); }

/* ---- calls ---- */

static int convert_one(Visit *v, SEXP x, Py_ssize_t at) {
  if (x == R_MissingArg) {
    PyErr_Format(PyExc_TypeError, "argument %zd of the call is empty", at + 1);
    return -1;
  }
  return to_python(x, v->crossing, &v->args[at]);
}

/* Converts the positional arguments first, then the named ones, as vectorcall wants them. */
static SEXP arguments_to_python(void *arg) {
  Visit *v = arg;
  Py_ssize_t at = 0, named = 0;
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a))
    if (TAG(a) == R_NilValue && convert_one(v, CAR(a), at++) < 0)
      return visit_failure(v);
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a)) {
    if (TAG(a) == R_NilValue)
      continue;
    PyObject *name = python_name(PRINTNAME(TAG(a)));
    if (!name)
      return visit_failure(v);
    PyTuple_SET_ITEM(v->names, named++, Py_NewRef(name));
    if (convert_one(v, CAR(a), at++) < 0)
      return visit_failure(v);
  }
  return R_NilValue;
}

static void count_arguments(Visit *v) {
  for (SEXP a = v->x; a != R_NilValue; a = CDR(a)) {
    v->n++;
    v->n_named += TAG(a) != R_NilValue;
  }
}

/* Replaces R's argument names by Python's if f is made from R code: not every R name is an
 * identifier. */
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

/* R reads it as a variable, which takes less than a call: was the last result returned invisibly? */
static SEXP quiet;

/* Calls f as Python does, or by the mark of its type: own(f, ...). */
static PyObject *call_from_r(Visit *v, PyObject *f) {
  size_t positional = (size_t)(v->n - v->n_named);
  PyObject *own = mark_call(Py_TYPE(f));
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

/* Calls the Python object of x with the pairlist `args`. */
static SEXP call_with(SEXP x, SEXP args) {
  Visit v;
  visit_open(&v);
  result_is_quiet = false;
  PyObject *f = proxy_object(x);
  v.x = args;
  if (!f)
    visit_fail(&v);
  count_arguments(&v);
  bool r_code = mark_is_r_code(f);
  v.crossing = mark_stores(f) ? FOR_STORING : r_code ? FOR_HOLDING : FOR_CALL;
  if (visit_make_room(&v) < 0 || (v.n_named && !(v.names = PyTuple_New(v.n_named))))
    visit_fail(&v);
  if (v.n > 0)
    visit_guarded(&v, arguments_to_python);
  if (name_as_python(&v, f) < 0)
    visit_fail(&v);
  v.convert = proxy_converts(x);
  Py_INCREF(f);
  leave_for(&v, r_code);
  v.result = door_back(&v.door, call_from_r(&v, f));
  Py_DECREF(f);
  SEXP out = visit_end_with_result(&v);
  LOGICAL(quiet)[0] = result_is_quiet;
  return out;
}

static SEXP core_call(SEXP args) { return call_with(CADR(args), CDDR(args)); }

/* ---- the arguments in `...` ---- */

/* The code of the i-th argument in `...`, from 1: `..1`, or `...elt(10)`. */
static SEXP dots_element(int i) {
  static SEXP known[9];
  if (i > 9) {
    SEXP at = PROTECT(r_cons(PROTECT(r_int(i)), R_NilValue));
    SEXP call = r_lcons(r_sym("...elt"), at);
    UNPROTECT(2);
    return call;
  }
  if (!known[i - 1])
    known[i - 1] = r_sym((char[]){'.', '.', (char)('0' + i), '\0'});
  return known[i - 1];
}

/* Does R's rule for arguments suffice, or must dynamic_dots() look: is one empty or begins with `!`, or
 * is it `name := value`? */
static bool are_plain(SEXP code) {
  static SEXP bang, colon_equals;
  if (!bang) {
    bang = r_sym("!");
    colon_equals = r_sym(":=");
  }
  for (; code != R_NilValue; code = CDR(code)) {
    SEXP x = CAR(code), head = TYPEOF(x) == LANGSXP ? CAR(x) : R_NilValue;
    if (x == R_MissingArg || head == bang || head == colon_equals)
      return false;
  }
  return true;
}

/* Replaces the code of the arguments in `...` of the frame `env` by their values. */
static SEXP evaluate_dots(SEXP code, SEXP env) {
  int i = 1;
  for (SEXP cell = code; cell != R_NilValue; cell = CDR(cell), i++) {
    SETCAR(cell, r_eval(PROTECT(dots_element(i)), env));
    UNPROTECT(1);
  }
  return code;
}

static SEXP dots_of_list(SEXP env) {
  SEXP call = PROTECT(r_lcons(r_sym("dynamic_dots"), PROTECT(r_cons(R_DotsSymbol, R_NilValue))));
  SEXP list = PROTECT(r_eval(call, env)), names = PROTECT(r_get_attr(list, R_NamesSymbol));
  SEXP out = R_NilValue;
  for (R_xlen_t i = XLENGTH(list) - 1; i >= 0; i--) {
    PROTECT(out);
    SEXP cell = r_cons(VECTOR_ELT(list, i), out);
    UNPROTECT(1);
    out = cell;
    if (names != R_NilValue && LENGTH(STRING_ELT(names, i)) > 0)
      SET_TAG(out, r_sym(r_utf8(STRING_ELT(names, i))));
  }
  UNPROTECT(4);
  return out;
}

/* Calls x with what is in `...` of the frame that asks; the second argument is a new call of their
 * code. Its cells are emptied at the end, since they would count as places where R keeps the values. */
static SEXP core_call_dots(SEXP call, SEXP op, SEXP args, SEXP env) {
  SEXP x = CADR(args), code = CDR(CADDR(args));
  SEXP values = PROTECT(are_plain(code) ? evaluate_dots(code, env) : dots_of_list(env));
  SEXP out = PROTECT(call_with(x, values));
  for (; values != R_NilValue; values = CDR(values))
    SETCAR(values, R_NilValue);
  UNPROTECT(2);
  return out;
}

/* ---- proxies and handles ---- */

static SEXP core_is_proxy(SEXP x) { return r_lgl(proxy_is(x)); }

static SEXP core_convert_flag(SEXP x) { return r_lgl(proxy_is(x) && proxy_converts(x)); }

static SEXP core_proxy(SEXP x, SEXP convert) {
  Visit v;
  visit_open(&v);
  v.x = x;
  v.crossing = FOR_CALL;
  visit_guarded(&v, visit_value_to_python);
  v.convert = r_is_true(convert);
  v.must_proxy = true;
  if (v.result == Py_None) { /* a proxy of None; visit_end_with_result() would return NULL */
    SEXP out = visit_guarded(&v, visit_result_to_r);
    PROTECT(out);
    visit_end(&v);
    UNPROTECT(1);
    return out;
  }
  return visit_end_with_result(&v);
}

static SEXP core_to_r(SEXP x) {
  Visit v;
  visit_open(&v);
  v.result = Py_XNewRef(proxy_object(x));
  v.by_default = true;
  return visit_end_with_result(&v);
}

static SEXP value_to_handle(void *arg) {
  Visit *v = arg;
  v->result = handle_new(v->x);
  return v->result ? R_NilValue : visit_failure(v);
}

static SEXP core_handle(SEXP x) {
  Visit v;
  visit_open(&v);
  v.x = x;
  visit_guarded(&v, value_to_handle);
  v.must_proxy = true;
  return visit_end_with_result(&v);
}

/* Of R alone: no visit is needed. */
static SEXP core_code_hash(SEXP formals, SEXP body) {
  char text[CODE_HASH_SIZE];
  code_hash(formals, body, text);
  return r_string(text);
}

/* ---- registration ---- */

#define ROUTINE(name) {#name, (DL_FUNC)(void (*)(void))name}
static const struct {
  const char *name;
  DL_FUNC address;
} routines[] = {ROUTINE(core_get_attr),  ROUTINE(core_set_attr),     ROUTINE(core_call),
                ROUTINE(core_is_proxy),  ROUTINE(core_convert_flag), ROUTINE(core_proxy),
                ROUTINE(core_to_r),      ROUTINE(core_handle),       ROUTINE(core_caught),
                ROUTINE(core_set_self),  ROUTINE(core_sleep),        ROUTINE(core_call_dots),
                ROUTINE(core_signalled), ROUTINE(core_place),        ROUTINE(core_keep_gil),
                ROUTINE(core_code_hash)};

void define_primitives(SEXP env) {
  quiet = PROTECT(r_alloc(LGLSXP, 1));
  LOGICAL(quiet)[0] = false;
  r_define(r_sym("core_quiet"), quiet, env);
  r_preserve_object(quiet);
  UNPROTECT(1);
  SEXP tag = r_sym("native symbol");
  for (size_t i = 0; i < sizeof routines / sizeof *routines; i++) {
    SEXP address = PROTECT(r_native_symbol(routines[i].address, tag));
    SEXP class = PROTECT(r_string("NativeSymbol"));
    r_set_attr(address, R_ClassSymbol, class);
    r_define(r_sym(routines[i].name), address, env);
    UNPROTECT(2);
  }
}
