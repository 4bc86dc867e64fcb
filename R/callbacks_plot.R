# callback_plot(): draws the curves of a training while it runs, as plot() draws a history: into a
# PNG file, below the cell of a notebook, or on R's device. The callback is a class of Callback().
# Python half: none; bridge/whole_file.py replaces the picture.

#' Plot a training while it runs
#'
#' Draws the curves that [plot()] draws of a history anew after each epoch: into the PNG file
#' `path`; without a path, below the cell of a notebook or on R's current graphics device. The file
#' is replaced as a whole, so that a viewer never reads a part of it.
#'
#' It is an error if `path` is not a `.png` file or its directory is missing, if the logs lack a
#' metric, or if there is neither a `path` nor a notebook nor a device that shows. After an error in
#' the training, the file shows the last epoch.
#'
#' @param path String, a file that ends in `.png`, or NULL.
#' @param metrics,method,... As in [plot()] of a history; base graphics are faster.
#' @param freq Whole number: draw after every `freq` epochs, and at the end of the training.
#' @param width,height Numbers, in inches.
#' @param res Number, pixels per inch.
#' @return A callback.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse", metrics = "mae")
#' model |> fit(1:10, 2 * 1:10, epochs = 30, callbacks = callback_plot("curves.png"), verbose = 0)
#' }
callback_plot <- function(path = NULL, metrics = NULL, method = c("base", "ggplot2", "auto"),
                          freq = 1, width = 7, height = 5, res = 96, ...) {
  method <- chosen("callback_plot", "method", method, c("base", "ggplot2", "auto"))
  check_callback_argument("callback_plot", metrics, "names of metrics", is.character, TRUE)
  check_callback_argument("callback_plot", freq, "a whole number above 0", is_count)
  check_callback_argument("callback_plot", width, "a number of inches", is_positive)
  check_callback_argument("callback_plot", height, "a number of inches", is_positive)
  check_callback_argument("callback_plot", res, "a number of pixels", is_positive)
  show <- plot_target(path, function(file) {
    grDevices::png(file, width = width, height = height, units = "in", res = res)
  })
  plot_class()(list(
    draw = history_drawer(metrics, method, list(...)), show = show, freq = freq
  ))
}

# A separate function for the same reason as progress_class().
plot_class <- function() {
  Callback(
    "PlotCallback",
    initialize = function(how) {
      super$initialize()
      private$how <- how
    },
    on_train_begin = function(logs = NULL) {
      private$history <- empty_history()
      private$is_drawn <- TRUE
    },
    on_epoch_end = function(epoch, logs = NULL) {
      private$history <- with_epoch(private$history, epoch, logged_numbers(logs))
      private$is_drawn <- FALSE
      if (length(private$history$epoch) %% private$how$freq == 0) private$draw()
    },
    on_train_end = function(logs = NULL) {
      if (!private$is_drawn) private$draw()
    },
    private = list(
      how = NULL, history = NULL, is_drawn = TRUE,
      draw = function() {
        history <- private$history
        draw <- private$how$draw
        private$how$show(function() draw(history))
        private$is_drawn <- TRUE
      }
    ),
    parent_env = topenv()
  )
}

# The history as it grows -------------------------------------------------------------------------

empty_history <- function() {
  structure(
    list(params = list(), metrics = list(), epoch = integer()),
    validated = integer(), class = "keras_training_history"
  )
}

with_epoch <- function(history, epoch, scores) {
  history$epoch <- c(history$epoch, epoch)
  for (name in names(scores)) {
    history$metrics[[name]] <- c(history$metrics[[name]], scores[[name]])
  }
  if (any(startsWith(as.character(names(scores)), "val_"))) {
    attr(history, "validated") <- c(attr(history, "validated"), epoch)
  }
  history
}

history_drawer <- function(metrics, method, further) {
  force(list(metrics, method, further))
  function(history) {
    arguments <- c(list(history, metrics = metrics, method = method), further)
    drawn <- do.call(plot, arguments)
    if (inherits(drawn, "ggplot")) print(drawn)
  }
}

# Where it is drawn -------------------------------------------------------------------------------

# A function `show(draw)`, which opens the right device and calls `draw()`; `open_png` opens the
# device of a file.
plot_target <- function(path, open_png) {
  if (!is.null(path)) {
    check_plot_path(path)
    path <- normalizePath(path, mustWork = FALSE)
    return(function(draw) replace_png(path, open_png, draw))
  }
  notebook <- import("pyclass_bridge.shell.notebook")
  if (notebook$in_notebook()) {
    picture <- notebook$LivePicture()
    return(function(draw) {
      file <- tempfile(fileext = ".png")
      on.exit(unlink(file))
      replace_png(file, open_png, draw)
      picture$show(file)
    })
  }
  if (grDevices::dev.cur() == 1L && !grDevices::dev.interactive(orNone = TRUE)) {
    stop(
      "callback_plot() has nowhere to draw: give it a file, `path = \"curves.png\"`. Without one ",
      "it needs a notebook or a graphics device that shows.",
      call. = FALSE
    )
  }
  function(draw) {
    grDevices::dev.hold()
    on.exit(grDevices::dev.flush())
    draw()
  }
}

check_plot_path <- function(path) {
  check_callback_argument("callback_plot", path, "a file that ends in `.png`", function(x) {
    is_string(x) && grepl("[.]png$", x, ignore.case = TRUE)
  })
  if (!dir.exists(dirname(path))) {
    stop("callback_plot(): there is no directory ", dirname(path), ".", call. = FALSE)
  }
  if (!capabilities("png")) {
    stop("callback_plot(): this R was built without support for PNG files.", call. = FALSE)
  }
}

# Replaces the picture as a whole. In the name of a file, a device takes `%` for the number of a page.
replace_png <- function(path, open_png, draw) {
  begun <- FALSE
  write <- function(part) {
    begun <<- TRUE
    on_device(function() open_png(gsub("%", "%%", part, fixed = TRUE)), draw)
  }
  tryCatch(
    keras_module("bridge.whole_file")$replace_by(path, ".png", write),
    python.builtin.OSError = function(e) {
      if (begun) stop(e)
      stop("callback_plot(): ", path, " can't be written.", call. = FALSE)
    }
  )
}

# Draws on a new device, then closes it and makes the former device current again.
on_device <- function(open, draw) {
  before <- grDevices::dev.cur()
  open()
  own <- grDevices::dev.cur()
  on.exit({
    grDevices::dev.off(own)
    if (before > 1L) grDevices::dev.set(before)
  })
  draw()
}
