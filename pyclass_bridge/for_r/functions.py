"""The Python functions that R code of the bridge calls, one flat list of names.

R reaches this module as ``for_r`` (results converted) and as ``for_r_proxies`` (results stay Python
objects). Functions of rooms that stand after this one are given to `provide()` by the session. It
assumes nothing about R: every function takes and returns plain Python values, so it is testable
without R.
"""

from importlib import import_module

from pyclass_bridge.bridge.condition import warn
from pyclass_bridge.bridge.output import begin_sink, end_sink, redraws_lines
from pyclass_bridge.bridge.signature import python_names
from pyclass_bridge.for_r.classes import (
    class_label,
    issubclass_named,
    super_assign,
    super_attr,
    super_object,
)
from pyclass_bridge.for_r.code import (
    begin_capture,
    clear_last_error,
    end_capture,
    eval_code,
    help_text,
    import_from_path,
    last_error,
    lazy_module,
    leave_warnings,
    load_object,
    main_module,
    module_available,
    on_load,
    python_version,
    quiet_warnings,
    remember_error,
    require_module,
    run_file,
    run_string,
    save_object,
    set_seed,
    source_names,
)
from pyclass_bridge.for_r.coroutines import (
    async_members,
    await_all,
    await_one,
    awaitable_problem,
)
from pyclass_bridge.for_r.index import tensor_item, tensor_item_set
from pyclass_bridge.for_r.items import (
    DONE,
    array,
    as_iterator,
    del_item,
    get_item,
    get_items,
    iterator_from,
    make_dict,
    make_tuple,
    mapping_keys,
    mapping_values,
    next_or_done,
    set_item,
    set_items,
)
from pyclass_bridge.for_r.objects import (
    attribute_hint,
    attribute_names,
    del_attr,
    element,
    ellipsis,
    enter,
    exception_of,
    exit_with,
    get_attr,
    has_attr,
    identity,
    is_mapping,
    item_or_attr,
    itself,
    length,
    line_of,
    missing_attribute,
    names_of,
    nearest_r,
    print_text,
    repr_of,
    requested,
    str_of,
    truth,
)
from pyclass_bridge.for_r.ops import binary, math, mean, summary, unary
from pyclass_bridge.for_r.repl import interact, run_lines
from pyclass_bridge.for_r.tensor import (
    aperm,
    dim_of,
    is_tensor,
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
    "aperm",
    "array",
    "as_iterator",
    "async_members",
    "attribute_hint",
    "attribute_names",
    "await_all",
    "await_one",
    "awaitable_problem",
    "begin_capture",
    "begin_sink",
    "binary",
    "class_label",
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
    "get_attr",
    "get_item",
    "get_items",
    "has_attr",
    "help_text",
    "identity",
    "import_from_path",
    "interact",
    "is_mapping",
    "is_tensor",
    "issubclass_named",
    "item_or_attr",
    "iterator_from",
    "itself",
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
    "nearest_r",
    "next_or_done",
    "number",
    "on_load",
    "predicate",
    "print_text",
    "python_names",
    "python_version",
    "quiet_warnings",
    "read_value",
    "redraws_lines",
    "remember_error",
    "repr_of",
    "requested",
    "require_module",
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
