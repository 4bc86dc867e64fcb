# plot(history): a panel for each metric, drawn by ggplot2 if it is installed, otherwise by base
# graphics. Both draw the data frame as.data.frame(history).
# Python half: none.

#' Plot the history of a training
#'
#' One panel for each metric, with the curve of the training and that of the validation, if there is
#' one. Values that are not finite leave a gap. Base graphics draw on the current device; without one,
#' into a temporary file that is announced. ggplot2's plot is drawn when it is printed.
#'
#' An unknown metric is an error, and so is `method = "ggplot2"` if ggplot2 is not installed.
#'
#' @param x A history, as `fit()` returns it.
#' @param y Not used.
#' @param metrics Names of the metrics to show; default: all.
#' @param method `"ggplot2"`, `"base"`, or `"auto"`: ggplot2 where it is installed.
#' @param smooth TRUE to smooth the curves if each has 10 points or more. Only for ggplot2.
#' @param theme_bw TRUE for ggplot2's theme of that name, else its usual one.
#' @param ... Graphical parameters of the curves. Only for base graphics.
#' @return ggplot2's plot; with base graphics the data frame of the history, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
#' model |> compile(loss = "mse", metrics = "mae")
#' history <- model |> fit(1:10, 2 * 1:10, epochs = 5, verbose = 0)
#' plot(history)
#' png("history.png")
#' plot(history, metrics = "mae", method = "base")
#' dev.off()
#' }
plot.keras_training_history <- function(x, y, metrics = NULL,
                                        method = c("auto", "ggplot2", "base"),
                                        smooth = getOption("keras.plot.history.smooth", TRUE),
                                        theme_bw = getOption("keras.plot.history.theme_bw", FALSE),
                                        ...) {
  method <- match.arg(method)
  data <- history_shown(x, metrics)
  has_ggplot <- method != "base" && requireNamespace("ggplot2", quietly = TRUE)
  if (method == "ggplot2" && !has_ggplot) {
    stop(
      "plot(): `method = \"ggplot2\"` needs the package ggplot2: install it, or take \"base\".",
      call. = FALSE
    )
  }
  if (has_ggplot) {
    history_ggplot(data, smooth, theme_bw)
  } else {
    history_base(data, ...)
    invisible(data)
  }
}

# The rows to draw; `metrics` sets the order of the panels.
history_shown <- function(history, metrics) {
  data <- as.data.frame(history)
  known <- levels(data$metric)
  shown <- if (is.null(metrics)) known else unique(base_metric(metrics))
  unknown <- setdiff(shown, known)
  if (length(unknown)) {
    stop(
      "plot(): the history has no metric `", unknown[[1L]], "`; it has ",
      paste0("`", known, "`", collapse = ", "), ".",
      call. = FALSE
    )
  }
  if (!nrow(data)) {
    stop("plot(): the history has no epoch to show.", call. = FALSE)
  }
  data <- data[data$metric %in% shown, ]
  data$metric <- factor(data$metric, shown)
  data$data <- droplevels(data$data)
  data
}

history_colours <- c(training = "#1f77b4", validation = "#d9541a")

# The ticks are whole epochs, even if there are few epochs.
epoch_ticks <- function(limits) {
  ticks <- pretty(limits)
  ticks[ticks == trunc(ticks) & ticks >= limits[[1L]] & ticks <= limits[[2L]]]
}

# ggplot2 ----------------------------------------------------------------------------------------

history_ggplot <- function(data, smooth, theme_bw) {
  data$value[!is.finite(data$value)] <- NA
  epochs <- length(unique(data$epoch))
  points <- table(data[!is.na(data$value), c("metric", "data")])
  plot <- ggplot2::ggplot(data, ggplot2::aes(epoch, value, colour = data, fill = data)) +
    ggplot2::facet_wrap(~metric, scales = "free_y", ncol = panel_grid(nlevels(data$metric))[[2L]]) +
    ggplot2::scale_colour_manual(NULL, values = history_colours, aesthetics = c("colour", "fill")) +
    ggplot2::scale_x_continuous(breaks = function(limits) {
      epoch_ticks(c(ceiling(limits[[1L]]), floor(limits[[2L]])))
    }) +
    ggplot2::labs(x = "epoch", y = NULL)
  many <- epochs > 50L
  # loess needs 10 points or more in each curve.
  plot <- plot + if (isTRUE(smooth) && min(points[points > 0L], Inf) >= 10L) {
    list(
      ggplot2::geom_point(shape = 21, colour = "white", size = if (many) 1 else 2, na.rm = TRUE),
      ggplot2::geom_smooth(
        method = "loess", formula = y ~ x, se = FALSE, na.rm = TRUE, linewidth = 0.8
      )
    )
  } else {
    list(
      if (epochs > 1L) ggplot2::geom_line(na.rm = TRUE, linewidth = 0.8),
      if (!many) ggplot2::geom_point(na.rm = TRUE)
    )
  }
  if (isTRUE(theme_bw)) {
    plot <- plot + ggplot2::theme_bw()
  }
  plot + ggplot2::theme(legend.position = if (nlevels(data$data) > 1L) "top" else "none")
}

# Base graphics ----------------------------------------------------------------------------------

# Rows and columns for `n` panels: one column up to three panels, then at most three rows.
panel_grid <- function(n) {
  columns <- ceiling(n / 3)
  c(ceiling(n / columns), columns)
}

history_base <- function(data, ...) {
  metrics <- levels(data$metric)
  page <- graphics::par("din")
  grid <- panel_grid(length(metrics))
  if (page[[1L]] > 2 * page[[2L]]) {
    grid <- rev(grid)
  }
  old <- graphics::par(no.readonly = TRUE)
  on.exit(graphics::par(old))
  # The legend is above all panels, where it covers no curve. On a small page the text is smaller,
  # so that the margins leave room for the curves.
  has_legend <- nlevels(data$data) > 1L
  size <- page / rev(grid)
  graphics::par(
    mfrow = grid, cex = max(0.5, min(1, size[[1L]] / 3.5, size[[2L]] / 2.2)),
    mar = c(2, 4, 1.8, 0.8), oma = c(1.4, 0, if (has_legend) 1.8 else 0, 0),
    mgp = c(2.2, 0.5, 0), las = 1, tcl = -0.25
  )
  for (metric in metrics) {
    plot_metric(data[data$metric == metric, ], metric, ...)
  }
  cex <- graphics::par("cex")
  graphics::mtext("epoch", side = 1, outer = TRUE, line = 0.1, cex = cex)
  if (has_legend) {
    history_legend(levels(data$data), cex)
  }
}

# Draws the legend in the outer margin, above the panels.
history_legend <- function(kinds, cex) {
  none <- c(0, 0, 0, 0)
  graphics::par(fig = c(0, 1, 0, 1), oma = none, mar = none, new = TRUE, cex = cex)
  graphics::plot.new()
  graphics::legend(
    "top",
    legend = kinds, col = history_colours[kinds], lwd = 2, bty = "n", horiz = TRUE, inset = 0,
    x.intersp = 0.6, seg.len = 1.4
  )
}

plot_metric <- function(data, metric, ...) {
  finite <- data$value[is.finite(data$value)]
  limits <- range(data$epoch)
  graphics::plot(
    # A single epoch is in the middle of the axis.
    limits + if (limits[[1L]] == limits[[2L]]) c(-0.5, 0.5) else c(0, 0),
    if (length(finite)) range(finite) else c(0, 1),
    type = "n", xlab = "", ylab = "", bty = "n", xaxt = "n"
  )
  graphics::title(metric, font.main = 1, line = 0.5, cex.main = title_size(metric))
  ticks <- epoch_ticks(limits)
  graphics::axis(1, at = ticks)
  graphics::abline(v = ticks, h = graphics::axTicks(2), col = "grey90")
  if (!length(finite)) {
    graphics::text(mean(limits), 0.5, "no finite value", col = "grey40")
  }
  many <- length(unique(data$epoch)) > 50L
  for (kind in unique(as.character(data$data))) {
    curve <- data[data$data == kind, ]
    style <- list(
      type = if (many) "l" else "o", pch = 20, cex = 0.9, lwd = 2, col = history_colours[[kind]]
    )
    style <- utils::modifyList(style, list(...))
    curve$value[!is.finite(curve$value)] <- NA
    do.call(graphics::lines, c(list(curve$epoch, curve$value), style))
  }
}

# At most 1.1 times the usual size, or less if the title would be wider than its panel.
title_size <- function(title) {
  width <- graphics::strwidth(title, "inches", cex = 1.1)
  1.1 * min(1, (graphics::par("pin")[[1L]] + 2 * graphics::par("mai")[[4L]]) / width)
}
