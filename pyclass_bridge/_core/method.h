/* The scope of a method: self, super and private, as its body sees them. */
#ifndef PYCLASS_BRIDGE_METHOD_H
#define PYCLASS_BRIDGE_METHOD_H

#include "core.h"

/* What a call of a method is made of. A function keeps the parts of its last call and uses them
 * again, unless R has kept one of them. */
typedef struct {
  SEXP frame;   /* where the call is evaluated; holds the closure under the method's name */
  SEXP closure; /* the method with the mask as its environment */
  SEXP mask;    /* private, super, self (in this order of cells) */
  SEXP super, self;
  SEXP cell;          /* of the preserve list, holds the frame; NULL: no parts, or not ours to end */
  SEXP class;         /* of self */
  PyTypeObject *type; /* of the receiver; borrowed, compared only, as is its version: */
  unsigned version;   /* another type may get the address of a dead one */
} Parts;

/* The instance whose private environment a function used last. */
typedef struct {
  PyObject *reference; /* weak; owned by the function */
  PyObject *private;   /* the handle, which is there while the instance lives; borrowed */
} Known;

typedef struct {
  PyObject *receiver; /* the instance, or the class of a class method; borrowed */
  PyObject *private;  /* handle of the instance's private environment, or NULL; borrowed */
  Parts *kept;        /* the function's; taken while the call runs */
  Known *known;       /* the function's */
  Parts parts;
  bool is_class;
} Scope;

typedef struct {
  SEXP closure, class_env, name;
  bool convert;
} Method;

int scope_prepare(Scope *s, PyObject *receiver, bool is_class); /* before the entry; -1: exception */
int scope_enter(Scope *s, const Method *m); /* (jumps) fills s->parts; -1: Python exception */
void scope_leave(Scope *s);                 /* (jumps) after the body has returned */
void scope_abandon(Scope *s);               /* after a jump */

#endif
