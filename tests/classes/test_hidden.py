"""help() shows the docstring and the members of a class, and nothing that the bridge has added."""

from __future__ import annotations

import copy
import inspect
import pydoc
import re

import pytest

from pyclass_bridge.classes.hidden import HiddenName, hide

CODE = """
#' Stops early
#'
#' @param patience Integer, how many epochs.
EarlyStop <- Callback("EarlyStop",
  initialize = function(patience = 3L) { super$initialize(); self$patience <- patience },
  on_epoch_end = function(epoch, logs = NULL) { "Looks at the loss."; NULL },
  limit = 3, half = active_property(function() 0.5)
)
Later(EarlyStop) %py_class% { "A child."; again <- function() 1 }
Given <- Layer("Given", call = function(inputs) inputs, doc = "By the argument.")
"""
INTERNAL = re.compile(r"__r_|_copied|__deepcopy__|__copy__|R class|set_model")


@pytest.fixture(scope="module")
def classes(keras, tmp_path_factory):
    import pyclass_bridge

    path = tmp_path_factory.mktemp("hidden") / "classes.R"
    path.write_text(CODE)
    return pyclass_bridge.source(path)


def own_part(text: str) -> str:
    """What help() says of the class itself."""
    return re.split(r"inherited from|Static methods inherited", text)[0]


@pytest.mark.parametrize("name", ["EarlyStop", "Later", "Given"])
@pytest.mark.parametrize("of_instance", [False, True], ids=["class", "instance"])
def test_help_shows_what_the_user_has_written(classes, name, of_instance):
    cls = getattr(classes, name)
    text = pydoc.render_doc(cls() if of_instance else cls, renderer=pydoc.plaintext)
    assert not INTERNAL.search(text)
    html = pydoc.html.document(cls)
    assert not INTERNAL.search(html)


def test_help_has_docstrings_and_members(classes):
    text = own_part(pydoc.render_doc(classes.EarlyStop, renderer=pydoc.plaintext))
    for line in ("Stops early", "patience: Integer, how many epochs.", "Looks at the loss.",
                 "on_epoch_end(self, epoch, logs=None)", "__init__(self, patience=3)", "half",
                 "limit = 3.0"):  # fmt: skip
        assert line in text, line
    assert "By the argument." in pydoc.render_doc(classes.Given, renderer=pydoc.plaintext)
    child = pydoc.render_doc(classes.Later, renderer=pydoc.plaintext)
    assert "A child." in child and "again(self)" in child


def test_the_namespace_of_a_file_shows_the_same(classes):
    assert not INTERNAL.search(pydoc.render_doc(classes, renderer=pydoc.plaintext))


def test_special_methods_of_the_user_are_shown(define):
    cls = define(
        """
        Own %py_class% {
          `__copy__` <- function() "mine"
          `__repr__` <- function() "own"
          private$x <- 1
        }
        Own
        """
    )
    text = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    assert "__copy__(self)" in text and "__repr__(self)" in text
    assert "__deepcopy__" not in text
    assert copy.copy(cls()) == "mine"


def test_hidden_names_are_found_as_ever(classes):
    cls = classes.EarlyStop
    assert "__copy__" in vars(cls) and vars(cls)["__r_class__"] is cls.__r_class__
    assert callable(inspect.getattr_static(cls, "__deepcopy__"))
    assert copy.deepcopy(cls(patience=4)).patience == 4
    assert dict(inspect.getmembers(cls))["__r_class__"] is cls.__r_class__


def test_ipython_shows_the_docstring(classes):
    inspector = pytest.importorskip("IPython.core.oinspect").Inspector(theme_name="nocolor")
    found = inspector.info(classes.EarlyStop, "EarlyStop")
    assert found["docstring"].startswith("Stops early")
    assert found["init_definition"] == "EarlyStop(patience=3)"
    assert found["docstring"] == inspect.getdoc(classes.EarlyStop)


def test_a_class_body_that_a_metaclass_has_made_stays(define):
    cls = define(
        """
        py_run_string("
        class Body(dict):
            def __setitem__(self, name, value):
                if type(name) is not str: raise TypeError(name)
                dict.__setitem__(self, name, value)
        class Meta(type):
            def __prepare__(name, bases, **keywords): return Body()
            def __new__(meta, name, bases, body, **keywords):
                return type.__new__(meta, name, bases, dict(body))
        ")
        A(metaclass = py_eval("Meta", convert = FALSE)) %py_class% { f <- function() 1 }
        A
        """
    )
    assert cls().f() == 1 and all(type(name) is str for name in vars(cls))


def test_a_hidden_name_is_the_name():
    name = HiddenName("__copy__")
    assert (name == "__copy__", hash(name), str(name)) == (True, hash("__copy__"), "__copy__")
    assert name.startswith("_") and not name.startswith("__")
    assert name.startswith("__", 0) and name.startswith(("__", "a")) and name.endswith("__")
    body = {"__module__": "m", "own": 1, "__r_x__": 2}
    hide(body, {"own"})
    assert body == {"__module__": "m", "own": 1, "__r_x__": 2}
    assert [type(key) for key in body] == [str, str, HiddenName]
