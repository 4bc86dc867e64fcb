/* The scope of a method: mask {self, super, private} -> class environment -> parent_env.
 *
 * Owns: while the method runs, one reference to the receiver, in the proxy bound to `self`. When
 * the method ends, the proxy is emptied, and the parts of the call are kept for the next one; if R
 * has kept any of them (a closure made in the method, a handler), the proxy gets a finalizer and
 * R has the parts. So an instance lives no longer than Python or R wants it. The parts own a cell of
 * the preserve list until they are given up. Threads: inside an entry with the GIL. Jumps: scope_enter, scope_leave. */

#include "method.h"

/* The handle that private.py has for the instance, or NULL. */
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

/* The private environment is made when a method first runs; Python holds it for the instance. */
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

static SEXP make_super(SEXP mask) {
  SEXP super = PROTECT(r_closure(r.super_formals, r.super_body, mask));
  r_set_class(super, r.super_class);
  r_define(r.sym_super, super, mask);
  UNPROTECT(1);
  return super;
}

static int make_parts(Scope *s, const Method *m) {
  SEXP self = s->is_class ? pyref_new(s->receiver, m->convert)
                          : pyref_scoped(s->receiver, m->convert);
  if (!self)
    return -1;
  PROTECT(self);
  SEXP mask = PROTECT(r_new_env(m->class_env));
  r_define(s->is_class ? r.sym_cls : r.sym_self, self, mask);
  SEXP super = make_super(mask);
  if (!s->is_class)
    r_define(r.sym_private, private_value(s), mask);
  SEXP closure = PROTECT(r_closure(r_formals(m->closure), r_body(m->closure), mask));
  SEXP frame = PROTECT(r_new_env(R_GlobalEnv));
  r_define(m->name, closure, frame);
  s->parts = (Parts){.frame = frame, .closure = closure, .mask = mask, .super = super, .self = self,
                     .class = r_class_of_new(self), .type = Py_TYPE(s->receiver),
                     .version = py_type_version(Py_TYPE(s->receiver))};
  if (!s->is_class && TYPEOF(self) == EXTPTRSXP) {
    s->parts.cell = preserve(frame);
    pyref_fill(self, s->receiver);
  }
  UNPROTECT(4);
  return 0;
}

static bool take_kept(Scope *s) {
  Parts *kept = s->kept;
  PyTypeObject *type = Py_TYPE(s->receiver);
  if (s->is_class || !kept->cell || kept->type != type || kept->version != py_type_version(type))
    return false;
  s->parts = *kept;
  kept->cell = NULL; /* a call inside this call makes its own */
  pyref_fill(s->parts.self, s->receiver);
  SETCAR(r_cells(s->parts.mask), private_value(s));
  return true;
}

int scope_enter(Scope *s, const Method *m) {
  return take_kept(s) ? 0 : make_parts(s, m);
}

/* ---- ending the call ---- */

/* Are the mask's variables what they were, and no others there? */
static bool mask_is_unchanged(Parts *p) {
  SEXP private = r_cells(p->mask);
  if (private == R_NilValue)
    return false;
  SEXP super = CDR(private), self = CDR(super);
  return CAR(super) == p->super && CAR(self) == p->self && CDR(self) == R_NilValue;
}

/* The parts hold each other; does anything else hold one of them? */
static bool nobody_kept(Parts *p) {
  return r_held_by(p->self, 1) && r_held_by(p->super, 1) && r_held_by(p->closure, 1) &&
         r_held_by(p->mask, 2) && r_held_by(p->frame, 1) && mask_is_unchanged(p) &&
         r_has_only(p->frame, p->closure) && r_has_only_class(p->self, p->class);
}

static void give_up(Parts *p) {
  preserve_release(p->cell);
  p->cell = NULL;
}

void scope_leave(Scope *s) {
  Parts *p = &s->parts;
  if (!p->cell)
    return;
  if (!nobody_kept(p)) {
    pyref_keep(p->self);
    give_up(p);
    return;
  }
  pyref_drop(p->self);
  if (s->kept->cell || p->version == 0) {
    give_up(p);
  } else {
    SETCAR(r_cells(p->mask), R_NilValue); /* what is private lives no longer than its instance */
    *s->kept = *p;
  }
}

static void keep_self(void *self) { pyref_keep(self); }

void scope_abandon(Scope *s) {
  if (!s->parts.cell)
    return;
  /* failing leaves the proxy's object alive for ever, never dangling */
  R_ToplevelExec(keep_self, s->parts.self);
  give_up(&s->parts);
}
