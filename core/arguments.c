/* Makes the arguments of an R call from those that Python passes to a Function.
 *
 * Owns: nothing. Threads: inside an unsuspended entry, with the GIL. Jumps: arguments_add. */

#include "call.h"

static SEXP quoted(SEXP x) {
  if (TYPEOF(x) != SYMSXP && TYPEOF(x) != LANGSXP && TYPEOF(x) != PROMSXP)
    return x;
  PROTECT(x);
  SEXP args = PROTECT(r_cons(x, R_NilValue));
  SEXP out = r_lcons(R_QuoteSymbol, args);
  UNPROTECT(2);
  return out;
}

/* Adds 1 to an index: Python counts from 0, R from 1. */
static SEXP shifted(SEXP x) {
  if (XLENGTH(x) != 1 || r_has_attributes(x))
    return x;
  if (TYPEOF(x) == INTSXP && INTEGER_ELT(x, 0) < INT32_MAX)
    return r_int(INTEGER_ELT(x, 0) + 1);
  return TYPEOF(x) == REALSXP ? r_dbl(REAL_ELT(x, 0) + 1) : x;
}

/* The dict that R code shares with its caller may change while the call runs, and an index becomes
 * another number: neither is the origin of an R value. */
static SEXP argument(Call *c, bool is_index, PyObject *o) {
  int overflow = 0;
  long i = is_index && PyLong_CheckExact(o) ? PyLong_AsLongAndOverflow(o, &overflow) : INT32_MAX;
  if (i < INT32_MAX && i > INT32_MIN && !overflow)
    return r_int((int)i + 1); /* same result as below */
  bool comes_back = c->scope.parts.cell && !is_index && o != c->shared;
  Origins *before = origins_record(comes_back ? c->origins : NULL);
  SEXP x = to_r(o, c->f->convert);
  origins_record(before);
  if (!x)
    return NULL;
  PROTECT(x);
  x = is_index && (TYPEOF(x) == INTSXP || TYPEOF(x) == REALSXP) ? shifted(x) : quoted(x);
  UNPROTECT(1);
  return x;
}

/* Puts the argument into the cell after `last`, which the previous call may have left. */
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

/* Is `o` the default object of its parameter? Then R evaluates R's default, lazily, and missing()
 * is TRUE. A builtin has no defaults. */
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

/* Are there keywords for `...`? R's partial matching would give such a keyword to a formal whose
 * name begins with it, unless the call names that formal. */
static bool has_other_keywords(Call *c) {
  Py_ssize_t n = c->kwnames ? PyTuple_GET_SIZE(c->kwnames) : 0;
  for (Py_ssize_t i = 0; i < n; i++)
    if (param_at(c->f, PyTuple_GET_ITEM(c->kwnames, i)) < 0)
      return true;
  return false;
}

/* Adds the positional arguments. A default that is left to R becomes an empty argument; at the end
 * it is dropped. With keywords for `...` every argument is named. NULL: Python exception. */
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

/* Finds the shared argument by position or by keyword, also among those for `...`. */
PyObject *arguments_shared(Call *c) {
  Function *f = c->f;
  Py_ssize_t first = f->receiver != NO_RECEIVER;
  if (!f->shared_name)
    return NULL;
  if (f->shared_at + first < c->n)
    return c->args[f->shared_at + first];
  Py_ssize_t n = c->kwnames ? PyTuple_GET_SIZE(c->kwnames) : 0;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *name = PyTuple_GET_ITEM(c->kwnames, i);
    Py_ssize_t at = param_at(f, name);
    if (at == f->shared_at || (at < 0 && PyUnicode_Compare(name, f->shared_name) == 0))
      return c->args[c->n + i];
  }
  return NULL;
}

int arguments_add(Call *c, SEXP call) {
  bool named = has_other_keywords(c);
  c->shared = arguments_shared(c);
  SEXP last = add_positional(c, call, named);
  last = last ? add_keywords(c, last, named) : NULL;
  if (last && CDR(last) != R_NilValue)
    SETCDR(last, R_NilValue);
  return last ? 0 : -1;
}
