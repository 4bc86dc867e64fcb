# plot(model): boxes and arrows, drawn by base graphics. The other half is surface/graph.py, which
# computes the layout. Keras' own plot_model draws files if pydot and graphviz are installed.

#' Draw a model
#'
#' Draws a box for each layer and arrows between them, on the current device or into a file, which
#' is as large as the picture needs. Keras' `plot_model` writes the file if the Python package pydot
#' and the program `dot` are installed; this package's own drawing needs neither.
#'
#' A model that is not built is an error, since it has no graph yet; so are a file of another kind
#' and a layer in `layer_range` that the model lacks. A model of a subclass of `Model` is one box,
#' since its graph is not known.
#'
#' @param x A Keras model.
#' @param show_shapes TRUE to show the dims of inputs and outputs; NA is an open dim.
#' @param show_dtype,show_layer_names,show_layer_activations TRUE to show these of each layer.
#' @param ... Must be empty.
#' @param rankdir The direction of arrows: `"TB"` (from top to bottom), `"BT"`, `"LR"` or `"RL"`.
#' @param expand_nested TRUE to show the layers of a model within the model.
#' @param dpi Dots per inch of a PNG or JPEG file.
#' @param layer_range The names of the first and the last layer to show, or regular expressions.
#' @param show_trainable TRUE to show which layers are trainable; NA: if some layers are not.
#' @param to_file A path that ends in `.png`, `.jpg`, `.jpeg`, `.pdf` or `.svg`.
#' @return The model, invisibly.
#' @examples
#' \dontrun{
#' model <- keras_model_sequential(input_shape = 4) |>
#'   layer_dense(8, activation = "relu") |>
#'   layer_dense(1)
#' plot(model, show_shapes = TRUE)
#' plot(model, to_file = "model.png")
#' }
plot.keras.src.models.model.Model <- function(x, show_shapes = FALSE, show_dtype = FALSE,
                                              show_layer_names = FALSE, ..., rankdir = "TB",
                                              expand_nested = FALSE, dpi = 200,
                                              layer_range = NULL, show_layer_activations = FALSE,
                                              show_trainable = NA, to_file = NULL) {
  named_dots("plot", ...)
  if (...length()) {
    stop("plot()", no_argument_text(...names()[[1L]], names(formals())), call. = FALSE)
  }
  module <- graph_module()
  shown <- as_dict(list(
    show_shapes = show_shapes, show_dtype = show_dtype, show_layer_names = show_layer_names,
    show_layer_activations = show_layer_activations, expand_nested = expand_nested,
    show_trainable = if (!is.na(show_trainable)) show_trainable,
    layer_range = if (!is.null(layer_range)) as.list(layer_range)
  ))
  # Checked before a device is opened, since an error would leave the device open.
  drawing <- module$drawing(x, rankdir, shown)
  if (is.null(to_file)) {
    draw_graph(drawing)
    return(invisible(x))
  }
  to_file <- path.expand(to_file)
  open_device <- device_for(to_file, dpi)
  if (is.null(layer_range) && module$can_use_graphviz()) {
    module$plot_with_graphviz(x, to_file, rankdir, dpi, shown)
  } else {
    open_device(graph_inches(drawing))
    on.exit(grDevices::dev.off())
    draw_graph(drawing)
  }
  invisible(x)
}

graph_module <- function() {
  surface_module()
  import("pyclass_bridge.surface.graph")
}

# A function that opens the device for a file, of a size in inches.
device_for <- function(file, dpi) {
  kind <- tolower(sub(".*[.]", "", basename(file)))
  bitmap <- function(device) {
    function(size) device(file, size[[1L]], size[[2L]], units = "in", res = dpi)
  }
  vector <- function(device) function(size) device(file, size[[1L]], size[[2L]])
  open <- switch(kind,
    png = bitmap(grDevices::png),
    jpg = , jpeg = bitmap(grDevices::jpeg),
    pdf = vector(grDevices::pdf),
    svg = vector(grDevices::svg)
  )
  if (is.null(open)) {
    stop(
      "plot(): `to_file` must end in .png, .jpg, .jpeg, .pdf or .svg, unlike `", file, "`.",
      call. = FALSE
    )
  }
  if (!dir.exists(dirname(file))) {
    stop("plot(): the directory of `to_file` does not exist: ", dirname(file), call. = FALSE)
  }
  open
}

# In inches: the width of a character and the height of a line at cex 1, and the page's margin.
graph_unit <- c(0.095, 0.2)
graph_edge <- 0.15

graph_inches <- function(drawing) {
  unlist(drawing$size) * graph_unit + 2 * graph_edge
}

graph_fill <- c(input = "#e8e8e8", layer = "#dcebf7", model = "#fbe6d0")

# Scales the drawing down to fit the page, but never above the usual size of text.
draw_graph <- function(drawing) {
  old <- graphics::par(mar = c(0, 0, 0, 0), oma = c(0, 0, 0, 0), xpd = NA)
  on.exit(graphics::par(old))
  graphics::plot.new()
  page <- graphics::par("fin")
  scale <- min(1, (page - 2 * graph_edge) / (unlist(drawing$size) * graph_unit))
  # The page in units of the layout, with the picture in its middle and y downwards.
  span <- page / (graph_unit * scale)
  start <- (unlist(drawing$size) - span) / 2
  graphics::plot.window(
    start[[1L]] + c(0, span[[1L]]), start[[2L]] + c(span[[2L]], 0),
    xaxs = "i", yaxs = "i"
  )
  for (points in drawing$edges) {
    draw_edge(points, scale)
  }
  cex <- scale * text_size(drawing$boxes, scale)
  for (box in drawing$boxes) {
    draw_box(box, cex)
  }
}

draw_edge <- function(points, scale) {
  x <- vapply(points, `[[`, 0, 1L)
  y <- vapply(points, `[[`, 0, 2L)
  n <- length(x)
  graphics::lines(x, y, col = "grey35")
  graphics::arrows(
    x[[n - 1L]], y[[n - 1L]], x[[n]], y[[n]],
    length = 0.07 * scale, angle = 25, col = "grey35"
  )
}

draw_box <- function(box, cex) {
  graphics::rect(
    box$x - box$width / 2, box$y - box$height / 2, box$x + box$width / 2, box$y + box$height / 2,
    col = graph_fill[[box$kind]], border = "grey35"
  )
  lines <- unlist(box$lines)
  graphics::text(
    box$x, box$y + seq_along(lines) - (length(lines) + 1) / 2, lines,
    cex = cex, font = ifelse(seq_along(lines) == 1L, 2L, 1L)
  )
}

# The factor, at most 1, by which text must shrink, since a device's font may be wider or higher
# than the layout assumes.
text_size <- function(boxes, scale) {
  widest <- max(vapply(boxes, function(box) {
    max(graphics::strwidth(unlist(box$lines), font = 2, cex = scale)) / (box$width - 1)
  }, 0))
  min(1, 1 / widest, 0.9 / abs(graphics::strheight("Mg", cex = scale)))
}
