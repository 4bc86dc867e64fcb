/* The parts of a call of an R function, and the scope of a method: self, super and private. */
#ifndef PYCLASS_BRIDGE_METHOD_H
#define PYCLASS_BRIDGE_METHOD_H

#include "core.h"

/* A function uses the parts of its last call again, unless R has kept one of them. R tells only
 * whether two or more places hold a value, so only one place holds each part: the cell holds the
 * frame and the call, the frame the closure, the closure the mask, the mask `self` and `super`,
 * `super` its environment, and that environment the pointer that is its `self`. */
typedef struct {
  SEXP frame;   /* where the call is evaluated; holds the closure under the function's name */
  SEXP call;    /* name(arguments) */
  SEXP closure; /* a method's has the mask as its environment */
  SEXP cell;    /* of the preserve list; NULL: no parts, or parts that are left to R */
  SEXP mask;    /* self, super, private; NULL for a function that is not a method */
  SEXP super, super_env, super_self; /* the last one is a pointer */
  Scoped self;
  PyTypeObject *type; /* of the receiver; borrowed, only compared */
  unsigned version;   /* of the type: a new type may get the address of a dead one */
} Parts;

/* The instance of a function's last call, whose private environment is found without a search. */
typedef struct {
  PyObject *reference; /* weak; owned by the function */
  PyObject *private;   /* handle of the environment; borrowed: it lives as long as the instance */
} Known;

typedef struct {
  PyObject *receiver; /* the instance, or the class of a class method; borrowed; NULL: no method */
  PyObject *private;  /* handle of the instance's private environment, or NULL; borrowed */
  Parts *last;        /* stored in the function; their cell is NULL while a call uses them */
  Known *known;       /* stored in the function */
  Parts parts;
  bool is_class;
} Scope;

typedef struct {
  SEXP closure, name;
  SEXP class_env; /* NULL: none */
  bool convert;
} Code;

/* Called before the push of the entry; -1: Python exception. */
int scope_prepare(Scope *s, PyObject *receiver, bool is_class);
int scope_enter(Scope *s, const Code *c); /* (jumps) fills s->parts; -1: Python exception */
void scope_leave(Scope *s);               /* (jumps) after the body has returned */
void scope_abandon(Scope *s);             /* after a jump or an exception */

#endif
