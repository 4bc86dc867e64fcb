# Every error of a class definition, word for word: tests/snapshots/definition_errors.txt
# (plain R: Python is a fake that records).
# UPDATE_SNAPSHOTS=1 writes the file anew; read the difference before it is kept.

skip_if_not(python_is_fake, "needs the fake Python of helper.R, and so a plain Rscript")

Base <- fake_class("Base")
Cb <- bases$Callback
instance <- fake_object("keras.src.callbacks.early_stopping.EarlyStopping")
module <- fake_object("python.builtin.module")
Async <- fake_class("Async", async = "update_state")
synalinks <- local({
  kinds <- asNamespace("pyclassbridge")$synalinks_kinds
  list(
    Callback = fake_class("Callback", of = kinds$Callback$named),
    Metric = fake_class("Metric", of = kinds$Metric$named, async = "update_state")
  )
})
callback_early_stopping <- structure(function(...) NULL, py_class_of = function() Cb)

definition_errors <- alist(
  # the left and the right side of %py_class%
  "name in quotes" = "A" %py_class% {},
  "name with dollar" = a$b %py_class% {},
  "name of a package" = pkg::A(Base) %py_class% {},
  "number as name" = 3 %py_class% {},
  "name with a dot" = My.Class %py_class% {},
  "name is a Python keyword" = class(Base) %py_class% {},
  "body is a function" = A %py_class% function() 1,
  "body is a list" = A(Base) %py_class% list(x = 1),
  "body is a string" = A %py_class% "doc",
  "extra comma" = A(Base, ) %py_class% {},
  "keyword twice" = A(Base, key = 1, key = 2) %py_class% {},
  "convert is no flag" = A(convert = "no") %py_class% {},
  "delay_load is no flag" = A(delay_load = NA) %py_class% {},
  "metaclass is no class" = A(metaclass = "Meta") %py_class% {},
  # classname
  "classname is missing" = Metric(result = function() 1),
  "classname is a number" = Callback(3),
  "doc is no string" = Callback("A", doc = 3),
  "doc is a function" = PyClass("A", list(), doc = function() 1),
  "classname is two strings" = Layer(c("A", "B")),
  "classname is empty" = PyClass(""),
  "classname with spaces" = Loss("my loss"),
  "classname begins with a digit" = Metric("2nd"),
  "classname is a function" = Callback(function(epoch, logs) NULL),
  # bases
  "base is an instance" = A(instance) %py_class% {},
  "base is a module" = A(module) %py_class% {},
  "base is NULL" = A(NULL) %py_class% {},
  "base is a number" = A(Base, 1) %py_class% {},
  "base is an R function" = A(mean) %py_class% {},
  "base is a string" = A("keras.callbacks.Callback") %py_class% {},
  "base is a list" = A(list(Base)) %py_class% {},
  "base does not exist" = A(Bsae) %py_class% {},
  "base given twice" = A(Base, Base) %py_class% {},
  "inherits from itself" = A(A) %py_class% {},
  "inherit is an instance" = Callback("A", inherit = instance),
  "inherit is a string" = Metric("A", inherit = "Metric"),
  "inherit holds no class" = PyClass("A", inherit = list(Base, 2)),
  # members without a name, twice, reserved
  "function without a name" = A(Cb) %py_class% {
    function(epoch, logs = NULL) NULL
  },
  "marked function without a name" = A %py_class% {
    staticmethod(function(a) a)
  },
  "self in the body" = A %py_class% {
    self$x <- 1
  },
  "private replaced" = A %py_class% {
    private <- list(a = 1)
  },
  "defined twice in the body" = A(Cb) %py_class% {
    on_epoch_end <- function(epoch, logs = NULL) 1
    on_epoch_end <- function(epoch, logs = NULL) 2
  },
  "method and active binding" = A %py_class% {
    size <- function() 1
    size %<-active% function() 2
  },
  "private twice in the body" = A %py_class% {
    private$f <- function() 1
    private$f <- function() 2
  },
  "public and private in the body" = A %py_class% {
    f <- function() 1
    private$f <- 2
  },
  "member without a name in dots" = Loss("A", function(y_true, y_pred) 1, function() 2),
  "member without a name in public" = Metric("A", public = list(result = function() 1, 3)),
  "member without a name in private" = Metric("A", private = list(function() 1)),
  "member without a name in defs" = PyClass("A", list(function(self) 1)),
  "public is no list" = Metric("A", public = "x"),
  "private is an environment" = Metric("A", private = globalenv()),
  "defs is a function" = PyClass("A", function(self) 1),
  "in the arguments and in public" =
    Metric("A", result = function() 1, public = list(result = function() 2)),
  "twice in dots" = Loss("A", call = function(y_true, y_pred) 1, extra = 1, extra = 2),
  "in public and in private" =
    Metric("A", public = list(total = 1), private = list(total = 2)),
  "self as a member" = PyClass("A", list(self = 1)),
  "super as a method" = A %py_class% {
    super <- function() 1
  },
  "initialize and __init__" = A %py_class% {
    initialize <- function() NULL
    `__init__` <- function() NULL
  },
  "finalize and __del__" = PyClass("A", list(
    finalize = function(self) NULL, `__del__` = function(self) NULL
  )),
  "call and __call__" = Constraint("A", call = function(w) w, `__call__` = function(w) w),
  "parent_env is no environment" = Metric("A", parent_env = list()),
  "initialize misspelt" = Callback("A", intialize = function(n) NULL),
  "initialize in British" = A(Cb) %py_class% {
    initialise <- function(n) NULL
  },
  "call misspelt" = Layer("A", calls = function(x) x),
  "the beginning of an argument's name" = Layer("A", get = function() 1),
  "the beginning of initialize" = Metric("A", init = function() 1),
  "a private hook" = Callback("A", private = list(on_epoch_end = function(epoch, logs) 1)),
  "active as in R6" = Callback("A", active = list(twice = function() 2)),
  "logs where nothing comes" = Metric("A", result = function(logs) 1),
  "logs before the epoch" = Callback("A", on_epoch_begin = function(logs, epoch) 1),
  # members of the wrong kind
  "hook is a number" = Callback("A", on_epoch_end = 5),
  "hook is a number in the body" = A(Cb) %py_class% {
    on_epoch_end <- 5
  },
  "initialize is a string" = Metric("A", "initialize"),
  "result is a data frame" = Metric("A", result = data.frame(x = 1)),
  "primitive as a method" = Metric("A", total = sum),
  "hook is active" = Callback("A", on_epoch_end = active_property(function(value) 1)),
  "initialize is static" = A %py_class% {
    initialize <- staticmethod(function() 1)
  },
  "active binding of two arguments" = A %py_class% {
    size %<-active% function(x, value) 1
  },
  "private active binding of two arguments" =
    Metric("A", private = list(size = active_property(function(a, b) 1))),
  "arguments with one Python name" = A %py_class% {
    scale <- function(na.rm, na_rm) 1
  },
  "active binding is a value" = A %py_class% {
    size %<-active% 3
  },
  "static method is a value" = A %py_class% {
    size <- staticmethod("size")
  },
  # hooks
  "misspelt hook" = Callback("EarlyStop", on_epoch_edn = function(epoch, logs = NULL) NULL),
  "misspelt hook in the body" = EarlyStop(Cb) %py_class% {
    on_eopch_end <- function(epoch, logs = NULL) NULL
  },
  "hook of another framework" = Callback("A", on_epoch_start = function(epoch, logs) NULL),
  "hook for validation" = Callback("A", on_validation_batch_end = function(batch, logs) NULL),
  "hook with dots" = Callback("A", on.epoch.end = function(epoch, logs) NULL),
  "hook in camel case" = Callback("A", onTrainBegin = function(logs) NULL),
  "misspelt hook through a wrapper" =
    A(callback_early_stopping) %py_class% {
      on_test_ned <- function(logs = NULL) NULL
    },
  "misspelt active hook" = Callback("A", on_train_edn = active_property(function() 1)),
  # arity
  "hook without arguments" = Callback("A", on_epoch_end = function() NULL),
  "hook without logs" = A(Cb) %py_class% {
    on_epoch_end <- function(epoch) NULL
  },
  "hook with an argument too many" = Callback("A", on_train_end = function(epoch, logs) NULL),
  "hook with an argument after dots" = Callback("A", on_train_end = function(..., logs) NULL),
  "result with an argument" = Metric("A", result = function(x) x),
  "update_state without arguments" = Metric("A", update_state = function() NULL),
  "reset_state with an argument" = Metric("A", reset_state = function(states) NULL),
  "call of a layer without arguments" = Layer("A", call = function() 1),
  "call of a loss with one argument" = Loss("A", call = function(x) x),
  "call of a schedule without arguments" = LearningRateSchedule("A", call = function() 1),
  "call of a constraint in the body" = A(bases$Constraint) %py_class% {
    `__call__` <- function() 1
  },
  "get_config with an argument" = Layer("A", get_config = function(config) config),
  "train_step without data" = Model("A", train_step = function() NULL),
  "self only" = Metric("A", update_state = function(self) NULL),
  # methods that Keras would never call
  "old name of reset_state" = Metric("A", reset_states = function() NULL),
  "misspelt update_state" = Metric("A", update_sate = function(y_true, y_pred) NULL),
  "misspelt build" = Layer("A", biuld = function(input_shape) NULL),
  # callback sets
  "id is missing" = callback_set(on_end = function() 1),
  "id is a number" = callback_set(3),
  "id is empty" = callback_set(""),
  "id is a function" = callback_set(function() 1),
  "weight is a string" = callback_set("a", weight = "high"),
  "weight is NA" = callback_set("a", weight = NA_real_),
  "ctx is a field" = callback_set("a", public = list(ctx = 1)),
  "ctx is active" = callback_set("a", active = list(ctx = function(value) 1)),
  "misspelt stage" = callback_set("my_stop", on_edn = function() 1),
  "misspelt stage in public" = callback_set("a", public = list(on_batch_ends = function() 1)),
  "misspelt stage in the body" = A(bases$CallbackSet) %py_class% {
    on_valid_batch_ned <- function() 1
  },
  "stage of validation, otherwise" = callback_set("a", on_batch_val_start = function() 1),
  "hook of Keras in a set" = callback_set("a", on_train_begin = function() 1),
  "hook of Keras misspelt in a set" = callback_set("a", on_train_batch_edn = function() 1),
  "hook of validation in a set" = callback_set("a", on_test_begin = function() 1),
  "stage with arguments" = callback_set("a", on_epoch_end = function(epoch, logs = NULL) 1),
  "stage with an argument it can do without" = callback_set("a", on_end = function(logs = NULL) 1),
  "stage is a number" = callback_set("a", on_end = 3),
  "a private stage" = callback_set("a", private = list(on_valid_end = function() 1)),
  "active is no list" = callback_set("a", active = function() 1),
  "active holds a number" = callback_set("a", active = list(size = 1)),
  "active without names" = callback_set("a", active = list(function() 1)),
  "state_dict alone" = callback_set("a", state_dict = function() 1),
  "load_state_dict alone" = callback_set("a", load_state_dict = function(state) 1),
  "state_dict alone in Callback()" = Callback("A", state_dict = function() 1),
  "load_state_dict without the state" =
    callback_set("a", state_dict = function() 1, load_state_dict = function() 1),
  "state_dict with an argument" = A(Cb) %py_class% {
    state_dict <- function(state) 1
    load_state_dict <- function(state) 1
  },
  "set from a callback" = callback_set("a", inherit = Cb),
  "callback from a set" = Callback("A", inherit = bases$CallbackSet),
  # what is called at the end of a training
  "misspelt on_exit" = Callback("A", on_exti = function() 1),
  "on_exit with an argument" = Callback("A", on_exit = function(logs) 1),
  "a private on_exit" = Callback("A", private = list(on_exit = function() 1)),
  "stage in Callback()" = Callback("A", on_begin = function(logs = NULL) 1),
  "stage of validation in Callback()" = Callback("A", on_valid_end = function(logs = NULL) 1),
  # async methods
  "async_method without a function" = A %py_class% {
    fetch <- async_method(3)
  },
  "async_method without a name" = A %py_class% {
    async_method(function() 1)
  },
  "async initialize" = A %py_class% {
    initialize <- async_method(function() NULL)
  },
  "async special method" = A %py_class% {
    `__len__` <- async_method(function() 1L)
  },
  "async hook" = A(Cb) %py_class% {
    on_epoch_end <- async_method(function(epoch, logs = NULL) NULL)
  },
  "async call of a layer" = Layer("A", call = async_method(function(inputs) inputs)),
  "async active binding" = A %py_class% {
    size <- active_property(async_method(function() 1))
  },
  "async private method" = A %py_class% {
    private$fetch <- async_method(function() 1)
  },
  "async private active binding" = A %py_class% {
    private$size <- active_property(async_method(function() 1))
  },
  "plain method in the place of an async one" = A(Async) %py_class% {
    update_state <- function(...) NULL
  },
  # classes for Synalinks
  "misspelt hook of Synalinks" = A(synalinks$Callback) %py_class% {
    on_epoch_edn <- function(epoch, logs = NULL) NULL
  },
  "on_exit for Synalinks" = Callback("A", inherit = synalinks$Callback, on_exit = function() NULL),
  "hook of Synalinks with too few arguments" = A(synalinks$Callback) %py_class% {
    on_epoch_end <- function() NULL
  },
  "private hook of Synalinks" = A(synalinks$Callback) %py_class% {
    private$on_train_end <- function(logs = NULL) NULL
  },
  "async hook of Synalinks" = A(synalinks$Callback) %py_class% {
    on_train_batch_end <- async_method(function(batch, logs = NULL) NULL)
  },
  "plain update_state of Synalinks" = Metric(
    "A", inherit = synalinks$Metric, update_state = function(y_true, y_pred) NULL
  ),
  "async result of Synalinks" = Metric(
    "A", inherit = synalinks$Metric, result = async_method(function() 1)
  ),
  "misspelt method of Synalinks" = A(synalinks$Metric) %py_class% {
    resutl <- function() 1
  }
)

error_text <- function(code) {
  tryCatch(
    {
      eval(code, new.env(parent = topenv_of_case))
      "no error"
    },
    error = conditionMessage
  )
}

# The cases see the bases above and nothing that another case has defined.
topenv_of_case <- environment()

test_that("the errors of a definition name class, member and remedy", {
  fake_keras(bases)
  text <- vapply(definition_errors, error_text, "")
  lines <- unlist(Map(function(case, text) c(paste0("== ", case), text, ""), names(text), text))
  file <- "../../snapshots/definition_errors.txt"
  if (nzchar(Sys.getenv("UPDATE_SNAPSHOTS"))) {
    writeLines(lines, file)
  }
  expect_identical(unname(lines), readLines(file))
  expect_false(any(text == "no error"))
  expect_gte(length(text), 60L)
})

test_that("an error of a definition is a condition with class and member", {
  e <- tryCatch(
    PyClass("A", list(self = 1)),
    py_class_definition_error = function(e) e
  )
  expect_identical(e$class_name, "A")
  expect_identical(e$member, "self")
})

test_that("wrong arguments of a factory are named, with the right ones", {
  EarlyStop(Cb) %py_class% {
    initialize <- function(patience = 0, min.delta = 0) NULL
  }
  Plain(Cb) %py_class% {
    initialize <- function() NULL
  }
  explain <- asNamespace("pyclassbridge")$explain_unused
  message_of <- function(code) {
    tryCatch(
      withCallingHandlers(code, error = function(e) stop(explain(e))),
      py_class_argument_error = conditionMessage, error = function(e) stop("not explained")
    )
  }
  expect_error(EarlyStop(patince = 3), "unused argument")
  expect_identical(
    message_of(EarlyStop(patince = 3)),
    "EarlyStop() has no argument `patince`; did you mean `patience`?"
  )
  expect_identical(
    message_of(EarlyStop(monitor = "loss")),
    "EarlyStop() has no argument `monitor`; its arguments are `patience`, `min.delta`."
  )
  expect_identical(
    message_of(EarlyStop(1, 2, 3)),
    "EarlyStop() takes 2 arguments (`patience`, `min.delta`), but 3 were given."
  )
  expect_identical(message_of(Plain(1)), "Plain() takes no arguments, but 1 was given.")
  expect_identical(message_of(Plain(a = 1)), "Plain() has no argument `a`; it takes none.")
  pass_on <- function(...) EarlyStop(...)
  expect_identical(
    message_of(pass_on(min.dleta = 3)),
    "EarlyStop() has no argument `min.dleta`; did you mean `min.delta`?"
  )
  expect_identical(
    message_of(do.call(EarlyStop, list(a = 1))),
    "EarlyStop() has no argument `a`; its arguments are `patience`, `min.delta`."
  )
  here <- list(stop = EarlyStop)
  expect_identical(
    message_of(here$stop(patince = 1)),
    "here$stop() has no argument `patince`; did you mean `patience`?"
  )
  wrapper <- structure(function(unit) NULL, py_class_of = function() Cb)
  expect_identical(
    message_of(lapply(1, function(i) wrapper(units = i))),
    "wrapper() has no argument `units`; did you mean `unit`?"
  )
})

test_that("other errors are not explained", {
  explain <- asNamespace("pyclassbridge")$explain_unused
  Plain(Cb) %py_class% {
    initialize <- function(a) NULL
  }
  same <- function(code) {
    tryCatch(
      withCallingHandlers(code, error = function(e) stop(explain(e))),
      error = function(e) inherits(e, "simpleError")
    )
  }
  expect_true(same(stop("own")))
  expect_true(same(Plain(stop("inside"))))
  expect_true(same(sd(1, 2, 3)))
  expect_true(same((function() NULL)(1)))
})
