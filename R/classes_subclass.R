# Callback(), Metric(), Layer() and the other constructors, made from the rows of classes_kinds.R.
# Keras is imported when a constructor first needs its default base, not before.
# Python half: none; classes_spec.R builds the definition.

# The constructor of one row, with the recommended members as real formals.
class_constructor <- function(kind) {
  args <- keras_kinds[[kind]]$args
  recommended <- structure(lapply(args, as.name), names = args)
  formals <- c(
    alist(classname = ),
    structure(rep(list(NULL), length(args)), names = args),
    alist(
      ... = , public = list(), private = list(), inherit = NULL, parent_env = parent.frame(),
      doc = NULL
    ),
    if (kind == "Metric") alist(eager = FALSE, values = NULL)
  )
  plain <- if (kind == "Metric") quote(list(eager = eager, values = values))
  body <- bquote({
    if (is_saving_code()) {
      return(saved_call(sys.call(), parent.frame()))
    }
    if (is_injected(sys.call())) {
      return(inject(sys.function(), sys.call(), parent.frame()))
    }
    check_class_name(classname, .(paste0(kind, "()")))
    check_full_names(classname, names(sys.call()), .(c("classname", args)))
    define_keras_class(
      .(kind), classname, .(as.call(c(quote(list), recommended))), dynamic_dots(...), public, private,
      inherit, substitute(inherit), parent_env, given_doc(classname, doc, sys.call()), .(plain)
    )
  })
  as.function(c(formals, body), envir = environment(class_constructor))
}

# Refuses a name that R would match partially to an argument of the constructor.
check_full_names <- function(class, given, arguments) {
  for (name in setdiff(given, c("", arguments))) {
    taken <- arguments[startsWith(arguments, name)]
    if (length(taken)) {
      abort_class(
        class, "`", name, "` would be taken for `", taken[[1L]], "`. Write the whole name; for a ",
        "member of your own called `", name, "`, write `public = list(", name, " = ...)`.",
        member = name
      )
    }
  }
}

define_keras_class <- function(kind, name, recommended, dots, public, private, inherit,
                               inherit_code, parent_env, doc = NULL, plain = NULL) {
  check_member_list(name, dots, "...")
  check_member_list(name, public, "public")
  check_member_list(name, private, "private")
  if (!is.environment(parent_env)) {
    abort_class(
      name, "`parent_env` must be an environment, not ", describe_value(parent_env), "."
    )
  }
  if (is.null(inherit)) {
    inherit <- inherit_code <- keras_kinds[[kind]]$base
    bases <- given_bases(name, inherit, inherit_code, environment(define_keras_class))
  } else {
    bases <- given_bases(name, inherit, inherit_code, parent_env)
  }
  members <- c(drop_nulls(recommended), drop_nulls(dots), public)
  refuse_eager_class(name, kind, dots)
  is_eager <- is_eager_class(name, plain$eager, bases)
  if (is_eager) {
    class <- eager_class(name, members, bases, plain$values)
  } else {
    class <- list(bases = bases, keywords = list())
    members <- c(members, drop_nulls(list(values = plain$values))) # a member as others
  }
  build_class(class_definition(
    name, paste0(kind, "()"),
    public = members, private = private, bases = class$bases, keywords = class$keywords,
    kind = kind, doc = doc, parent_env = parent_env
  ))
}

# Only a metric's methods can be plain R.
refuse_eager_class <- function(name, kind, dots) {
  ways <- c(Layer = "layer_r()", Loss = "loss_r()")
  if (kind %in% names(ways) && isTRUE(dots$eager)) {
    abort_class(
      name, "`eager = TRUE` is for `Metric()`. For a function in plain R use `", ways[[kind]], "`; for a ",
      "member of your own called `eager`, write `public = list(eager = ...)`.",
      member = "eager"
    )
  }
}

# Are the methods plain R, which gets values in place of tensors?
is_eager_class <- function(name, eager, bases) {
  if (!is.null(eager) && !identical(eager, TRUE) && !identical(eager, FALSE)) {
    abort_class(
      name, "`eager` must be TRUE or FALSE, not ", describe_value(eager), ". For a member of your own ",
      "called `eager`, write `public = list(eager = ...)`.",
      member = "eager"
    )
  }
  isTRUE(eager) || any(vapply(bases, function(base) for_r$has_attr(base, "__r_handles__"), NA))
}

# The docstring of the class that `call` makes: the argument, or the comment above the statement.
given_doc <- function(class, doc, call, members = "public") {
  if (is.null(doc)) {
    return(statement_doc(call))
  }
  if (!is_string(doc)) {
    abort_class(
      class, "`doc` must be one string, the docstring of the class, not ", describe_value(doc),
      ". For a member of your own called `doc`, write `", members, " = list(doc = ...)`.",
      member = "doc"
    )
  }
  doc
}

drop_nulls <- function(x) {
  x[!vapply(x, is.null, NA)]
}

#' Subclass a Keras base class
#'
#' Each makes a Python class from R functions and returns a function that makes its instances,
#' with the arguments of `initialize`. A `Callback()` sees epochs and batches counted from 1, and
#' a named list that a hook returns visibly is merged into its logs.
#'
#' An invalid class name, a base that is not a class, a member without a name, a method that can't
#' take the arguments that Keras passes, and a hook that Keras does not have are errors that name
#' the class and the member.
#'
#' @param classname String, the name of the class.
#' @param on_epoch_begin,on_epoch_end,on_train_batch_begin,on_train_batch_end Functions of the
#'   epoch or batch and `logs`, which Keras calls at these moments of training.
#' @param on_test_batch_begin,on_test_batch_end,on_predict_batch_begin,on_predict_batch_end The
#'   same for evaluation and prediction.
#' @param on_train_begin,on_train_end,on_test_begin,on_test_end,on_predict_begin,on_predict_end
#'   Functions of `logs`.
#' @param initialize,call,build,get_config,update_state,result,update_step Recommended methods;
#'   NULL keeps the one of the base.
#' @param train_step,test_step,predict_step,compute_loss,compute_metrics The steps of a model; NULL
#'   keeps the one of the base.
#' @param ...,public Further members: methods, active bindings, class attributes. NULL among `...`
#'   is left out, NULL in `public` is Python's `None`. In a `Callback()`, [fit()] calls `on_exit`, a
#'   function without arguments, at the end of the training, also after an error or Ctrl-C;
#'   `weight`, a number (default 0), orders the callbacks of a training: a higher one runs later. In
#'   a `Metric()`, `direction = "up"` (`"down"`) means that higher (lower) values are better;
#'   callbacks with `mode = "auto"` read it.
#' @param eager With TRUE the methods `update_state`, `result` and `reset_state` of a `Metric()` are
#'   plain R, as the function of [metric_r()] is: they get vectors, matrices and factors, once for each
#'   batch in the order of the batches, in compiled training, too. State is kept in `self` and
#'   `private`, not in `add_weight()`; `result` gives a number or a named list.
#' @param values The names of the numbers in that list, if its code doesn't tell them. Without
#'   `eager = TRUE` it is a member like others.
#' @param private Named list of members that only the methods see, as `private$name`.
#' @param inherit The base: a Python class, an R class, a wrapper such as
#'   `callback_early_stopping`. Default: the Keras base.
#' @param parent_env The enclosing environment of the methods.
#' @param doc String, the docstring of the class, which Python's `help()` shows. Default: the roxygen
#'   comment above the assignment, where R keeps the source (`source()`, scripts).
#' @return A function that returns instances. An instance of a `Callback()` lists its hooks as
#'   `$stages`. The function of a `Layer()` works in a pipe: given a model or tensors as its first
#'   argument, without a name, it puts the layer onto them.
#' @examples
#' \dontrun{
#' PrintLoss <- Callback(
#'   "PrintLoss",
#'   on_epoch_end = function(epoch, logs = NULL) cat("epoch", epoch, "loss", logs$loss, "\n")
#' )
#' x <- matrix(rnorm(40), ncol = 4)
#' model <- keras_model_sequential(input_shape = 4) |> layer_dense(1)
#' model |> compile(loss = "mse")
#' model |> fit(x, rowSums(x), epochs = 2, callbacks = list(PrintLoss()), verbose = 0)
#'
#' metric_mean_error <- Metric(
#'   "MeanError",
#'   initialize = function(name = "mean_error", ...) {
#'     super$initialize(name = name, ...)
#'     self$total <- self$add_weight(shape = shape(), initializer = "zeros", name = "total")
#'   },
#'   update_state = function(y_true, y_pred, sample_weight = NULL) {
#'     self$total$assign(self$total + op_mean(y_true - y_pred))
#'   },
#'   result = function() self$total$value
#' )
#' model |> compile(loss = "mse", metrics = metric_mean_error())
#' evaluate(model, x, rowSums(x), verbose = 0)$mean_error
#'
#' metric_median_gap <- Metric(
#'   "MedianGap", eager = TRUE,
#'   private = list(gaps = numeric()),
#'   update_state = function(y_true, y_pred, sample_weight = NULL) {
#'     private$gaps <- c(private$gaps, abs(y_true - y_pred))
#'   },
#'   result = function() median(private$gaps),
#'   reset_state = function() private$gaps <- numeric()
#' )
#' model |> compile(loss = "mse", metrics = metric_median_gap())
#' evaluate(model, x, rowSums(x), verbose = 0)
#' }
#' @name keras_classes
Callback <- class_constructor("Callback")

#' @rdname keras_classes
Metric <- class_constructor("Metric")

#' @rdname keras_classes
Layer <- class_constructor("Layer")

#' @rdname keras_classes
Loss <- class_constructor("Loss")

#' @rdname keras_classes
Model <- class_constructor("Model")

#' @rdname keras_classes
Constraint <- class_constructor("Constraint")

#' @rdname keras_classes
Initializer <- class_constructor("Initializer")

#' @rdname keras_classes
Regularizer <- class_constructor("Regularizer")

#' @rdname keras_classes
Optimizer <- class_constructor("Optimizer")

#' @rdname keras_classes
LearningRateSchedule <- class_constructor("LearningRateSchedule")

#' @rdname keras_classes
new_callback_class <- Callback

#' @rdname keras_classes
new_metric_class <- Metric

#' @rdname keras_classes
new_layer_class <- Layer

#' @rdname keras_classes
new_loss_class <- Loss

#' @rdname keras_classes
new_model_class <- Model

#' @rdname keras_classes
new_learning_rate_schedule_class <- LearningRateSchedule
