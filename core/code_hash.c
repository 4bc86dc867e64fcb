/* The hash of R code: of the arguments and the body of a function, without its source references,
 * which do not say what quoted code was filled in with. It is the same in every process.
 *
 * Owns: nothing. Threads: inside an unsuspended entry; no GIL is needed. Jumps: code_hash() may, as
 * it reads vectors. */

#include "core.h"

#define DEEPEST 2000 /* code that is nested deeper is told apart to there */

typedef struct {
  uint64_t state; /* FNV-1a */
  int depth;
} Hash;

static void add_bytes(Hash *h, const void *bytes, size_t n) {
  const unsigned char *b = bytes;
  for (size_t i = 0; i < n; i++)
    h->state = (h->state ^ b[i]) * UINT64_C(1099511628211);
}

static void add_count(Hash *h, R_xlen_t n) {
  int64_t count = n;
  add_bytes(h, &count, sizeof count);
}

static void add_text(Hash *h, SEXP charsxp) {
  add_count(h, charsxp == R_NaString ? -1 : LENGTH(charsxp));
  add_bytes(h, CHAR(charsxp), (size_t)LENGTH(charsxp));
}

static void add_code(Hash *h, SEXP x);

static void add_element(Hash *h, SEXP x, R_xlen_t i) {
  switch (TYPEOF(x)) {
  case LGLSXP:
    add_bytes(h, &(int){LOGICAL_ELT(x, i)}, sizeof(int));
    break;
  case INTSXP:
    add_bytes(h, &(int){INTEGER_ELT(x, i)}, sizeof(int));
    break;
  case REALSXP:
    add_bytes(h, &(double){REAL_ELT(x, i)}, sizeof(double));
    break;
  case CPLXSXP: {
    Rcomplex z = COMPLEX_ELT(x, i);
    add_bytes(h, &z, sizeof z);
    break;
  }
  case RAWSXP:
    add_bytes(h, RAW_RO(x) + i, 1);
    break;
  case STRSXP:
    add_text(h, STRING_ELT(x, i));
    break;
  default:
    add_code(h, VECTOR_ELT(x, i));
  }
}

/* A value that code holds, with the attributes that make it what it is. */
static void add_vector(Hash *h, SEXP x) {
  add_count(h, XLENGTH(x));
  for (R_xlen_t i = 0; i < XLENGTH(x); i++)
    add_element(h, x, i);
  SEXP names[] = {R_NamesSymbol, R_ClassSymbol, R_DimSymbol, r_sym("levels")};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    add_code(h, PROTECT(r_get_attr(x, names[i])));
    UNPROTECT(1);
  }
}

/* The fourth part of a call of `function` is its source reference. */
static void add_call(Hash *h, SEXP call) {
  bool is_function = TYPEOF(call) == LANGSXP && CAR(call) == r_sym("function");
  int n = 0;
  for (SEXP node = call; node != R_NilValue && !(is_function && n == 3); node = CDR(node), n++) {
    add_code(h, TAG(node));
    add_code(h, CAR(node));
  }
  add_count(h, n);
}

static void add_code(Hash *h, SEXP x) {
  int type = TYPEOF(x);
  add_bytes(h, &type, sizeof type);
  if (h->depth == DEEPEST)
    return;
  h->depth++;
  switch (type) {
  case SYMSXP:
    add_text(h, PRINTNAME(x));
    break;
  case LANGSXP:
  case LISTSXP:
    add_call(h, x);
    break;
  case CLOSXP:
    add_code(h, r_formals(x));
    add_code(h, r_body(x));
    break;
  case LGLSXP:
  case INTSXP:
  case REALSXP:
  case CPLXSXP:
  case RAWSXP:
  case STRSXP:
  case VECSXP:
  case EXPRSXP:
    add_vector(h, x);
    break;
  default: /* environments and pointers are told apart by nothing that lasts */
    break;
  }
  h->depth--;
}

void code_hash(SEXP formals, SEXP body, char text[CODE_HASH_SIZE]) {
  Hash h = {.state = UINT64_C(14695981039346656037)};
  add_code(&h, formals);
  add_code(&h, body);
  snprintf(text, CODE_HASH_SIZE, "%016llx", (unsigned long long)h.state);
}
