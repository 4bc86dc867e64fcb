# callback_progress(): the progress of a training in R's own output, as a line for each epoch or as
# a bar that is redrawn until its epoch ends. The callback is a class of Callback().
# Python half: none, but training/fit.py turns Keras' own progress off if it finds `shows_progress`.

#' Show the progress of a training in R's output
#'
#' One line for each epoch, with its metrics, the time it took and the time that is left. In a
#' terminal and in a notebook the line is a bar while the epoch runs. [cat()] writes the output, so
#' `sink()`, `capture.output()` and knitr get it.
#'
#' It replaces Keras' own progress: with the default of [fit()], `verbose = "auto"`, Keras is
#' silent. With `verbose = 1` or `2` both are shown, this one as lines. In Python's `model.fit(...)`
#' write `verbose=0`. An unknown `style` and wrong `digits` are errors.
#'
#' @param style `"bar"`, `"lines"`, or `"auto"`: a bar if the output can redraw a line.
#' @param digits Whole number: the significant digits of the metrics.
#' @return A callback.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse", metrics = "mae")
#' model |> fit(1:10, 2 * 1:10, epochs = 3, callbacks = callback_progress(digits = 3))
#' }
callback_progress <- function(style = c("auto", "bar", "lines"), digits = 4) {
  style <- chosen("callback_progress", "style", style, c("auto", "bar", "lines"))
  check_callback_argument("callback_progress", digits, "a whole number above 0", is_count)
  progress_class()(style, digits)
}

# A separate function, since a method refers to the frame in which it was written: if the class were
# a variable of that frame, class and method would keep each other alive for ever.
progress_class <- function() {
  Callback(
    "ProgressCallback",
    # fit() turns Keras' own progress off if it finds this.
    public = list(shows_progress = TRUE, initialize = function(style, digits) {
      super$initialize()
      private$style <- style
      private$digits <- digits
    }),
    on_train_begin = function(logs = NULL) {
      private$started <- elapsed()
      private$first <- NULL
      private$steps <- self$params$steps
      private$wide <- 0L
      private$is_bar <- draws_bar(private$style, self$params$verbose)
      # Keras' bar does not end its line.
      private$before <- if (identical(self$params$verbose, 1L)) "\n" else ""
    },
    on_epoch_begin = function(epoch, logs = NULL) {
      private$epoch <- epoch
      private$first <- c(private$first, epoch)[[1L]]
      private$epoch_started <- private$drawn <- elapsed()
      if (private$is_bar) private$draw(0, numeric())
    },
    on_train_batch_end = function(batch, logs = NULL) {
      private$batch <- batch
      if (private$is_bar && elapsed() - private$drawn >= 0.1) {
        private$draw(batch, logged_numbers(logs))
      }
    },
    on_epoch_end = function(epoch, logs = NULL) {
      # If Keras does not know the number of batches, the first epoch shows it.
      private$steps <- private$batch
      times <- c(
        duration(elapsed() - private$epoch_started),
        if (epoch < self$params$epochs) paste("ETA", private$time_left(0, epoch + 1))
      )
      private$write(paste0(
        private$title(), scores_text(logged_numbers(logs), private$digits),
        " (", paste(times, collapse = ", "), ")"
      ), "\n")
    },
    private = list(
      style = "auto", digits = 4, started = 0, epoch_started = 0, drawn = 0, first = NULL,
      epoch = 0, batch = 0, steps = NULL, wide = 0L, is_bar = FALSE, before = "",
      title = function() {
        paste0("Epoch ", format(private$epoch, width = nchar(self$params$epochs)), "/",
               self$params$epochs, ": ")
      },
      draw = function(batch, scores) {
        private$drawn <- elapsed()
        private$write(paste0(
          private$title(), bar_text(batch, private$steps),
          if (length(scores)) paste0(" ", scores_text(scores, private$digits)),
          if (batch > 0 && !is.null(private$steps)) {
            paste(", ETA", private$time_left(batch, private$epoch))
          }
        ), "")
      },
      # Writes a line over the line drawn before; a line that will be redrawn must not wrap.
      write = function(line, end) {
        if (private$is_bar) {
          if (end == "") line <- substr(line, 1L, getOption("width") - 1L)
          width <- nchar(line)
          line <- paste0("\r", line, strrep(" ", max(0L, private$wide - width)))
          private$wide <- if (end == "") width else 0L
        }
        cat(private$before, line, end, sep = "")
        utils::flush.console()
      },
      # The time left after `batch` batches of `epoch`.
      time_left = function(batch, epoch) {
        part <- if (batch > 0) min(batch / private$steps, 1) else 0
        done <- epoch - private$first + part
        duration((elapsed() - private$started) / done * (self$params$epochs - epoch + 1 - part))
      }
    ),
    parent_env = topenv()
  )
}

elapsed <- function() {
  proc.time()[["elapsed"]]
}

# If Keras shows its own progress (`verbose` 1 or 2), a bar would mix with it, so lines are drawn.
draws_bar <- function(style, verbose) {
  if (identical(verbose, 1L) || identical(verbose, 2L)) {
    return(FALSE)
  }
  style == "bar" || style == "auto" && sink.number() == 0L && for_r$redraws_lines()
}

bar_text <- function(batch, steps, width = 20L) {
  if (is.null(steps)) {
    return(paste(if (batch == 0) "no" else batch, if (batch == 1) "batch" else "batches"))
  }
  done <- min(batch / max(steps, 1), 1)
  full <- floor(done * width)
  sprintf("[%s%s] %3.0f%%", strrep("=", full), strrep(" ", width - full), 100 * done)
}

# The text of the metrics: training before validation, and the loss first.
scores_text <- function(scores, digits) {
  scores <- scores[order(startsWith(names(scores), "val_"), base_metric(names(scores)) != "loss")]
  paste(names(scores), format_each(scores, digits), collapse = ", ")
}

format_each <- function(x, digits) {
  vapply(x, format, "", digits = digits)
}

duration <- function(seconds) {
  whole <- round(seconds)
  if (seconds < 9.95) {
    sprintf("%.1fs", seconds)
  } else if (whole < 60) {
    sprintf("%ds", as.integer(whole))
  } else if (whole < 3600) {
    sprintf("%dm %02ds", as.integer(whole %/% 60), as.integer(whole %% 60))
  } else {
    sprintf("%dh %02dm", as.integer(whole %/% 3600), as.integer(whole %% 3600 %/% 60))
  }
}
