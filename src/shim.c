/* Starts Python in the process of R, for the R package `pyclassbridge`.
 *
 * It is built without Python's headers and links no libpython: R code says which one to open
 * (R/start_host.R). What comes after the start is done by Python code (session.py) and by the core,
 * in the shared library of the Python package.
 *
 * Owns: the handle of libpython and the environment of keep_symbols(), for the life of the process.
 * Threads: R's main thread. Jumps: all routines, by an R error, when nothing but R's memory is
 * held. */

#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <R.h>
#include <Rinternals.h>
#include <R_ext/Rdynload.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define FILE_INPUT 257 /* Python's Py_file_input */

typedef struct PyObject PyObject;

typedef struct PyInitConfig PyInitConfig;

/* The functions of libpython. */
static struct {
  int (*is_initialized)(void);
  int (*gil_is_held)(void);
  int (*gil_ensure)(void);
  void (*gil_release)(int);
  PyObject *(*new_dict)(void);
  PyObject *(*builtins)(void);
  int (*set_item)(PyObject *, const char *, PyObject *);
  PyObject *(*get_item)(PyObject *, const char *);
  PyObject *(*run)(const char *, int, PyObject *, PyObject *);
  const char *(*text)(PyObject *);
  PyObject *(*from_text)(const char *);
  void *(*capsule)(const char *, int);
  void (*print_error)(void);
  void *(*save_thread)(void);
} python;

/* Python 3.14 has these, Python before 3.15 the others. */
static struct {
  PyInitConfig *(*create)(void);
  int (*set_int)(PyInitConfig *, const char *, int64_t);
  int (*set_text)(PyInitConfig *, const char *, const char *);
  int (*initialize)(PyInitConfig *);
  int (*error)(PyInitConfig *, const char **);
  void (*free)(PyInitConfig *);
} config;

static struct {
  wchar_t *(*decode)(const char *, size_t *);
  void (*set_program)(const wchar_t *);
  void (*initialize)(int);
} simple;

typedef struct {
  const char *name;
  void **place;
} Name;

static const Name names[] = {{"Py_IsInitialized", (void **)&python.is_initialized},
                             {"PyGILState_Check", (void **)&python.gil_is_held},
                             {"PyGILState_Ensure", (void **)&python.gil_ensure},
                             {"PyGILState_Release", (void **)&python.gil_release},
                             {"PyDict_New", (void **)&python.new_dict},
                             {"PyEval_GetBuiltins", (void **)&python.builtins},
                             {"PyDict_SetItemString", (void **)&python.set_item},
                             {"PyDict_GetItemString", (void **)&python.get_item},
                             {"PyRun_String", (void **)&python.run},
                             {"PyUnicode_AsUTF8", (void **)&python.text},
                             {"PyUnicode_FromString", (void **)&python.from_text},
                             {"PyCapsule_Import", (void **)&python.capsule},
                             {"PyErr_Print", (void **)&python.print_error},
                             {"PyEval_SaveThread", (void **)&python.save_thread}};

static const Name config_names[] = {{"PyInitConfig_Create", (void **)&config.create},
                                    {"PyInitConfig_SetInt", (void **)&config.set_int},
                                    {"PyInitConfig_SetStr", (void **)&config.set_text},
                                    {"Py_InitializeFromInitConfig", (void **)&config.initialize},
                                    {"PyInitConfig_GetError", (void **)&config.error},
                                    {"PyInitConfig_Free", (void **)&config.free}};

static const Name simple_names[] = {{"Py_DecodeLocale", (void **)&simple.decode},
                                    {"Py_SetProgramName", (void **)&simple.set_program},
                                    {"Py_InitializeEx", (void **)&simple.initialize}};

/* The name that the library lacks, or NULL. */
static const char *find(void *library, const Name *wanted, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!(*wanted[i].place = dlsym(library, wanted[i].name)))
      return wanted[i].name;
  return NULL;
}

#define FIND(library, wanted) find(library, wanted, sizeof wanted / sizeof *wanted)

static bool is_running(void) {
  int (*asked)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "Py_IsInitialized");
  return asked && asked();
}

/* The text of what is wrong, or NULL. A process has one Python: a library is opened only where none
 * is there already, such as that of reticulate. */
static const char *open_python(const char *library) {
  static char reason[1024];
  void *opened = is_running() ? RTLD_DEFAULT : dlopen(library, RTLD_NOW | RTLD_GLOBAL);
  if (!opened && !is_running()) { /* RTLD_DEFAULT is NULL on Linux */
    snprintf(reason, sizeof reason, "%s", dlerror());
    return reason;
  }
  const char *lacking = FIND(opened, names);
  if (!lacking && FIND(opened, config_names))
    lacking = FIND(opened, simple_names);
  if (!lacking)
    return NULL;
  snprintf(reason, sizeof reason, "its library has no function %s()", lacking);
  return reason;
}

/* As Python itself would be started, but for the signal handlers, which are R's. */
static const char *start_by_config(const char *program, int utf8) {
  static char reason[1024];
  const struct {
    const char *name;
    int value;
  } settings[] = {{"isolated", 0},         {"use_environment", 1}, {"user_site_directory", 1},
                  {"configure_locale", 1}, {"utf8_mode", utf8},    {"install_signal_handlers", 0},
                  {"parse_argv", 0}};
  PyInitConfig *c = config.create();
  if (!c)
    return "there is no memory for it";
  int status = 0;
  for (size_t i = 0; status == 0 && i < sizeof settings / sizeof *settings; i++)
    status = config.set_int(c, settings[i].name, settings[i].value);
  if (status == 0)
    status = config.set_text(c, "executable", program);
  if (status == 0)
    status = config.initialize(c);
  const char *said = NULL;
  if (status != 0) {
    config.error(c, &said);
    snprintf(reason, sizeof reason, "%s", said ? said : "it does not say why");
  }
  config.free(c);
  return status == 0 ? NULL : reason;
}

static const char *start_as(const char *program, int utf8) {
  if (config.initialize)
    return start_by_config(program, utf8);
  int *mode = dlsym(RTLD_DEFAULT, "Py_UTF8Mode");
  if (mode)
    *mode = utf8;
  simple.set_program(simple.decode(program, NULL));
  simple.initialize(0);
  return NULL;
}

/* Runs the code, which knows `places` and leaves a str as `error` if something is wrong. */
static const char *run(const char *code, const char *places) {
  static char error[8192];
  PyObject *variables = python.new_dict();
  python.set_item(variables, "__builtins__", python.builtins());
  python.set_item(variables, "places", python.from_text(places));
  if (!python.run(code, FILE_INPUT, variables, variables)) {
    python.print_error();
    return "the code of its start failed";
  }
  PyObject *found = python.get_item(variables, "error");
  const char *text = found ? python.text(found) : NULL;
  if (!text || !*text)
    return NULL;
  snprintf(error, sizeof error, "%s", text);
  return error;
}

/* start_python(library, program, code, places, utf8): opens libpython, starts Python as the program
 * would be, in UTF-8 mode or not, unless this process has it already, runs the code, and makes R's top level an entry of
 * the core. "" or what is wrong; "locked" if who has started Python holds the GIL at R's top level,
 * for which the core gives it up. */
static SEXP start_python(SEXP library, SEXP program, SEXP code, SEXP places, SEXP utf8) {
  const char *wrong = open_python(CHAR(STRING_ELT(library, 0)));
  if (wrong)
    return Rf_mkString(wrong);
  static bool started;
  int gil = -1;
  if (python.is_initialized() && !started && python.gil_is_held())
    return Rf_mkString("locked");
  if (python.is_initialized())
    gil = python.gil_ensure();
  else if ((wrong = start_as(CHAR(STRING_ELT(program, 0)), Rf_asLogical(utf8))))
    return Rf_mkString(wrong);
  started = true;
  wrong = run(CHAR(STRING_ELT(code, 0)), CHAR(STRING_ELT(places, 0)));
  if (!wrong) {
    int (*enter)(void) = (int (*)(void))python.capsule("pyclass_bridge._core.enter_host", 0);
    if (enter && enter() == 0) /* it gives up the GIL */
      return Rf_mkString("");
    wrong = "the core does not take R's top level as an entry";
  }
  if (gil >= 0)
    python.gil_release(gil);
  else
    python.save_thread();
  return Rf_mkString(wrong);
}

/* keep_symbols(env): keeps the core's symbols for a namespace that is loaded again; with NULL, gives
 * what is kept. */
static SEXP keep_symbols(SEXP env) {
  static SEXP kept;
  if (env != R_NilValue)
    R_PreserveObject(kept = env);
  return kept ? kept : R_NilValue;
}

/* no_proxy(x): in the place of the core's question, before Python is there to make one. */
static SEXP no_proxy(SEXP x) { return Rf_ScalarLogical(FALSE); }

static const R_CallMethodDef routines[] = {{"start_python", (DL_FUNC)&start_python, 5},
                                           {"keep_symbols", (DL_FUNC)&keep_symbols, 1},
                                           {"no_proxy", (DL_FUNC)&no_proxy, 1},
                                           {NULL, NULL, 0}};

void R_init_pyclassbridge(DllInfo *info) {
  R_registerRoutines(info, NULL, routines, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
}
