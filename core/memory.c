/* The type `Memory`: the numbers of an R vector in Python, without a copy. It is read-only, but for
 * a new vector that its maker fills. A handle is no buffer itself, so that nobody takes the codes of
 * a factor or the bits of an NA for numbers.
 *
 * Owns: a reference to the handle of the vector. Threads: creation enters R, the rest with the GIL.
 * Jumps: none; the body runs under a guard. */

#include "core.h"

static const struct {
  int type;
  Py_ssize_t size;
} layouts[] = {{LGLSXP, sizeof(int)},
               {INTSXP, sizeof(int)},
               {REALSXP, sizeof(double)},
               {CPLXSXP, 2 * sizeof(double)},
               {RAWSXP, 1}};

typedef struct {
  PyObject_HEAD
  Handle *handle;
  const void *data;
  Py_ssize_t size;
  int writable;
} Memory;

static void read_data(void *arg) {
  Memory *m = arg;
  m->size *= r_length(m->handle->value);
  m->data = r_read_data(m->handle->value);
}

static PyObject *memory_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  PyObject *handle;
  int writable = 0;
  if (!PyArg_ParseTuple(args, "O!|p", &HandleType, &handle, &writable))
    return NULL;
  SEXP x = ((Handle *)handle)->value;
  Py_ssize_t size = 0;
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
    if (TYPEOF(x) == layouts[i].type)
      size = layouts[i].size;
  if (size == 0)
    return PyErr_Format(PyExc_BufferError, "an R value of type %s has no numbers to share",
                        r_type_name(x));
  Memory *m = (Memory *)type->tp_alloc(type, 0);
  if (!m)
    return NULL;
  m->handle = (Handle *)Py_NewRef(handle);
  m->size = size;
  m->writable = writable;
  if (in_r("memory of an R vector", read_data, m) < 0)
    Py_CLEAR(m);
  return (PyObject *)m;
}

static void memory_dealloc(Memory *m) {
  Py_XDECREF(m->handle);
  Py_TYPE(m)->tp_free((PyObject *)m);
}

static int memory_buffer(Memory *m, Py_buffer *view, int flags) {
  return PyBuffer_FillInfo(view, (PyObject *)m, (void *)m->data, m->size, !m->writable, flags);
}

static PyBufferProcs memory_as_buffer = {(getbufferproc)memory_buffer, NULL};

static PyTypeObject MemoryType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pyclass_bridge._core.Memory",
    .tp_doc = "The numbers of an R vector, without a copy.",
    .tp_basicsize = sizeof(Memory),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = memory_new,
    .tp_dealloc = (destructor)memory_dealloc,
    .tp_as_buffer = &memory_as_buffer,
};

int memory_init(PyObject *module) {
  if (PyType_Ready(&MemoryType) < 0)
    return -1;
  return PyModule_AddObjectRef(module, "Memory", (PyObject *)&MemoryType);
}
