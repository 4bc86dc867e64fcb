/* The scope of a method: mask {self, super, private} -> class environment -> parent_env.
 *
 * Owns: while the method runs, one reference to the receiver, in the proxy bound to `self`. When
 * the method ends, the proxy is emptied, and the parts of the call are kept for the next one; if R
 * has kept any of them (a closure made in the method, a handler), the proxy gets a finalizer and
 * R has the parts. So an instance lives no longer than Python or R wants it. Kept parts own a cell
 * of the preserve list. Threads: inside an entry with the GIL. Jumps: scope_enter, scope_leave. */

#include "method.h"

#define DEEPEST 512

static SEXP scopes; /* the proxies of the running methods: none is collected after a jump */
static int depth;

void scope_init(void) {
  scopes = r_alloc(VECSXP, DEEPEST);
  R_PreserveObject(scopes);
}

/* The private environment is made when a method first runs; Python holds it for the instance. */
int scope_prepare(Scope *s, PyObject *receiver, bool is_class) {
  s->receiver = receiver;
  s->is_class = is_class;
  if (is_class)
    return 0;
  PyObject *key = PyLong_FromVoidPtr(receiver);
  PyObject *known = key ? PyDict_GetItem(py.private_table, key) : NULL;
  Py_XDECREF(key);
  if (known) {
    s->private = PyTuple_GET_ITEM(known, 1);
    return 0;
  }
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

static int make_parts(Scope *s, const Method *m, bool scoped) {
  SEXP self = scoped ? pyref_scoped(s->receiver, m->convert) : pyref_new(s->receiver, m->convert);
  if (!self)
    return -1;
  PROTECT(self);
  SEXP mask = PROTECT(r_new_env(m->class_env));
  r_define(s->is_class ? r.sym_cls : r.sym_self, self, mask);
  SEXP super = make_super(mask);
  if (!s->is_class)
    r_define(r.sym_private, private_value(s), mask);
  SEXP closure = PROTECT(r_closure(r_formals(m->closure), r_body(m->closure), mask));
  SEXP frame = r_new_env(R_GlobalEnv);
  PROTECT(frame);
  r_define(m->name, closure, frame);
  s->parts = (Parts){frame, closure, mask, super, self, NULL, Py_TYPE(s->receiver)};
  if (scoped && TYPEOF(self) == EXTPTRSXP) /* no jump from here on until it is among `scopes` */
    pyref_fill(self, s->receiver);
  UNPROTECT(4);
  return 0;
}

static bool take_kept(Scope *s) {
  Parts *kept = s->kept;
  if (!kept || !kept->cell || kept->type != Py_TYPE(s->receiver))
    return false;
  s->parts = *kept;
  kept->cell = NULL; /* a call inside this call makes its own */
  pyref_fill(s->parts.self, s->receiver);
  SETCAR(r_cells(s->parts.mask), private_value(s));
  return true;
}

int scope_enter(Scope *s, const Method *m) {
  bool scoped = !s->is_class && depth < DEEPEST;
  if (!(scoped && take_kept(s)) && make_parts(s, m, scoped) < 0)
    return -1;
  if (scoped && TYPEOF(s->parts.self) == EXTPTRSXP) {
    SET_VECTOR_ELT(scopes, depth, s->parts.self);
    s->depth = depth++;
  }
  return 0;
}

/* ---- ending the call ---- */

static void take_off(Scope *s) {
  depth = s->depth;
  SET_VECTOR_ELT(scopes, s->depth, R_NilValue);
  s->depth = -1;
}

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
         r_held_by(p->mask, 2) && r_held_by(p->frame, p->cell ? 1 : 0) && mask_is_unchanged(p);
}

static void give_up(Parts *p) {
  if (p->cell)
    preserve_release(p->cell);
  p->cell = NULL;
}

void scope_leave(Scope *s) {
  Parts *p = &s->parts;
  if (s->depth < 0)
    return;
  PROTECT(p->frame);
  SET_VECTOR_ELT(scopes, s->depth, R_NilValue); /* that it is here does not count */
  if (!nobody_kept(p)) {
    SET_VECTOR_ELT(scopes, s->depth, p->self);
    pyref_keep(p->self);
    take_off(s);
    give_up(p);
  } else {
    pyref_drop(p->self);
    take_off(s);
    if (!p->cell)
      p->cell = preserve(p->frame);
    if (s->kept && !s->kept->cell)
      *s->kept = *p;
    else
      give_up(p);
  }
  UNPROTECT(1);
}

static void keep_self(void *self) { pyref_keep(self); }

void scope_abandon(Scope *s) {
  if (s->depth < 0)
    return;
  /* failing leaves the proxy's object alive for ever, never dangling */
  R_ToplevelExec(keep_self, VECTOR_ELT(scopes, s->depth));
  give_up(&s->parts);
  take_off(s);
}
