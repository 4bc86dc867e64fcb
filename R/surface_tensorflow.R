# Functions of the R package tensorflow, beside `tf`, the Python package itself (for_r_modules.R).
# They have no other half in Python.

#' A function of tensors as a TensorFlow graph
#'
#' The first call with each kind of arguments traces `f`: its R code runs once, and its operations
#' on tensors become the graph that later calls run.
#'
#' @param f An R or Python function.
#' @param input_signature NULL, or a list of `tf$TensorSpec()`, one for each argument.
#' @param autograph TRUE or FALSE: does TensorFlow translate `if` and `for` in Python code? It never
#'   translates R code.
#' @param ... Further arguments of `tf$function()`.
#' @param name The name of the graph; NULL for the name of `f`.
#' @return A function; an error if TensorFlow is not installed.
#' @examples
#' \dontrun{
#' half <- tf_function(function(x) x / 2)
#' half(tf$constant(c(1, 2)))
#' }
tf_function <- function(f, input_signature = NULL, autograph = TRUE, ..., name = NULL) {
  if (!is_py_object(f)) {
    f <- py_func(f)
  }
  if (!is.null(name)) {
    py_set_attr(f, "__name__", name)
  }
  tf[["function"]](f, input_signature = input_signature, autograph = autograph, ...)
}

#' The version and the GPUs of TensorFlow
#'
#' @param verbose TRUE or FALSE: does `tf_gpu_configured()` also print what it sees?
#' @return `tf_version()` a `numeric_version` of two parts, `tf_config()` a list of `version`,
#'   `location` and `available`, which is FALSE without TensorFlow; `tf_gpu_configured()` TRUE or
#'   FALSE.
#' @examples
#' \dontrun{
#' tf_version() >= "2.16"
#' tf_gpu_configured()
#' }
tf_version <- function() {
  numeric_version(sub("^([0-9]+[.][0-9]+).*", "\\1", tf$version$VERSION))
}

#' @rdname tf_version
tf_config <- function() {
  if (!py_module_available("tensorflow")) {
    return(list(available = FALSE))
  }
  list(available = TRUE, version = tf_version(), location = dirname(tf$`__file__`))
}

#' @rdname tf_version
tf_gpu_configured <- function(verbose = TRUE) {
  devices <- tf$config$list_physical_devices("GPU")
  if (verbose) {
    cat("GPUs that TensorFlow sees: ", length(devices), "\n", sep = "")
  }
  length(devices) > 0L
}

#' TensorBoard is a program of its own
#'
#' It is an error that names the command to use in a shell.
#'
#' @param log_dir The directory to which [callback_tensorboard()] writes.
#' @param action,host,port,launch_browser,reload_interval,purge_orphaned_data Not used.
#' @return Nothing: always an error.
#' @examples
#' \dontrun{
#' tensorboard("logs")
#' }
tensorboard <- function(log_dir, action = c("start", "stop"), host = "127.0.0.1", port = "auto",
                        launch_browser = getOption(
                          "tensorflow.tensorboard.browser", interactive()
                        ),
                        reload_interval = 5, purge_orphaned_data = TRUE) {
  stop(
    "tensorboard(): TensorBoard is a program of its own: `tensorboard --logdir ",
    if (missing(log_dir)) "logs" else log_dir, "` in a shell shows what callback_tensorboard() ",
    "writes there.",
    call. = FALSE
  )
}

# ---- what only the stand-ins of tensorflow and tfdatasets export -------------------------------

# By the name of the export. tensorflow's as_tensor() and set_random_seed() have the names of others
# here.
tensorflow_exports <- function() {
  own <- c(
    as_tensor = "tensorflow_tensor", install_tensorflow = "install_tensorflow",
    parse_arguments = "parse_arguments", parse_flags = "parse_flags",
    py_require_tensorflow = "py_require_tensorflow", set_random_seed = "tensorflow_seed",
    tf_extract_opts = "tf_extract_opts", tf_probability = "tf_probability",
    use_compat = "use_compat", use_session_with_seed = "use_session_with_seed"
  )
  c(structure(mget(own, envir = topenv()), names = names(own)), refused_functions(tf_refused))
}

tf_refused <- list(
  list(
    answer = "it has no methods any more: fit() trains a model, evaluate() evaluates it",
    functions = c(train = "object, ...", train_and_evaluate = "object, ...")
  ),
  list(
    answer = "`saved_model_cli show --all --dir DIRECTORY` in a shell shows a saved model",
    functions = c(view_savedmodel = "model_dir")
  )
)

# A tensor of TensorFlow, whatever the backend of Keras.
tensorflow_tensor <- function(x, dtype = NULL, ..., name = NULL) {
  UseMethod("as_tensor")
}

as_tensor.default <- function(x, dtype = NULL, ..., shape = NULL, name = NULL) {
  x <- keras_tensor_value(x)
  if (is.double(x) && !is.null(dtype)) {
    # A scalar or vector would be rounded to 32 bits first.
    is_scalar <- length(x) == 1L && is.null(dim(x))
    x <- np_array(x)
    if (is_scalar) {
      x <- py_proxy(x, FALSE)$reshape(tuple())
    }
  }
  tensor <- tf$convert_to_tensor(x, name = name)
  if (!is.null(dtype)) {
    tensor <- tf$cast(tensor, dtype, name = name)
  }
  if (is.null(shape)) tensor else shaped_tensor(tensor, shape)
}

shaped_tensor <- function(tensor, shape) {
  if (!is_py_object(shape)) {
    shape <- lapply(shape(shape), function(dim) dim %||% -1L)
  }
  is_full <- is_py_object(shape) || !-1L %in% unlist(Filter(is.integer, shape))
  if (!length(tensor$shape) && is_full) tf$fill(shape, tensor) else tf$reshape(tensor, shape)
}

# R's, Python's, NumPy's and TensorFlow's random numbers. GPUs are hidden only from a TensorFlow
# that is not imported yet.
tensorflow_seed <- function(seed, disable_gpu = TRUE) {
  if (disable_gpu) {
    Sys.setenv(CUDA_VISIBLE_DEVICES = "-1")
  }
  set_random_seed(seed)
  tf$random$set_seed(as.integer(seed))
  invisible()
}

use_session_with_seed <- function(seed, disable_gpu = TRUE, disable_parallel_cpu = TRUE,
                                  quiet = FALSE) {
  tensorflow_seed(seed, disable_gpu)
  if (!quiet) {
    message("Set the session's seed to ", seed, if (disable_gpu) " (GPUs are not used)", ".")
  }
}

use_compat <- function(version = c("v1", "v2")) {
  if (match.arg(version) == "v1") {
    stop(
      "use_compat(): Keras 3 needs version 2 of TensorFlow's API; `tf$compat$v1` has the ",
      "functions of version 1.",
      call. = FALSE
    )
  }
}

tf_probability <- function() import("tensorflow_probability")

tf_extract_opts <- function(style = getOption("tensorflow.extract.style"), ...,
                            one_based = getOption("tensorflow.extract.one_based", TRUE),
                            inclusive_stop = getOption("tensorflow.extract.inclusive_stop", TRUE),
                            disallow_out_of_bounds = TRUE, warn_tensors_passed_asis = TRUE,
                            warn_negatives_pythonic = TRUE) {
  if (identical(style, "python") || !one_based || !inclusive_stop) {
    stop(
      "tf_extract_opts(): `[` of a tensor counts from 1 and includes its end here; ",
      "py_get_item() takes Python's indices and slices.",
      call. = FALSE
    )
  }
  structure(list(style = style), class = "tf_extract_opts")
}

install_tensorflow <- function(method = c("auto", "virtualenv", "conda"), conda = "auto",
                               version = "default", envname = "r-tensorflow",
                               extra_packages = NULL, restart_session = TRUE,
                               conda_python_version = NULL, ..., cuda = NULL, metal = FALSE,
                               pip_ignore_installed = FALSE,
                               new_env = identical(envname, "r-tensorflow"),
                               python_version = NULL) {
  answer_stays("install_tensorflow", c("tensorflow", extra_packages))
}

py_require_tensorflow <- function(use_gpu = NA) {
  answer_stays("py_require_tensorflow", "tensorflow")
}

parse_flags <- function(config = Sys.getenv("R_CONFIG_ACTIVE", unset = "default"),
                        file = "flags.yml", arguments = commandArgs(TRUE)) {
  given <- if (file.exists(file)) values_of_texts(read_flags(file, config)) else list()
  utils::modifyList(given, parse_arguments(arguments))
}

# Values by name, from `--name=value` and `--name value`.
parse_arguments <- function(arguments = NULL) {
  arguments <- arguments %||% commandArgs(TRUE)
  keys <- gsub("-", "_", sub("=.*", "", substring(grep("^--.", arguments, value = TRUE), 3L)))
  known <- lapply(keys, function(key) list(type = "boolean"))
  values_of_texts(command_flags(arguments, structure(known, names = keys)))
}

values_of_texts <- function(texts) lapply(texts, utils::type.convert, as.is = TRUE)
