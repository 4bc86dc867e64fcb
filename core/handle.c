/* R values in Python: the type `Handle`, base of Python's RObject.
 *
 * Owns: a cell of the preserve list for each handle; its destructor puts the cell on the queue
 * (it never enters R). Threads: creation inside an entry, the rest with the GIL. Jumps: only
 * handle_new, before it has made a Python object. */

#include "core.h"
#include <structmember.h>

PyObject *handle_adopt(SEXP x, SEXP cell) {
  PyTypeObject *type = py.handle_type ? (PyTypeObject *)py.handle_type : &HandleType;
  Handle *h = (Handle *)type->tp_alloc(type, 0);
  if (!h) {
    preserve_release(cell);
    return NULL;
  }
  h->value = x;
  h->cell = cell;
  return (PyObject *)h;
}

PyObject *handle_new(SEXP x) {
  SEXP cell = preserve(x);
  return handle_adopt(x, cell);
}

/* ---- the owners of cells ---- */

static struct {
  PyTypeObject *type;
  size_t offset;
} owners[4];
static size_t n_owners;

void cell_owner(PyTypeObject *type, size_t offset) {
  owners[n_owners].type = type;
  owners[n_owners++].offset = offset;
}

SEXP cell_of(PyObject *o) {
  if (PyObject_TypeCheck(o, &HandleType))
    return ((Handle *)o)->cell;
  for (size_t i = 0; i < n_owners; i++)
    if (Py_TYPE(o) == owners[i].type)
      return *(SEXP *)((char *)o + owners[i].offset);
  return NULL;
}

/* ---- the type ---- */

static int handle_traverse(Handle *h, visitproc visit, void *arg) {
  Py_VISIT(h->dict);
  return 0;
}

static int handle_clear(Handle *h) {
  Py_CLEAR(h->dict);
  return 0;
}

static void handle_dealloc(Handle *h) {
  PyObject_GC_UnTrack(h);
  if (h->weakrefs)
    PyObject_ClearWeakRefs((PyObject *)h);
  Py_CLEAR(h->dict);
  if (h->cell)
    preserve_release(h->cell);
  Py_TYPE(h)->tp_free((PyObject *)h);
}

static PyObject *handle_no_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  PyErr_Format(PyExc_TypeError, "%s is made by R: evaluate R code or convert with to_r()",
               type->tp_name);
  return NULL;
}

static PyObject *handle_typeof(Handle *h, void *unused) {
  return PyUnicode_FromString(r_type_name(h->value));
}

static PyObject *handle_address(Handle *h, void *unused) { return PyLong_FromVoidPtr(h->value); }

static PyObject *handle_is_object(Handle *h, void *unused) {
  return PyBool_FromLong(r_is_object(h->value));
}

static PyGetSetDef handle_getset[] = {
    {"typeof", (getter)handle_typeof, NULL, "R's typeof() of the value, a str.", NULL},
    {"address", (getter)handle_address, NULL, "Address of the value; equal for the same value.",
     NULL},
    {"is_classed", (getter)handle_is_object, NULL, "Does the value have a class attribute?", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {0}};

PyTypeObject HandleType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pyclass_bridge._core.Handle",
    .tp_doc = "An R value that Python holds.",
    .tp_basicsize = sizeof(Handle),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = handle_no_new,
    .tp_dealloc = (destructor)handle_dealloc,
    .tp_traverse = (traverseproc)handle_traverse,
    .tp_clear = (inquiry)handle_clear,
    .tp_weaklistoffset = offsetof(Handle, weakrefs),
    .tp_dictoffset = offsetof(Handle, dict),
    .tp_getset = handle_getset,
};

int handle_init(PyObject *module) {
  if (PyType_Ready(&HandleType) < 0)
    return -1;
  return PyModule_AddObjectRef(module, "Handle", (PyObject *)&HandleType);
}
