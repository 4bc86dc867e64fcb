"""The Python functions that R calls, one flat list of names. Many R files use it; none is its half.

R reaches this module as ``for_r`` (results converted) and as ``for_r_proxies`` (results stay Python
objects). The session gives `provide()` what is imported only when R asks for it, and what rooms
after this one have. It assumes nothing about R: every function takes and returns plain Python
values, so it is testable without R.
"""

from importlib import import_module

from pyclass_bridge.bridge.condition import from_r as exception_of
from pyclass_bridge.bridge.condition import warn
from pyclass_bridge.bridge.kept_conditions import keeps_conditions
from pyclass_bridge.bridge.originals import raise_original
from pyclass_bridge.bridge.output import begin_sink, end_sink, redraws_lines
from pyclass_bridge.bridge.signature import python_names
from pyclass_bridge.for_r.attributes import (
    attribute_names,
    del_attr,
    get_attr,
    has_attr,
    missing_attribute,
)
from pyclass_bridge.for_r.capture import begin_capture, end_capture, leave_warnings, quiet_warnings
from pyclass_bridge.for_r.chunks import run_chunk
from pyclass_bridge.for_r.classes import class_label, issubclass_named
from pyclass_bridge.for_r.containers import array, make_dict, make_tuple
from pyclass_bridge.for_r.context import enter, exit_with
from pyclass_bridge.for_r.coroutines import async_members, await_all, await_one, awaitable_problem
from pyclass_bridge.for_r.errors import clear_last_error, last_error, remember_error
from pyclass_bridge.for_r.eval import eval_code, run_file, run_string, source_names
from pyclass_bridge.for_r.hooks import on_load
from pyclass_bridge.for_r.index import python_item_set, tensor_item, tensor_item_set
from pyclass_bridge.for_r.items import (
    del_item,
    get_item,
    get_items,
    is_sequence,
    set_item,
    set_items,
)
from pyclass_bridge.for_r.iterate import (
    DONE,
    as_iterator,
    iterator_from,
    mapping_keys,
    mapping_values,
    next_or_done,
)
from pyclass_bridge.for_r.modules import (
    import_from_path,
    lazy_module,
    main_module,
    module_available,
    require_module,
)
from pyclass_bridge.for_r.objects import (
    all_names_of,
    class_text,
    element,
    ellipsis,
    format_of,
    identity,
    is_mapping,
    item_or_attr,
    itself,
    length,
    line_of,
    names_of,
    print_text,
    repr_of,
    str_of,
    truth,
)
from pyclass_bridge.for_r.ops import binary, math, mean, summary, unary
from pyclass_bridge.for_r.pickles import load_object, save_object
from pyclass_bridge.for_r.repl import interact, run_lines
from pyclass_bridge.for_r.seeds import set_seed
from pyclass_bridge.for_r.super import super_assign, super_attr, super_object
from pyclass_bridge.for_r.tensor import (
    aperm,
    dim_of,
    is_any_tensor,
    matmul,
    number,
    predicate,
    read_value,
    size_of,
    transposed,
)

_provided: dict[str, str] = {}


def provide(functions: dict[str, str]) -> None:
    """Let R find functions of other modules here: {name: module}. A module is imported when R first
    asks for one of its functions."""
    _provided.update(functions)


def __getattr__(name: str):
    if name not in _provided:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_provided[name]), name)
    globals()[name] = value
    return value


__all__ = [
    "DONE",
    "all_names_of",
    "aperm",
    "array",
    "as_iterator",
    "async_members",
    "attribute_names",
    "await_all",
    "await_one",
    "awaitable_problem",
    "begin_capture",
    "begin_sink",
    "binary",
    "class_label",
    "class_text",
    "clear_last_error",
    "del_attr",
    "del_item",
    "dim_of",
    "element",
    "ellipsis",
    "end_capture",
    "end_sink",
    "enter",
    "eval_code",
    "exception_of",
    "exit_with",
    "format_of",
    "get_attr",
    "get_item",
    "get_items",
    "has_attr",
    "identity",
    "import_from_path",
    "interact",
    "is_any_tensor",
    "is_mapping",
    "is_sequence",
    "issubclass_named",
    "item_or_attr",
    "iterator_from",
    "itself",
    "keeps_conditions",
    "last_error",
    "lazy_module",
    "leave_warnings",
    "length",
    "line_of",
    "load_object",
    "main_module",
    "make_dict",
    "make_tuple",
    "mapping_keys",
    "mapping_values",
    "math",
    "matmul",
    "mean",
    "missing_attribute",
    "module_available",
    "names_of",
    "next_or_done",
    "number",
    "on_load",
    "predicate",
    "print_text",
    "python_item_set",
    "python_names",
    "quiet_warnings",
    "raise_original",
    "read_value",
    "redraws_lines",
    "remember_error",
    "repr_of",
    "require_module",
    "run_chunk",
    "run_file",
    "run_lines",
    "run_string",
    "save_object",
    "set_item",
    "set_items",
    "set_seed",
    "size_of",
    "source_names",
    "str_of",
    "summary",
    "super_assign",
    "super_attr",
    "super_object",
    "tensor_item",
    "tensor_item_set",
    "transposed",
    "truth",
    "unary",
    "warn",
]
