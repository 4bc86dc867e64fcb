"""R functions as Python functions: a trampoline with the R signature, name and doc.

Passed back to R, such a function is the identical closure. A closure that crosses again without a
name keeps the name of its living Python function.
"""

from __future__ import annotations

import inspect
import itertools
import weakref

from .. import _core
from .module_name import ModuleName, give_place
from .r_functions import r_function
from .signature import MISSING, Formal, Parameters, RCode, trampoline
from .source_text import place_of

provided: dict = {}  # by session: how R state that a trace loses is told (classes/lost_state.py)


def formal_of(row: dict) -> Formal:
    """A formal as R describes it (R/bridge_formals.R): name, kind, default, value, code."""
    default = inspect.Parameter.empty
    if row["default"] == "literal":
        default = row["value"]
    elif row["default"] == "code":
        default = RCode(row["code"])
    elif row["default"] == "missing":
        default = MISSING
    return Formal(row["name"], default, row["kind"] == "dots")


def parameters_of(rows) -> Parameters:
    return Parameters.of([formal_of(row) for row in rows])


def core_function(closure, name: str, parameters: Parameters, **options) -> _core.Function:
    """The core's Function for an R closure with these parameters."""
    return _core.Function(
        closure,
        name,
        tuple(f.name for f in parameters.named),
        tuple(f.r_name for f in parameters.named),
        len(parameters.before),
        defaults=tuple(f.default if f.has_default else MISSING for f in parameters.named),
        **options,
    )


# The named functions that live, numbered as they were made, by the addresses of their closures,
# which they keep alive. A closure has a new function whenever it crosses, and the last to be made
# may be the first to go.
_named: weakref.WeakValueDictionary = weakref.WeakValueDictionary()
_numbers = itertools.count()


def name_before(closure) -> str | None:
    """The name of the first of the functions that Python has of this closure."""
    functions = _named.get(closure.address, {})
    return next((function.__name__ for function in functions.values()), None)


def make_function(closure, name: str | None = None, module: str = "r"):
    """The Python function for the handle of an R closure or builtin. Without `name`, R says how the
    function was given (R/surface_functions.R). What stands for a class in the code of an R package
    is the class here (R/start_packages.R)."""
    facts = r_function("describe_function")(closure, name is None)
    if "stands_for" in facts:
        return facts["stands_for"]
    parameters = parameters_of(facts["formals"])
    if name is None:
        given = facts["given"] or {"name": None, "sure": False}
        name = given["name"] if given["sure"] else name_before(closure) or given["name"]
    is_named = name is not None
    name = name or "r_function"
    call = core_function(closure, name, parameters)
    if facts.get("lost"):
        call = provided["telling_lost_state"](facts["lost"], call, name)
    module = ModuleName(module)
    out = trampoline(
        name,
        parameters,
        call,
        doc=facts["doc"],
        module=module,
        is_async=facts["is_async"],
        place=place_of(facts["place"]),
    )
    give_place(module, out)
    out.__r_function__ = closure
    # The core's mark: R gets this closure for `out` until Python code sets an attribute of `out`
    # (as `abstractmethod` does) or its defaults. functools.wraps() copies attributes, but not
    # globals; a copy of the function that has the globals may have other defaults.
    mark = closure, len(vars(out)), out.__defaults__, out.__kwdefaults__
    out.__globals__["__r_closure__"] = mark
    if is_named:
        _remember(out)
    return out


def _remember(function) -> None:
    """Keep the name of `function` for its closure. The functions of a closure keep their table,
    which does not keep them."""
    functions = _named.setdefault(function.__r_function__.address, weakref.WeakValueDictionary())
    functions[next(_numbers)] = function
    function.__globals__["__r_functions__"] = functions
