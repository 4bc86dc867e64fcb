/* The type `Function` and one call of it: what call.c and arguments.c share. */
#ifndef PYCLASS_BRIDGE_CALL_H
#define PYCLASS_BRIDGE_CALL_H

#include "method.h"

typedef enum { NO_RECEIVER, SELF_RECEIVER, CLASS_RECEIVER } Receiver;

typedef struct {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject *closure, *class_env, *compiled; /* Handles; the last two may be NULL */
  PyObject *name;                           /* str */
  PyObject *params;                         /* tuple of str: their names in Python */
  PyObject *defaults;                       /* tuple: Python's default of each, or `missing` */
  SEXP symbol;                              /* R's name of the function */
  SEXP *symbols;                            /* R's names of the parameters */
  Py_ssize_t positional;                    /* how many of them can be passed by position */
  Receiver receiver;
  PyObject *index_name;  /* the argument that R counts from 1; NULL: none */
  int index_at;          /* its place among the parameters; -1 if it can only be in `...` */
  PyObject *shared_name; /* of the dict that R code shares with its caller; NULL: none */
  Py_ssize_t shared_at;  /* its place */
  int merges;            /* a visible named list that R returns goes into that dict */
  int convert, returns_none, as_handle;
  int holds; /* its results cross for Python to hold, not as those of a call */
  unsigned calls;
  Parts last;  /* those of the last call, for the next one */
  Known known; /* the instance of the last call of a method */
} Function;

typedef struct Call {
  Function *f;
  PyObject *const *args;
  Py_ssize_t n;
  PyObject *kwnames;
  PyObject *shared; /* the argument that R code shares with its caller; borrowed; NULL: none */
  Entry *entry;
  Scope scope;
  Origins *origins;
  PyObject *result;
  int status;
  bool for_r;         /* R has called it, and its result goes back to R */
  struct Call *outer; /* the call inside which this one was made, on the same thread */
} Call;

/* arguments.c */
int arguments_add(Call *c, SEXP call); /* (jumps) adds them to name(); -1: exception */
PyObject *arguments_shared(Call *c);   /* borrowed; NULL: not given */

#endif
