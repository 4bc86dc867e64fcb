"""R formals as a Python signature, and the Python function that stands for an R one.

The function is a real one, with true name, parameters, defaults and doc. An argument that is the
default object itself is left out of the call, so R evaluates its default, lazily, and `missing()`
is right. A default that R computes is shown as R code. The one rule for Python's names of R names
is `python_name` here: R/bridge_formals.R asks it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import keyword
import types
import unicodedata
from dataclasses import dataclass, replace

NOWHERE = "<R>"  # the file that tracebacks show for a function that was written at no place


class Missing:
    """Stands for the missing default of a parameter that follows one with a default, or of which R
    code asks `missing()`."""

    def __repr__(self) -> str:
        return "<no default>"

    def __reduce__(self):
        return "MISSING"


MISSING = Missing()


class RCode:
    """A default that R computes, shown as R code."""

    def __init__(self, code: str):
        self.code = code

    def __repr__(self) -> str:
        return f"<R: {self.code}>"

    def __eq__(self, other) -> bool:
        return isinstance(other, RCode) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)


@dataclass(frozen=True)
class Formal:
    """One formal of an R function: `default` is `inspect.Parameter.empty`, a literal, `RCode` or
    `MISSING`; `name` is its name in Python."""

    r_name: str
    default: object = inspect.Parameter.empty
    is_dots: bool = False
    name: str = ""

    @property
    def has_default(self) -> bool:
        return self.default is not inspect.Parameter.empty


@dataclass(frozen=True)
class Parameters:
    """R formals in Python's order: by position before `...`, by keyword after."""

    before: tuple[Formal, ...]
    after: tuple[Formal, ...]
    has_dots: bool

    @classmethod
    def of(cls, formals) -> Parameters:
        formals = _named(formals)
        at = next((i for i, f in enumerate(formals) if f.is_dots), None)
        if at is None:
            return cls(tuple(formals), (), False)
        return cls(tuple(formals[:at]), tuple(formals[at + 1 :]), True)

    def without_defaults(self) -> Parameters:
        """The same without defaults, so that each argument that Python gives is passed to R."""

        def bare(formals):
            return tuple(replace(f, default=inspect.Parameter.empty) for f in formals)

        return Parameters(bare(self.before), bare(self.after), self.has_dots)

    @property
    def named(self) -> tuple[Formal, ...]:
        return self.before + self.after


# Names that the code of a trampoline uses, and the one to which Python allows no assignment.
_TAKEN = frozenset(
    {"__r_call", "__r_exception", "__r_error", "__r_failed", "__r_value_of", "__debug__"}
)


@functools.lru_cache(maxsize=4096)
def python_name(r_name: str) -> str:
    """A Python identifier for an R name: `na.rm` is `na_rm`, `in` is `in_`, `x²` is `x2`. The
    result has Unicode's form NFKC, to which Python converts identifiers."""
    normal = unicodedata.normalize("NFKC", r_name)
    name = "".join(c if f"a{c}".isidentifier() else "_" for c in normal)
    if not name.isidentifier():  # it is empty, or begins with a digit or a combining character
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name


def python_names(r_names) -> list[str]:
    """`python_name` of each, for R."""
    return [python_name(r_name) for r_name in r_names]


def _named(formals) -> list[Formal]:
    """The formals with unique Python names: beside `x_y`, which keeps its name, `x.y` becomes
    `x_y_`."""
    taken = {f.r_name for f in formals if python_name(f.r_name) == f.r_name}
    named = []
    for formal in formals:
        name = python_name(formal.r_name)
        if name != formal.r_name:
            name = _free(name, taken)
            taken.add(name)
        named.append(replace(formal, name=name))
    return named


def argument_names(function: types.FunctionType, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of R arguments as `function` names its parameters, if it was made here: `x.y` is
    also its `x_y`. Names for its `...` stay unchanged."""
    known = function.__globals__.get("__r_names")
    if known is None:
        return names
    has_dots = function.__code__.co_flags & inspect.CO_VARKEYWORDS
    folded = () if has_dots else known.values()

    def as_python(name: str) -> str:
        folds = name not in known and python_name(name) in folded
        return python_name(name) if folds else known.get(name, name)

    return tuple(map(as_python, names))


async def value_of(result):
    """`result`, awaited if it is awaitable: the result of an async method of R."""
    return await result if inspect.isawaitable(result) else result


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


@functools.lru_cache(maxsize=4096)
def _template(name, before: tuple, after: tuple, dots: tuple, receiver, tells, is_async):
    """The code object of `def name(...): return __r_call(...)`, or `async def`. All of it stands in
    one line, without columns, so it can stand in any."""
    lead = [receiver] if receiver else []
    params = lead + [f"{n}=0" if default else n for n, default in before]
    passed = lead + [n for n, _ in before]
    if dots:
        params.append(f"*{dots[0]}")
        passed.append(f"*{dots[0]}")
    params += [f"{n}=0" if default else n for n, default in after]
    passed += [f"{n}={n}" for n, _ in after]
    if dots:
        params.append(f"**{dots[1]}")
        passed.append(f"**{dots[1]}")
    call = f"__r_call({', '.join(passed)})"
    body = f"return await __r_value_of({call})" if is_async else f"return {call}"
    if tells:
        body = f"\n try: {body}\n except __r_exception as __r_error: __r_failed(__r_error); raise"
    define = "async def" if is_async else "def"
    tree = ast.parse(f"{define} {name}({', '.join(params)}): {body}")
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = -1
    compiled = compile(tree, NOWHERE, "exec")
    return next(c for c in compiled.co_consts if isinstance(c, types.CodeType))


@functools.lru_cache(maxsize=1024)
def _code(shape: tuple, place):
    """The code object for a function of this shape and place (a `Place` of source_text.py, or
    None): functions with equal ones share it. Those of different R code differ in a constant."""
    code = _template(*shape)
    if place is None:
        return code
    constants = (*(code.co_consts or (None,)), f"R {place.hash}")
    return code.replace(co_filename=place.file, co_firstlineno=place.line, co_consts=constants)


def trampoline(
    name,
    parameters: Parameters,
    call,
    *,
    receiver=None,
    doc=None,
    module=None,
    qualname=None,
    failed=None,
    is_async=False,
    place=None,
):
    """A Python function named `name` that calls `call`, the core's Function, with its arguments.

    `place` says where its R code was written, as place_of() does. `failed` is called with an
    exception that leaves the function. An async function calls `call` when it is awaited, and
    awaits its result if that is awaitable.
    """
    before, began = [], False
    for formal in parameters.before:
        began |= formal.has_default
        before.append((formal.name, began))
    after = tuple((f.name, f.has_default) for f in parameters.after)
    taken = {f.name for f in parameters.named}
    receiver = receiver and _free(receiver, taken)
    dots = (_free("args", taken), _free("kwargs", taken)) if parameters.has_dots else ()
    shape = python_name(name), tuple(before), after, dots, receiver, failed is not None, is_async
    at, text = place or (None, None)
    code = _code(shape, at)
    defaults = tuple(
        formal.default if formal.has_default else MISSING
        for formal, (_, has) in zip(parameters.before, before, strict=True)
        if has
    )
    names = {
        "__r_call": call,
        "__r_exception": Exception,
        "__r_failed": failed,
        "__r_value_of": value_of,
        "__r_names": {f.r_name: f.name for f in parameters.named},
        "__r_text": text,  # which Python's linecache has as long as it is kept
        "__builtins__": builtins,
    }
    function = types.FunctionType(code, names, name, defaults)
    function.__kwdefaults__ = {f.name: f.default for f in parameters.after if f.has_default} or None
    function.__doc__ = doc
    function.__module__ = module
    function.__qualname__ = qualname or name
    # Turns TensorFlow's AutoGraph off, which needs Python source; R code is traced as it runs.
    function.autograph_info__ = {}
    return function
