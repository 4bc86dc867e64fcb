/* The type `Memory`: the numbers of an R vector in Python, without a copy. It is read-only, but for
 * a new vector that its maker fills. A handle is no buffer itself, so that nobody takes the codes of
 * a factor or the bits of an NA for numbers.
 *
 * R copies a value that is held twice before it changes it, and the handle holds it, so the numbers
 * stay what they are. An ALTREP vector may move its memory, or write into it, as long as the vector
 * that has the memory is held by nobody else. So that vector is held, too: it is one of the two
 * parts of which R's own ALTREP vectors are made (one that an attribute was given to, 1:n). Since
 * R 4.6 a wrapper whose memory was asked for keeps it, and copies it for others. Memory that no part
 * has, such as that of a file, is copied.
 *
 * Owns: a reference to the handle of the vector, and one to that of the vector that has the memory.
 * Both release their value on any thread. Threads: creation enters R, the rest with the GIL.
 * Jumps: none; the body runs under a guard. */

#include "core.h"
#include <string.h>
#include <structmember.h>

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
  PyObject *holder; /* of the memory; NULL: the vector has it itself */
  const void *data;
  Py_ssize_t size;
  int writable;
} Memory;

static bool has_memory(SEXP part, SEXP x, const void *data) {
  return TYPEOF(part) == TYPEOF(x) && r_length(part) == r_length(x) && r_read_data(part) == data;
}

/* The part of an ALTREP vector that has its memory; NULL: none. The first one is that of a wrapper. */
static SEXP part_with(SEXP x, const void *data) {
  if (has_memory(r_first_part(x), x, data))
    return R_WRAPPERS_STAY ? x : r_first_part(x);
  return has_memory(r_second_part(x), x, data) ? r_second_part(x) : NULL;
}

/* The vector that has the numbers of x and does not move them. */
static SEXP steady(SEXP x, Py_ssize_t size) {
  SEXP found = x, outer = NULL;
  while (found && found != outer && r_is_altrep(found)) {
    outer = found;
    found = part_with(found, r_read_data(found));
  }
  if (found)
    return found;
  SEXP copy = PROTECT(r_alloc((SEXPTYPE)TYPEOF(x), r_length(x)));
  if (size > 0)
    memcpy(r_data(copy), r_read_data(x), (size_t)size);
  UNPROTECT(1);
  return copy;
}

static void read_data(void *arg) {
  Memory *m = arg;
  m->size *= r_length(m->handle->value);
  SEXP x = PROTECT(steady(m->handle->value, m->size));
  m->data = r_read_data(x);
  if (x != m->handle->value)
    m->holder = handle_new(x);
  UNPROTECT(1);
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
  if (in_r("memory of an R vector", read_data, m) < 0 || PyErr_Occurred())
    Py_CLEAR(m);
  return (PyObject *)m;
}

static void memory_dealloc(Memory *m) {
  Py_XDECREF(m->handle);
  Py_XDECREF(m->holder);
  Py_TYPE(m)->tp_free((PyObject *)m);
}

static int memory_buffer(Memory *m, Py_buffer *view, int flags) {
  return PyBuffer_FillInfo(view, (PyObject *)m, (void *)m->data, m->size, !m->writable, flags);
}

static PyBufferProcs memory_as_buffer = {(getbufferproc)memory_buffer, NULL};

static PyMemberDef memory_members[] = {
    {"handle", T_OBJECT_EX, offsetof(Memory, handle), READONLY, "The R vector, a Handle."}, {0}};

static PyTypeObject MemoryType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "pyclass_bridge._core.Memory",
    .tp_doc = "The numbers of an R vector, without a copy.",
    .tp_basicsize = sizeof(Memory),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = memory_new,
    .tp_dealloc = (destructor)memory_dealloc,
    .tp_as_buffer = &memory_as_buffer,
    .tp_members = memory_members,
};

int memory_init(PyObject *module) {
  if (PyType_Ready(&MemoryType) < 0)
    return -1;
  return PyModule_AddObjectRef(module, "Memory", (PyObject *)&MemoryType);
}
