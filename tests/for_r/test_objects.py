"""What an editor's panes ask of each object, in either host: no error, no delay, no effect."""

from __future__ import annotations

import pytest
from support.r_host import output_of

THINGS = """
    py_run_string("
import time
class Raises:
    def __repr__(self): raise ValueError('repr')
    def __str__(self): raise ValueError('str')
    def __len__(self): raise ValueError('len')
    def __getattr__(self, name): raise ValueError('getattr')
    def __dir__(self): raise ValueError('dir')
class Sleeps:
    def __repr__(self): time.sleep(20)
    def __dir__(self): time.sleep(20)
class Spins:
    def __repr__(self):
        while True:
            try: time.sleep(0)
            except Exception: pass
class Liar:
    @property
    def __class__(self): raise ValueError('class')
def numbers():
    yield 1
")
    of <- function(code) py_eval(code, convert = FALSE)
    file <- tempfile(fileext = ".rds")
    saveRDS(import("sys"), file)
    things <- list(
      unbuilt = keras_model_sequential() |> layer_dense(2),
      built = keras_model_sequential(input_shape = 3) |> layer_dense(2),
      layer = layer_dense(units = 2), generator = of("numbers()"), dead = readRDS(file),
      raises = of("Raises()"), sleeps = of("Sleeps()"), spins = of("Spins()"), liar = of("Liar()"),
      long = of("list(range(1000000))"), class = of("Raises"), module = import("math"), py = py
    )
    if (py_module_available("pandas")) {
      things$frame <- import("pandas", convert = FALSE)$DataFrame(list(a = 1:3))
    }
    if (py_module_available("tensorflow")) {
      things$data <- import("tensorflow")$data$Dataset$range(3L)
    }
    complete <- function(x) {
      place <- environment()
      utils:::.assignLinebuffer("shown_thing$")
      utils:::.assignEnd(12L)
      assign("shown_thing", x, globalenv())
      on.exit(rm("shown_thing", envir = globalenv()))
      utils:::.guessTokenFromLine()
      utils:::.completeToken()
      utils:::.retrieveCompletions()
    }
    asks <- list(
      class = class, names = names, object.size = object.size, is.function = is.function,
      format = format, is.environment = is.environment, is.data.frame = is.data.frame,
      inherits = function(x) inherits(x, "a"), complete = complete,
      str = function(x) utils::capture.output(utils::str(x, max.level = 1, give.attr = FALSE)),
      shown = function(x) utils::.DollarNames(x, ""),
      hidden = function(x) utils::.DollarNames(x, "^_")
    )
    wrong <- character()
    answers <- list()
    for (thing in names(things)) for (ask in names(asks)) {
      begun <- proc.time()[[3L]]
      answer <- tryCatch(asks[[ask]](things[[thing]]), error = function(e) {
        wrong <<- c(wrong, paste(thing, ask, "failed:", conditionMessage(e)))
        "failed"
      })
      if (is.null(answer)) answer <- NA
      answers[[thing]][[ask]] <- answer
      if (proc.time()[[3L]] - begun > 3) wrong <- c(wrong, paste(thing, ask, "took long"))
    }
    expect <- function(what, ...) {
      if (!isTRUE(all.equal(...))) wrong <<- c(wrong, paste(what, "is", format(..1)))
    }
    shown <- function(thing) trimws(answers[[thing]]$str)
    for (thing in c("raises", "sleeps", "spins", "liar")) {
      class_text <- paste0("<__main__.", tools::toTitleCase(thing), " object>")
      expect(paste("str of", thing), shown(thing), class_text)
      if (thing != "liar") expect(paste("format of", thing), answers[[thing]]$format, class_text)
    }
    expect("str of long", startsWith(shown("long"), "[0, 1, 2, 3,"), TRUE)
    expect("width of long", nchar(shown("long")), 75L)
    expect("completion", "shown_thing$floor" %in% answers$module$complete, TRUE)
    expect("a generator's length", length(things$generator), 1L)
    expect("a generator", py_to_r(iter_next(things$generator)), 1)
    expect("built by asking", py_to_r(things$unbuilt$built), FALSE)
    dead <- things$dead
    expect("a dead object's length", length(dead), 0L)
    expect("a dead object's names", names(dead), character())
    expect("a dead object's format", format(dead), "<pointer: 0x0>")
    expect("a dead object's dim", dim(dead), NULL)
    expect("use", inherits(try(dead$a, silent = TRUE), "try-error"), TRUE)
    expect("print", inherits(try(print(things$raises), silent = TRUE), "try-error"), TRUE)
    expect("length", inherits(try(length(things$raises), silent = TRUE), "try-error"), TRUE)
    expect("time of long", system.time(utils::capture.output(str(things$long)))[[3L]] < 0.05, TRUE)
"""


def test_panes_ask_without_harm_where_python_hosts(r):
    wrong = r(f"local({{ {THINGS}\n as.list(wrong) }})")
    assert list(wrong) == []
    r("invisible(py_run_string('del Raises, Sleeps, Spins, Liar, numbers'))")


def test_panes_ask_without_harm_where_r_hosts():
    assert output_of(THINGS + "\n    cat(c('wrong', wrong))", timeout=60) == "wrong"


def test_a_users_method_of_py_str_makes_the_format(r):
    r(
        """
        py_run_string("class Shown: pass")
        local({
          method <- function(object, ...) if (is.null(object$n)) "shown" else stop("no")
          registerS3method("py_str", "__main__.Shown", method, envir = asNamespace("pyclassbridge"))
        })
        """
    )
    r("py_run_string('Shown.n = None; it = Shown()')")
    assert r("format(py_eval('it'))") == "shown"
    r("py_run_string('Shown.n = 1')")
    assert r("format(py_eval('it'))") == "<__main__.Shown object>"
    r("py_run_string('del Shown, it')")


@pytest.mark.parametrize("kept", [0, 30.0])
def test_alarm_and_handler_are_as_before(kept):
    import signal

    from pyclass_bridge.for_r.objects import in_time

    before = signal.getsignal(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, kept)
    try:
        assert in_time(lambda: 3) == 3
        assert in_time(lambda: 1 / 0) is None
        assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (kept > 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_pythons_own_containers_say_does_not_depend_on_the_load(monkeypatch):
    """A long dict takes longer than the limit for objects of other classes."""
    from pyclass_bridge.for_r import objects

    monkeypatch.setattr(objects, "LIMIT", 1e-6)
    big = {str(i): i for i in range(200_000)}
    assert objects.names_of(big) == list(big)
    assert objects.format_of(list(big)) == str(list(big))
    assert objects.all_names_of(big) == dir(big)

    class Other(dict):
        pass

    assert "keys" in objects.names_of(Other(big))  # those of its class
