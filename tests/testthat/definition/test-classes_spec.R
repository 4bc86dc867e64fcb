# From the class forms (%py_class%, PyClass(), R6) to the spec that Python gets, and back to the
# factory (plain R: Python is a fake that records). The errors are in test-classes_checks.R.

skip_if_not(python_is_fake, "needs the fake Python of helper.R, and so a plain Rscript")

Base <- fake_class("Base")
Other <- fake_class("Other")

test_that("a bare name makes a class without bases and assigns it, invisibly", {
  result <- withVisible(A %py_class% {})
  spec <- recorder$spec
  expect_false(result$visible)
  expect_identical(A, result$value)
  expect_identical(spec$name, "A")
  expect_identical(spec$bases, list())
  expect_identical(spec$keywords, structure(list(), names = NULL))
  expect_identical(spec$methods, list())
  expect_identical(spec$kind, "py_class")
  expect_identical(spec$index_base, 0L)
  expect_false(spec$merge_logs)
  expect_true(spec$convert)
  expect_identical(spec$parent_env, environment())
})

test_that("bases keep their order, keywords are no bases", {
  Meta <- fake_class("Meta")
  spec <- spec_of(AB(Base, Other, metaclass = Meta, key = 1 + 1) %py_class% {})
  expect_identical(spec$bases, list(Base, Other))
  expect_identical(spec$keywords, list(metaclass = Meta, key = 2))
  lone <- spec_of(M(metaclass = Meta) %py_class% {})
  expect_identical(lone$bases, list())
  expect_identical(lone$keywords, list(metaclass = Meta))
})

test_that("convert = FALSE is honoured and is no keyword", {
  spec <- spec_of(A(Base, convert = FALSE) %py_class% {})
  expect_false(spec$convert)
  expect_length(spec$keywords, 0L)
})

test_that("delay_load = TRUE builds the class when it is first used", {
  recorder$spec <- NULL
  Late(Base, delay_load = TRUE) %py_class% {
    m <- function() 1
  }
  expect_null(recorder$spec)
  force(Late)
  expect_identical(recorder$spec$name, "Late")
})

test_that("a body is evaluated: loops and helpers of the caller work, `self` is nobody's", {
  times <- 2
  spec <- spec_of(A %py_class% {
    for (i in 1:2) assign(paste0("m", i), function() NULL)
    total <- times * 3
    "quoted name" <- function(x) x
    assigned = function() 2
    .hidden <- NULL
  })
  expect_identical(member_names(spec$methods), c("m1", "m2", "quoted name", "assigned"))
  expect_identical(spec$fields, list(i = 2L, total = 6, .hidden = NULL))
})

test_that("docstrings: the class, methods in braces, a body of one string", {
  spec <- spec_of(A %py_class% {
    "Doc of A."
    long <- function() {
      "Doc of long."
      1
    }
    value <- function() "just a value"
    both <- function() {
      "value and doc"
    }
  })
  expect_identical(spec$doc, "Doc of A.")
  expect_identical(named(spec$methods, "long")$doc, "Doc of long.")
  expect_null(named(spec$methods, "value")$doc)
  expect_identical(named(spec$methods, "both")$doc, "value and doc")
  expect_identical(named(spec$methods, "both")$fn(), "value and doc")
  only <- spec_of(B %py_class% {
    "x"
  })
  expect_identical(only$doc, "x")
  expect_identical(spec_of(PyClass("C", list(`__doc__` = "D")))$doc, "D")
})

test_that("active bindings and private members, also private active ones", {
  spec <- spec_of(A %py_class% {
    size %<-active% function(value) if (missing(value)) 1
    twice <- active_property(function() 2)
    private$n <- 0
    private$none <- NULL
    private$step <- function() 1
    private$last <- mark_active(function() 3)
    private$first %<-active% function() 4
  })
  expect_identical(member_names(spec$active), c("size", "twice"))
  expect_null(attributes(spec$active[[1L]]$fn)$py_member)
  expect_identical(spec$private_fields, list(n = 0, none = NULL))
  expect_identical(member_names(spec$private_methods), "step")
  expect_identical(member_names(spec$private_active), c("last", "first"))
})

test_that("outside a class `%<-active%` makes an active binding", {
  count <- 0
  counter %<-active% function() count <<- count + 1
  expect_identical(counter + counter, 3)
})

test_that("initialize and finalize have their Python names", {
  spec <- spec_of(A %py_class% {
    initialize <- function(x) NULL
    finalize <- function() NULL
  })
  expect_identical(member_names(spec$methods), c("__init__", "__del__"))
})

test_that("static and class methods; from_config needs no mark; `self` and `cls` are dropped", {
  spec <- spec_of(A %py_class% {
    add <- staticmethod(function(self, b) b)
    make <- classmethod(function(cls, n) cls)
    from_config <- function(cls, config) cls
    plain <- function(self, x) x
    bare <- function(x) x
  })
  decorators <- vapply(spec$methods, function(member) member$decorator, "")
  expect_identical(decorators, c("staticmethod", "classmethod", "classmethod", "", ""))
  arguments <- lapply(spec$methods, function(member) names(formals(member$fn)))
  expect_identical(arguments, list(c("self", "b"), "n", "config", "x", "x"))
  explicit <- vapply(spec$methods, function(member) member$explicit_self, NA)
  expect_identical(explicit, c(FALSE, TRUE, TRUE, TRUE, FALSE))
})

test_that("formals: literals, code that is not evaluated, dots, dotted names", {
  fn <- function(a, b = a + undefined, c = -1, d = NULL, ..., na.rm = FALSE, e = c(1, 2)) NULL
  formals <- asNamespace("pyclassbridge")$spec_formals(fn)
  field <- function(name) vapply(formals, function(formal) formal[[name]], "")
  expect_identical(field("name"), c("a", "b", "c", "d", "...", "na.rm", "e"))
  expect_identical(
    field("default"), c("none", "code", "literal", "literal", "none", "literal", "code")
  )
  expect_identical(field("kind")[[5L]], "dots")
  expect_identical(formals[[2L]]$code, "a + undefined")
  expect_identical(lapply(formals[3:4], function(formal) formal$value), list(-1, NULL))
})

test_that("a Python callable in a body is a value, not a method", {
  relu <- fake_object("python.builtin.function", callable = TRUE)
  spec <- spec_of(A %py_class% {
    activation <- relu
  })
  expect_identical(spec$fields, list(activation = relu))
  expect_identical(spec$methods, list())
})

test_that("a Python class may be replaced by an R class of its name, an R class may not", {
  Base2 <- fake_class("Base2")
  original <- Base2
  spec <- spec_of(Base2(Base2) %py_class% {})
  expect_identical(spec$bases, list(original))
  expect_error(Base2(Base2) %py_class% {}, "inherits from itself")
})

test_that("wrappers, factories and lists of classes are bases", {
  wrapper <- structure(function(...) NULL, py_class_of = function() Base)
  expect_identical(spec_of(A(wrapper) %py_class% {})$bases, list(Base))
  expect_identical(spec_of(B(A) %py_class% {})$bases, list(A))
  expect_identical(spec_of(PyClass("C", inherit = list(Base, Other)))$bases, list(Base, Other))
})

test_that("the module of a class says where it was made", {
  expect_identical(spec_of(evalq(A %py_class% {}, globalenv()))$module, "r_globalenv")
  expect_identical(
    spec_of(eval(quote(A %py_class% {}), list(), asNamespace("utils")))$module, "r_utils"
  )
  local({
    .pyclassbridge_module <- "callbacks"
    expect_identical(spec_of(A %py_class% {})$module, "callbacks")
  })
})

test_that("PyClass() methods keep their environment and drop their leading self", {
  method <- local({
    secret <- 42
    function(self, x = 1) secret
  })
  spec <- spec_of(PyClass("P", list(get = method, start = 3), inherit = Base))
  member <- spec$methods[[1L]]
  expect_true(member$own_env)
  expect_true(member$explicit_self)
  expect_identical(environment(member$fn), environment(method))
  expect_identical(names(formals(member$fn)), "x")
  expect_identical(spec$fields, list(start = 3))
  expect_identical(spec$bases, list(Base))
})

test_that("a factory has the formals of initialize and passes on what was supplied only", {
  Stop(Base) %py_class% {
    initialize <- function(patience = 0, wait.for = patience + undefined) NULL
  }
  expect_identical(names(formals(Stop)), c("patience", "wait.for"))
  expect_identical(formals(Stop)$wait.for, quote(patience + undefined))
  Stop()
  expect_identical(recorder$args, list())
  Stop(3)
  expect_identical(recorder$args, list(patience = 3))
  Stop(wait.for = 2)
  expect_identical(recorder$args, list(wait_for = 2))
  lapply(4, Stop)
  expect_identical(recorder$args, list(patience = 4))
  pass_on <- function(p) Stop(p, wait = 1)
  pass_on()
  expect_identical(recorder$args, list(wait_for = 1))
  do.call(Stop, list(5, 6))
  expect_identical(recorder$args, list(patience = 5, wait_for = 6))
})

test_that("a factory with dots keeps positions, without initialize it takes anything", {
  Dots(Base) %py_class% {
    initialize <- function(a, ..., b = 1) NULL
  }
  expect_identical(names(formals(Dots)), c("a", "...", "b"))
  Dots(1, 2, x = 3, b = 4)
  expect_identical(recorder$args, list(1, 2, x = 3, b = 4))
  Any(Base) %py_class% {}
  expect_identical(names(formals(Any)), "...")
  Any(1, k = 2)
  expect_identical(recorder$args, list(1, k = 2))
  Same(Dots) %py_class% {}
  expect_identical(names(formals(Same)), c("a", "...", "b"))
})

test_that("a factory is still the Python class", {
  A %py_class% {
    initialize <- function(A) NULL
  }
  expect_s3_class(A, "python.builtin.type")
  expect_true(is_py_object(A))
  A("an argument with the name of the class")
  expect_identical(recorder$args, list(A = "an argument with the name of the class"))
})

test_that("an R6 generator is a class with its members, without clone", {
  skip_if_not_installed("R6")
  Counter <- R6::R6Class("Counter",
    inherit = Base,
    public = list(n = 0, none = NULL, initialize = function(n = 1) NULL, add = function() 1),
    active = list(twice = function() 2),
    private = list(secret = 5, helper = function() 1, finalize = function() NULL)
  )
  class <- r_to_py(Counter)
  spec <- recorder$spec
  expect_identical(spec$name, "Counter")
  expect_identical(spec$bases, list(Base))
  expect_setequal(member_names(spec$methods), c("__init__", "add", "__del__"))
  expect_identical(member_names(spec$active), "twice")
  expect_identical(spec$fields, list(n = 0, none = NULL))
  expect_identical(spec$private_fields, list(secret = 5))
  expect_identical(member_names(spec$private_methods), "helper")
  expect_identical(spec$parent_env, Counter$parent_env)
  expect_identical(names(formals(class)), "n")
})

test_that("an R6 generator gives one class until it changes, and its parent is the same class", {
  skip_if_not_installed("R6")
  Parent <- R6::R6Class("Parent", public = list(a = function() 1))
  Child <- R6::R6Class("Child", inherit = Parent)
  child <- r_to_py(Child)
  expect_identical(recorder$spec$bases, list(r_to_py(Parent)))
  expect_identical(r_to_py(Child), child)
  Parent$set("public", "b", function() 2)
  expect_false(identical(r_to_py(Child), child))
  expect_identical(spec_of(X(Child) %py_class% {})$bases, list(r_to_py(Child)))
})

test_that("cyclic inheritance of R6 generators names the cycle", {
  skip_if_not_installed("R6")
  A <- R6::R6Class("A", inherit = B)
  B <- R6::R6Class("B", inherit = A)
  expect_error(
    r_to_py(A),
    "Class `A`: it inherits from itself: A -> B -> A. Break the cycle.",
    fixed = TRUE
  )
  expect_error(
    r_to_py(R6::R6Class(public = list())), "`classname` must be one string",
    fixed = TRUE
  )
})
