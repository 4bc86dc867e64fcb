/* Makes, stores and gives up the parts of a call of an R function. A method has a scope:
 * mask {self, super, private} -> class environment -> parent_env.
 *
 * Owns: while a method runs, two references to the receiver, in the proxy bound to `self` and in
 * the pointer of `super`. When the call ends, both are emptied, and the function stores the parts
 * for its next call. If R has kept a part (in a closure made in the method, in a handler), the
 * pointers get finalizers instead, and the parts are left to R. So an instance lives no longer than
 * Python or R holds it. The parts own a cell of the preserve list until they are given up. Threads:
 * inside an entry with the GIL. Jumps: scope_enter, scope_leave. */

#include "method.h"

/* The handle in the table of bridge/private.py for the instance, or NULL. */
static PyObject *known_private(Scope *s) {
  Known *last = s->known;
  if (last->reference && py_refers_to(last->reference, s->receiver))
    return last->private;
  PyObject *key = PyLong_FromVoidPtr(s->receiver);
  PyObject *row = key ? PyDict_GetItem(py.private_table, key) : NULL;
  Py_XDECREF(key);
  if (!row)
    return NULL;
  Py_XSETREF(last->reference, Py_NewRef(PyTuple_GET_ITEM(row, 0)));
  last->private = PyTuple_GET_ITEM(row, 1);
  return last->private;
}

/* Finds the instance's private environment, or has Python make it; Python's table holds it. */
int scope_prepare(Scope *s, PyObject *receiver, bool is_class) {
  s->receiver = receiver;
  s->is_class = is_class;
  if (is_class || (s->private = known_private(s)))
    return 0;
  PyObject *made = call_python(py.make_private, receiver, NULL);
  s->private = made;
  Py_XDECREF(made); /* the table holds it */
  return made ? 0 : -1;
}

/* ---- making the parts of a call ---- */

static SEXP private_value(Scope *s) {
  return s->private ? ((Handle *)s->private)->value : R_NilValue;
}

/* `super` finds the receiver in an environment of its own: it does not hold the mask. */
static void make_super(Parts *p, SEXP name, SEXP self, SEXP class_env) {
  p->super_env = PROTECT(r_new_env(class_env));
  r_define(name, self, p->super_env);
  p->super = PROTECT(r_closure(r.super_formals, r.super_body, p->super_env));
  r_take_attribute(p->super, r.super_model);
  r_define(r.sym_super, p->super, p->mask);
  UNPROTECT(2);
}

/* The scope of a class method is not used again: R's collector frees it. */
static int make_class_scope(Scope *s, const Code *c) {
  SEXP cls = proxy_new(s->receiver, c->convert);
  if (!cls)
    return -1;
  PROTECT(cls);
  make_super(&s->parts, r.sym_cls, cls, c->class_env);
  r_define(r.sym_cls, cls, s->parts.mask);
  UNPROTECT(1);
  return 0;
}

static int make_instance_scope(Scope *s, const Code *c) {
  Parts *p = &s->parts;
  if (!scoped_new(&p->self, s->receiver, c->convert))
    return -1;
  PROTECT(p->self.proxy);
  p->super_self = PROTECT(pointer_new(p->self.model, c->convert));
  make_super(p, r.sym_self, p->super_self, c->class_env);
  r_define(r.sym_self, p->self.proxy, p->mask);
  r_define(r.sym_private, private_value(s), p->mask);
  p->type = Py_TYPE(s->receiver);
  p->version = py_type_version(p->type);
  UNPROTECT(2);
  return 0;
}

static void fill_self(Scope *s) {
  pointer_fill(s->parts.self.pointer, s->receiver);
  pointer_fill(s->parts.super_self, s->receiver);
}

/* The parent of the frame: for a plain function its own environment, so that a generic finds the S3
 * methods defined there. */
static SEXP where_called(Scope *s) {
  SEXP closure = s->parts.closure;
  return s->receiver || TYPEOF(closure) != CLOSXP ? R_GlobalEnv : r_closure_env(closure);
}

/* Makes the parts that every call has. A plain function is called unchanged, a static method with
 * its class environment. The cell holds the model, too: the table of proxy.c may drop it. */
static void make_call(Scope *s, const Code *c, SEXP env) {
  Parts *p = &s->parts;
  p->closure = c->closure;
  if (env)
    p->closure = r_closure(r_formals(c->closure), r_body(c->closure), env);
  PROTECT(p->closure);
  p->frame = PROTECT(r_new_env(where_called(s)));
  r_define(c->name, p->closure, p->frame);
  p->call = PROTECT(r_lcons(c->name, R_NilValue));
  SEXP held = PROTECT(r_cons(p->call, p->self.model ? p->self.model : R_NilValue));
  held = r_cons(p->frame, held);
  if (!s->is_class)
    p->cell = preserve(held);
  UNPROTECT(4);
}

static int make_parts(Scope *s, const Code *c) {
  if (!s->receiver) {
    make_call(s, c, c->class_env);
    return 0;
  }
  s->parts.mask = PROTECT(r_new_env(c->class_env));
  int status = s->is_class ? make_class_scope(s, c) : make_instance_scope(s, c);
  if (status == 0)
    make_call(s, c, s->parts.mask);
  if (s->parts.cell)
    fill_self(s);
  UNPROTECT(1);
  return status;
}

static bool can_take(Scope *s) {
  Parts *last = s->last;
  if (!last->cell || s->is_class)
    return false;
  if (!s->receiver)
    return true;
  PyTypeObject *type = Py_TYPE(s->receiver);
  return last->type == type && last->version == py_type_version(type);
}

int scope_enter(Scope *s, const Code *c) {
  if (!can_take(s))
    return make_parts(s, c);
  s->parts = *s->last;
  s->last->cell = NULL; /* a nested call makes its own parts */
  if (s->receiver) {
    fill_self(s);
    scoped_reset(&s->parts.self);
    r_define(r.sym_private, private_value(s), s->parts.mask);
  }
  return 0;
}

/* ---- ending the call ---- */

/* Has R code assigned, added or removed a variable of the frame, the mask or `super`? They are not
 * locked instead, since R counts the values of locked variables as shared for ever. */
static bool is_changed(Parts *p) {
  FAULT_POINT();
  if (r_var(p->frame, CAR(p->call)) != p->closure || r_count_vars(p->frame) != 1)
    return true;
  return p->mask &&
         (r_var(p->mask, r.sym_self) != p->self.proxy || r_count_vars(p->mask) != 3 ||
          r_var(p->mask, r.sym_super) != p->super ||
          r_var(p->super_env, r.sym_self) != p->super_self || r_count_vars(p->super_env) != 1);
}

/* Has R kept a part, that is, does anything except the other parts hold one? The closure of a plain
 * function does not count: it is not filled for a call. */
static bool is_kept(Parts *p) {
  if (r_is_held_twice(p->call) || r_is_held_twice(p->frame) || is_changed(p))
    return true;
  return p->mask &&
         (r_is_held_twice(p->closure) || r_is_held_twice(p->mask) || r_is_held_twice(p->super) ||
          r_is_held_twice(p->super_env) || r_is_held_twice(p->super_self) ||
          pointer_is_held_twice(p->self.proxy, p->self.pointer));
}

static void give_up(Parts *p) {
  preserve_release(p->cell);
  p->cell = NULL;
}

static void hand_over_self(void *parts) {
  Parts *p = parts;
  if (p->mask) {
    pointer_hand_over(p->self.pointer);
    pointer_hand_over(p->super_self);
  }
}

/* Drops the arguments and `private`, which live no longer than the call. */
static void empty(Parts *p) {
  for (SEXP cell = CDR(p->call); cell != R_NilValue; cell = CDR(cell))
    SETCAR(cell, R_NilValue);
  if (p->mask)
    r_define(r.sym_private, R_NilValue, p->mask);
}

void scope_leave(Scope *s) {
  Parts *p = &s->parts;
  if (!p->cell)
    return;
  if (is_kept(p)) {
    hand_over_self(p);
    give_up(p);
    return;
  }
  if (p->mask) {
    pointer_drop(p->self.pointer);
    pointer_drop(p->super_self);
  }
  Parts *last = s->last;
  bool stale = last->cell && (last->type != p->type || last->version != p->version);
  if ((last->cell && !stale) || (p->mask && p->version == 0)) {
    give_up(p);
  } else {
    if (stale) /* parts for another class, or for this one before it changed */
      give_up(last);
    empty(p);
    *last = *p;
  }
}

void scope_abandon(Scope *s) {
  if (!s->parts.cell)
    return;
  /* if R has no memory for the finalizers, the receiver is leaked; no pointer dangles */
  r_toplevel(hand_over_self, &s->parts);
  give_up(&s->parts);
}
