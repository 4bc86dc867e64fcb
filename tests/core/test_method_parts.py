"""The parts of a method's call are used again only if R has kept none: whatever R keeps of a call
stays that of its call and its instance, and what it leaves on a part does not show in the next one.

Of: core/method.c.
"""

from __future__ import annotations

import gc
import weakref

import pytest

CALLS = 4  # as written, and compiled


class Base:
    def whoami(self):
        return self.name


CLASS = """
    kept <- list()
    keep <- function(x) kept[[length(kept) + 1L]] <<- x
    A(Base) %py_class% {{
      initialize <- function(name) {{ self$name <- name; private$own <- name }}
      whoami <- function() self$name
      m <- function(x, y = NULL) {{ {body} }}
      {call}
    }}
    A
"""
CALLABLE = {"plain": "", "callable": "`__call__` <- function() NULL"}

# What a method keeps, and how the name of its instance is found from that afterwards.
KEEPS = {
    "self": ("keep(self)", "it$name"),
    "self in a list": ("keep(list(1, self))", "it[[2]]$name"),
    "self as an attribute": ("keep(structure(1, of = self))", "attr(it, 'of')$name"),
    "self in an environment": ("keep(list2env(list(a = self)))", "it$a$name"),
    "a closure": ("keep(function() self$name)", "it()"),
    "a closure with private": ("keep(function() private$own)", "it()"),
    "a closure with super": ("keep(function() super$whoami())", "it()"),
    "a formula": ("keep(y ~ self$name)", "eval(it[[3]], environment(it))"),
    "its environment": ("keep(environment())", "it$self$name; get('self', it)$name"),
    "the scope": ("keep(parent.env(environment()))", "it$self$name"),
    "super": ("keep(super)", "it$whoami()"),
    "the environment of super": ("keep(environment(super))", "it$self$name"),
    "self of super": ("keep(environment(super)$self)", "it$name"),
    "a bound method": ("keep(self$whoami)", "it()"),
    "a bound method of super": ("keep(super$whoami)", "it()"),
    "the function": ("keep(sys.function())", "get('self', environment(it))$name"),
    "a promise": ("(function(v) keep(environment()))(self)", "it$v$name"),
    "dots": ("(function(...) keep(environment()))(self)", "evalq(list(...)[[1]], it)$name"),
    "self replaced": ("{ keep(self); self <<- NULL }", "it$name"),
    "self copied": ("{ mine <- self; mine$other <- 1; keep(mine) }", "it$name"),
    "a delayed variable": (
        "{ e <- new.env(); delayedAssign('late', self$name, assign.env = e); keep(e) }",
        "it$late",
    ),
    "an active binding": (
        "{ e <- new.env(); makeActiveBinding('now', function() self$name, e); keep(e) }",
        "it$now",
    ),
    "a condition": (
        "keep(tryCatch(warning(structure(class = c('w', 'warning', 'condition'),"
        " list(message = 'a', call = sys.call(), who = self))), warning = identity))",
        "it$who$name",
    ),
    "a weak reference": ("{ e <- new.env(); e$a <- self; keep(list(e)) }", "it[[1]]$a$name"),
    "a matched call": ("keep(match.call(expand.dots = FALSE))", "it$x"),
    "its call": ("keep(sys.call())", "it[[2]]"),
    "the argument": ("keep(x)", "it"),
}


@pytest.mark.parametrize("kind", CALLABLE)
@pytest.mark.parametrize("name", KEEPS)
def test_what_r_keeps_stays_that_of_its_call(define, name, kind):
    body, look = KEEPS[name]
    cls = define(CLASS.format(body=body + "; NULL", call=CALLABLE[kind]), Base=Base)
    instances = [cls(f"instance {i}") for i in range(CALLS)]
    for instance in instances:
        instance.m(instance.name)
    others = [cls("another") for _ in range(CALLS)]
    for other in others:
        other.m(other.name)
    found = define(f"vapply(kept, function(it) {{ {look} }}, '')")
    assert found == [o.name for o in instances] + ["another"] * CALLS


# What a method does to a part of its call, and what a later one sees of it.
LEAVES = {
    "an attribute of self": ("attr(self, 'mark') <- x", "attr(self, 'mark')"),
    "another class of self": ("class(self) <- 'other'", "class(self)[[1]] == 'other'"),
    "an attribute of super": ("attr(super, 'mark') <- x", "attr(super, 'mark')"),
    "a variable of the frame": (
        "assign('from_a_call', x, envir = parent.frame())",
        "get0('from_a_call')",
    ),
    "a variable in the caller": (
        "assign('from_a_call', x, envir = parent.frame())",
        "get0('from_a_call', envir = parent.frame(), inherits = FALSE)",
    ),
    "a variable of the scope": (
        "assign('from_a_call', x, envir = parent.env(environment()))",
        "get0('from_a_call', inherits = TRUE)",
    ),
    "another self": ("self <<- list(name = 'wrong')", "if (self$name == 'wrong') self$name"),
    "another super": ("super <<- NULL", "is.null(super)"),
    "another private": ("private <<- list(own = 'wrong')", "if (private$own == 'wrong') 'wrong'"),
    "no self": ("rm('self', envir = parent.env(environment()))", "!exists('self')"),
    "another method": ("assign('m', 1, envir = parent.frame())", "!is.function(sys.function())"),
    "another self of super": (
        "assign('self', 1, envir = environment(super))",
        "super$whoami() != self$name",
    ),
    "the arguments": ("x", "y"),
}


@pytest.mark.parametrize("kind", CALLABLE)
@pytest.mark.parametrize("name", LEAVES)
def test_what_a_call_leaves_behind_does_not_show_in_the_next(define, name, kind):
    change, look = LEAVES[name]
    body = f"if (identical(x, 'change')) {{ {change}; 'changed' }} else {{ {look} }}"
    cls = define(CLASS.format(body=body, call=CALLABLE[kind]), Base=Base)
    first, second = cls("first"), cls("second")
    for _ in range(CALLS):
        first.m("change")
        assert second.m("look") in (None, False)
        assert second.whoami() == "second"


# ---- proxies made in an entry that has ended ---------------------------------------------------


class Holder:
    def __init__(self):
        self.name = "held"
        self.holder = self

    def __call__(self):
        return self

    def method(self):
        return self.name


# R code that gets `h`, a Python object, by way of Python code that runs R code: `inside(f)` calls
# f(h) from Python. Each gives the name of what it kept.
OUTLIVES = {
    "a result": "inside(function(h) h)$name",
    "assigned": "{ inside(function(h) { kept <<- h; NULL }); kept$name }",
    "in a list": "{ inside(function(h) { kept <<- list(a = h); NULL }); kept$a$name }",
    "as an attribute": "{ inside(function(h) { kept <<- structure(1, h = h); NULL });"
    " attr(kept, 'h')$name }",
    "a part of it": "{ inside(function(h) { kept <<- h$holder; NULL }); kept$name }",
    "a bound method": "{ inside(function(h) { kept <<- h$method; NULL }); kept() }",
    "a closure": "{ inside(function(h) { kept <<- function() h$name; NULL }); kept() }",
    "without its class": "{ inside(function(h) { class(h) <- NULL; kept <<- h; NULL });"
    " if (is.function(kept)) 'held' else 'held' }",
    "returned past Python": "callCC(function(k) inside(function(h) k(h)))$name",
    "by a condition": "tryCatch(inside(function(h) stop(structure(class = c('c', 'error',"
    " 'condition'), list(message = 'm', call = NULL, h = h)))), c = function(e) e$h)$name",
    "by a restart": "withRestarts(inside(function(h) invokeRestart('take', h)),"
    " take = function(h) h)$name",
    "in an environment": "{ e <- new.env(); inside(function(h) { assign('h', h, e); NULL });"
    " e$h$name }",
    "in a hash table": "{ e <- new.env(); inside(function(h) { e[['1']] <- list(h); NULL });"
    " e[['1']][[1]]$name }",
    "many": "{ inside(function(h) { kept <<- lapply(1:200, function(i) h$holder); NULL });"
    " unique(vapply(kept, function(h) h$name, '')) }",
    "as an option": "{ inside(function(h) { options(pyclass_bridge_test = h); NULL });"
    " getOption('pyclass_bridge_test')$name }",
    "by a replacement function": "{"
    " `on<-` <- function(x, value) { x$f <- function() value$name; x };"
    " inside(function(h) { k <- list(); on(k) <- h$holder; kept <<- k$f; NULL }); kept() }",
    "by a replacement method": "{ `$<-.lazy` <- function(x, name, value) {"
    " y <- unclass(x); y$f <- function() value$name; structure(y, class = 'lazy') };"
    " inside(function(h) { k <- structure(list(), class = 'lazy'); k$a <- h$holder;"
    " kept <<- unclass(k)$f; NULL }); kept() }",
    "by a promise": "{ e <- new.env(); inside(function(h) { delayedAssign('p', h, environment(),"
    " e); NULL }); e$p$name }",
}


@pytest.mark.parametrize("kind", ["plain", "callable"])
@pytest.mark.parametrize("code", OUTLIVES.values(), ids=OUTLIVES)
def test_what_r_keeps_of_an_entry_outlives_it(define, code, kind):
    holder = type("Plain", (), dict(vars(Holder)))
    if kind == "plain":
        del holder.__call__
    h = holder()
    for _ in range(CALLS):
        assert define(code, inside=lambda f: f(h)) == "held"
    define("kept <- NULL; options(pyclass_bridge_test = NULL)")


# ---- instances die when Python drops them, without a collection of R's -------------------------

USES = {
    "nothing": "NULL",
    "self": "{ self$x <- 1; self$x }",
    "private": "{ private$n <- private$n + 1; private$n }",
    "a private method": "private$step()",
    "active": "{ self$p; self$p <- 3; self$p }",
    "super": "super$who()",
    "super()": "super()$who()",
    "super(A, self)": "super(A, self)$who()",
    "own methods": "{ self$other(); f <- self$other; f() }",
    "objects of self": "{ b <- self$box; b$n <- 2; self$box$n }",
    "more objects than are looked at": "{ for (i in 1:100) self$box; NULL }",
    "a Python object as result": "self$box",
    "self as result": "self",
    "a list of R values": "{ self$l <- list(1, 'a'); self$d <- data.frame(x = 1) }",
}

# R copies a callable for `self$a$b <- v`, and does not say of what an error leaves behind that
# nobody holds it: there its collector decides (core/test_collect.py).
OF_NO_CALLABLE = {"assignments to objects of self": "{ self$box$n <- 1; self$box$n }"}


class Box:
    pass


class Parent:
    def __init__(self):
        self.box = Box()
        self.box.owner = weakref.ref(self)

    def who(self):
        return self.box


@pytest.mark.parametrize(
    ("use", "kind"),
    [
        *(
            pytest.param(use, kind, id=f"{name}-{kind}")
            for name, use in USES.items()
            for kind in CALLABLE
        ),
        *(pytest.param(use, "plain", id=name) for name, use in OF_NO_CALLABLE.items()),
    ],
)
def test_an_instance_dies_when_python_drops_it(define, use, kind):
    cls = define(
        f"""
        A(Parent) %py_class% {{
          private$n <- 0
          private$step <- function() {{ private$n <- private$n + 1; super$who() }}
          initialize <- function() {{ super$`__init__`(); self$x <- 0; private$n <- 1 }}
          p %<-active% function(value) if (missing(value)) private$n else private$n <- value
          other <- function() self$x
          m <- function() {use}
          {CALLABLE[kind]}
        }}
        A
        """,
        Parent=Parent,
    )

    def make_and_use():
        instance = cls()
        instance.m()
        instance.m()
        return weakref.ref(instance)

    for _ in range(CALLS):  # what is made once, and what R has left of its start
        make_and_use()
    references = [make_and_use() for _ in range(200)]
    gc.collect()
    assert sum(reference() is not None for reference in references) == 0


def test_a_finalizer_of_the_users_finds_the_objects_of_its_environment(define):
    """R runs the finalizers of one collection from the youngest to the oldest."""
    opens, log = define(
        """
        log <- character()
        list(
          function(o) {
            res <- o$holder
            reg.finalizer(environment(), function(e) log <<- c(log, res$name))
            NULL
          },
          function() { gc(); log }
        )
        """
    )
    opens(Holder())
    assert log() == "held"


@pytest.mark.parametrize("change", ["another class", "a class attribute"])
def test_parts_of_another_class_make_place_for_those_of_this_one(define, change):
    """Else every later call would make its parts anew."""
    base, derived = define(
        """
        A %py_class% { frame <- function() format(parent.frame()) }
        B(A) %py_class% { }
        list(A, B)
        """
    )
    a, b = base(), derived()
    assert len({a.frame() for _ in range(2 * CALLS)}) < CALLS
    if change == "another class":
        a = b
    else:
        base.mark = 1
    assert len({a.frame() for _ in range(2 * CALLS)}) < CALLS
