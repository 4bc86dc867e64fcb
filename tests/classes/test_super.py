"""`super` in R methods: all three forms, anywhere in a method, along Python's MRO.

Of: for_r/super.py, R/classes_scope.R.
"""

from __future__ import annotations

import pytest

FORMS = {
    "dollar": "super$who(x)",
    "call": "super()$who(x)",
    "explicit": "super(B, self)$who(x)",
    "brackets": "super[['who']](x)",
    "py_super": "py_super(B, self)$who(x)",
    "class": "super(`__class__`, self)$who(x)",
}


class Base:
    """A Python base whose method says where it was reached from."""

    tag = "base tag"

    def who(self, x=0):
        return f"base {x:.0f}"

    @property
    def size(self):
        return 10

    @classmethod
    def made_by(cls):
        return cls.__name__


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "sapply(1, function(i) {})",
        "(function() (function() {})())()",
        "tryCatch({}, error = function(e) 'failed')",
        "tryCatch(stop('x'), error = function(e) {})",
        "local({})",
        "{{ out <- NULL; on.exit(NULL); out <- {}; out }}",
        "withCallingHandlers({}, warning = identity)",
        "do.call(function() {}, list())",
        "(function(lazy) lazy)({})",
        "eval(quote({}))",
        "Reduce(function(a, b) {}, 1:2)",
    ],
)
def test_every_form_everywhere(define, form, around):
    b = define(
        f"B(Base) %py_class% {{ who <- function(x) {{ {around.format(form)} }} }}; B()", Base=Base
    )
    assert [b.who(n) for n in (1, 2, 3, 4)] == ["base 1", "base 2", "base 3", "base 4"]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_r_parents(define, form):
    b = define(
        f"""
        A(Base) %py_class% {{ who <- function(x) paste("A", super$who(x)) }}
        B(A) %py_class% {{ who <- function(x) paste("B", {form}) }}
        B()
        """,
        Base=Base,
    )
    assert [b.who(1), b.who(2), b.who(3)] == ["B A base 1", "B A base 2", "B A base 3"]


def test_on_exit_uses_super(define):
    notes = []
    b = define(
        "B(Base) %py_class% { who <- function(x) { on.exit(note(super$who(x))); 'done' } }; B()",
        Base=Base,
        note=notes.append,
    )
    assert b.who(5) == "done" and notes == ["base 5"]


def test_initialize_by_every_name(define):
    class Init:
        def __init__(self, x, y=0):
            self.got = (x, y)

    for call in (
        "super$initialize(1L, y = 2L)",
        "super$`__init__`(1L, y = 2L)",
        "super()$initialize(1L, y = 2L)",
        "super()$`__init__`(1L, y = 2L)",
        "super(B, self)$initialize(1L, y = 2L)",
        "super(B, self)$`__init__`(1L, y = 2L)",
    ):
        b = define(f"B(Init) %py_class% {{ initialize <- function() {call} }}; B()", Init=Init)
        assert b.got == (1, 2)


def test_special_methods_and_attributes_of_the_bases(define):
    class Special(Base):
        def __repr__(self):
            return "special"

        def __len__(self):
            return 7

        def __eq__(self, other):
            return other == "special"

        __hash__ = None

    b = define(
        """
        B(Special) %py_class% {
          `__repr__` <- function() paste("B", super$`__repr__`())
          `__len__` <- function() super(B, self)$`__len__`() + 1L
          explicit <- function() super(B, self)$`__repr__`()
          equal <- function(x) super(B, self)$`__eq__`(x)
          class_of <- function() super(B, self)$`__class__`$`__name__`
          tag_of <- function() c(super$tag, super()$tag, super(B, self)$tag)
          size_of <- function() super$size
          tag <- "own"
          size %<-active% function() super$size + 1L
        }
        B()
        """,
        Special=Special,
    )
    assert repr(b) == "B special" and b.explicit() == "special"
    assert len(b) == 8
    assert b.equal("special") is True
    assert b.class_of() == "super"
    assert b.tag == "own" and b.tag_of() == ["base tag"] * 3
    assert (b.size, b.size_of()) == (11, 10)


def test_a_diamond_follows_the_mro(define):
    classes = define(
        """
        Top(Base) %py_class% { who <- function(x = 1) c("Top", super$who(x)) }
        Left(Top) %py_class% { who <- function(x = 1) c("Left", super$who(x)) }
        Right(Top) %py_class% { who <- function(x = 1) c("Right", super()$who(x)) }
        Bottom(Left, Right) %py_class% {
          who <- function(x = 1) c("Bottom", super(Bottom, self)$who(x))
          past_left <- function() super(Left, self)$who()
          past_right <- function() super(Right, self)$who()
        }
        list(Top, Left, Right, Bottom)
        """,
        Base=Base,
    )
    top, left, right, bottom = classes
    assert bottom.__mro__ == (bottom, left, right, top, Base, object)
    for _ in range(4):
        assert bottom().who() == ["Bottom", "Left", "Right", "Top", "base 1"]
        assert left().who() == ["Left", "Top", "base 1"]
    assert bottom().past_left() == ["Right", "Top", "base 1"]
    assert bottom().past_right() == ["Top", "base 1"]


def test_a_python_class_in_the_middle_of_a_diamond(define):
    top = define("Top %py_class% { who <- function() 'Top' }; Top")

    class Left(top):
        def who(self):
            return (
                ["Left", super().who()]
                if isinstance(super().who(), str)
                else ["Left", *super().who()]
            )

    bottom = define(
        """
        Right(Top) %py_class% { who <- function() c("Right", super$who()) }
        Bottom(Left, Right) %py_class% { who <- function() c("Bottom", super$who()) }
        Bottom
        """,
        Left=Left,
    )
    assert bottom().who() == ["Bottom", "Left", "Right", "Top"]


def test_class_methods_and_static_methods(define):
    cls = define(
        """
        B(Base) %py_class% {
          made_by <- classmethod(function() paste("B says", super$made_by()))
          called <- classmethod(function(cls) super()$made_by())
          explicit <- classmethod(function(cls) super(B, cls)$made_by())
          nested <- classmethod(function() sapply(1, function(i) super$made_by()))
        }
        C(B) %py_class% { made_by <- classmethod(function() paste("C says", super$made_by())) }
        C
        """,
        Base=Base,
    )
    assert cls.made_by() == "C says B says C"
    assert (cls.called(), cls.explicit(), cls.nested()) == ("C", "C", "C")
    assert cls().made_by() == "C says B says C"


def test_super_in_private_and_active_members(define):
    b = define(
        """
        B(Base) %py_class% {
          private$hidden <- function(x) super$who(x)
          private$seen %<-active% function() super()$who(3)
          use <- function() c(private$hidden(2), private$seen)
          shown %<-active% function() super(B, self)$who(4)
        }
        B()
        """,
        Base=Base,
    )
    assert b.use() == ["base 2", "base 3"] and b.shown == "base 4"


def test_what_is_not_there(define):
    b = define(
        """
        B(Base) %py_class% {
          missing <- function() super$nothing()
          wrong <- function() super(3, self)
          stranger <- function() super(Other, self)
          optional <- function() tryCatch(super$nothing(), error = function(e) "no")
          printed <- function() capture.output(print(super))
        }
        B()
        """,
        Base=Base,
        Other=type("Other", (), {}),
    )
    with pytest.raises(AttributeError, match="in class `B`: 'super' object has no attribute"):
        b.missing()
    with pytest.raises(TypeError, match=r"super\(\) needs a class, not float"):
        b.wrong()
    with pytest.raises(TypeError, match="self is no instance of `Other` but of `B`"):
        b.stranger()
    assert b.optional() == "no"
    assert b.printed() == "<super of B>"


def test_super_after_the_method_has_returned(define):
    """A closure that a method returns keeps `self` and `super`."""
    make = define(
        """
        B(Base) %py_class% {
          initialize <- function(n) self$n <- n
          later <- function() function(x) paste(super$who(x), self$n)
        }
        function(n) B(n)$later()
        """,
        Base=Base,
    )
    one, two = make(1), make(2)
    assert [one(5), two(6), one(7)] == ["base 5 1", "base 6 2", "base 7 1"]


def test_assigning_through_super(source):
    ns = source(
        """
        A %py_class% {
          x %<-active% function(value) if (missing(value)) self$v else self$v <- value * 10
        }
        B(A) %py_class% {
          x %<-active% function(value) if (missing(value)) super$x + 1 else super$x <- value
          free <- function() { super$y <- 3; self$y }
        }
        """
    )
    b = ns.B()
    b.x = 5.0
    assert b.x == 51.0
    assert b.free() == 3.0


# ---- Keras: the index base through super --------------------------------------------------------


def test_epochs_through_super_are_shifted_once(define, keras):
    seen = {}

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.setdefault("python", []).append(epoch)

    child, raw = define(
        """
        Parent <- Callback("Parent", inherit = Recorder,
          on_epoch_end = function(epoch, logs = NULL) {
            note("parent", epoch)
            super$on_epoch_end(epoch, logs)
          })
        Child <- Callback("Child", inherit = Parent,
          on_epoch_end = function(epoch, logs = NULL) {
            note("child", epoch)
            super$on_epoch_end(epoch = epoch, logs = logs)
          })
        Raw(Parent) %py_class% {
          on_epoch_end <- function(epoch, logs = NULL) {
            note("raw", epoch)
            super()$on_epoch_end(epoch, logs)
          }
        }
        cb <- Child()
        cb$on_epoch_end(1L)
        cb$on_epoch_end(epoch = 2L, logs = list())
        cb$on_epoch_end(logs = NULL, epoch = 3)
        list(Child, Raw)
        """,
        Recorder=Recorder,
        note=lambda who, epoch: seen.setdefault(who, []).append(epoch),
    )
    assert seen == {"child": [1, 2, 3], "parent": [1, 2, 3], "python": [0, 1, 2]}
    seen.clear()
    child().on_epoch_end(0, {})
    child().on_epoch_end(epoch=1)
    raw().on_epoch_end(0, {})
    assert seen == {"child": [1, 2], "raw": [0], "parent": [1, 2, 1], "python": [0, 1, 0]}


def test_a_built_in_gets_pythons_epochs(define, keras):
    stop = define(
        """
        Stop <- Callback("Stop", inherit = callback_early_stopping,
          initialize = function(...) super$initialize(monitor = "loss", ...),
          on_epoch_end = function(epoch, logs = NULL) super$on_epoch_end(epoch, logs))
        Stop(patience = 1L)
        """
    )
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    stop.set_model(model)
    stop.on_train_begin()
    for epoch, loss in enumerate([3.0, 1.0, 2.0, 2.0]):
        stop.on_epoch_end(epoch, {"loss": loss})
    assert stop.best_epoch == 1
