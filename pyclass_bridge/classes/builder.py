"""From a class spec to a live Python class, in named steps.

Guarantees: a real subclass of the bases, made by `types.new_class`; methods are Python functions
with the R signature; a hook that nobody defined is not there. The class is held weakly by its R
environment.
"""

from __future__ import annotations

import functools
import types
import weakref
from dataclasses import dataclass

from .. import _core
from ..bridge.condition import in_member
from ..bridge.function import core_function
from ..bridge.private import copy_methods
from ..bridge.r_functions import r_handle
from ..bridge.signature import trampoline
from .hooks import (
    HOOKS,
    INDEXED,
    added_to_callback,
    instances_only,
    is_callback_set,
    is_keras_metric,
    setter_of,
)
from .required import name_missing_methods
from .spec import ClassSpec, Member, class_spec_of

NO_RECEIVER, SELF, CLASS = 0, 1, 2
RETURN_NONE = {"__init__", "__del__"}


class ClassRef:
    """What R calls to get at a class: it keeps nothing alive."""

    def __init__(self):
        self._reference = lambda: None

    def point_at(self, cls: type) -> None:
        self._reference = weakref.ref(cls)

    def __call__(self) -> type | None:
        return self._reference()


@dataclass(frozen=True)
class RClassInfo:
    """What a class made by R carries as `__r_class__`."""

    class_env: object
    has_private: bool
    index_base: int
    kind: str

    def __repr__(self) -> str:  # help() shows it
        return "<R class>"


class _Builder:
    def __init__(self, spec: ClassSpec):
        self.spec = spec
        self.ref = ClassRef()
        self.class_env = r_handle("class_env_of")(spec.handle, self.ref)
        bases = types.resolve_bases(spec.bases)  # Generic[T] is no class, but stands for one
        self.setter = setter_of(bases)
        self.is_callback = spec.kind == "Callback" or self.setter is not None
        self.is_keras_metric = any(map(is_keras_metric, bases))

    def build(self) -> type:
        spec = self.spec
        try:
            cls = types.new_class(spec.name, spec.bases, spec.keywords, self.fill)
        except TypeError as error:
            raise TypeError(f"class `{spec.name}`: {error}") from error
        self.ref.point_at(cls)
        name_missing_methods(cls)
        return cls

    def fill(self, namespace: dict) -> None:
        """The class body."""
        spec = self.spec
        namespace["__module__"] = spec.module
        namespace["__qualname__"] = spec.name
        if spec.doc is not None:
            namespace["__doc__"] = spec.doc
        namespace["__r_class__"] = RClassInfo(
            self.class_env, spec.has_private, spec.index_base, spec.kind
        )
        # Marks for the core, which knows no method by its name (core/marks.c).
        namespace["__r_indexed__"] = frozenset(INDEXED if spec.index_base == 1 else ())
        namespace["__r_stores__"] = frozenset({"load_state_dict"})
        bases = types.resolve_bases(spec.bases)
        namespace.update(copy_methods(bases))
        namespace.update(spec.fields)
        if self.is_keras_metric and "direction" in spec.fields:
            namespace.setdefault("_direction", spec.fields["direction"])  # Keras' name of it
        for member in spec.methods:
            namespace[member.name] = self.method(member)
        for member in spec.active:
            namespace[member.name] = self.property(member)
        if self.setter is not None and self.setter not in namespace:
            namespace[self.setter] = instances_only(spec.name, self.ref, self.setter)
        if self.setter == "set_model" and not any(map(is_callback_set, bases)):
            namespace.update(added_to_callback(namespace, bases, self.ref))

    def environment(self, member: Member):
        if not member.own_env:
            return self.class_env
        return r_handle("class_env_around")(
            self.class_env, self.spec.handle, member.closure, self.ref
        )

    def core(self, member: Member, receiver: int, parameters=None, **options):
        return core_function(
            member.closure,
            member.given,
            parameters or member.parameters,
            class_env=self.environment(member),
            receiver=receiver,
            convert=self.spec.convert,
            **options,
        )

    def trampoline(self, member: Member, call, receiver: str | None):
        return trampoline(
            member.name,
            member.parameters,
            call,
            receiver=receiver,
            doc=member.doc,
            module=self.spec.module,
            qualname=f"{self.spec.name}.{member.name}",
            failed=functools.partial(in_member, self.spec.name, member.given),
            is_async=member.is_async,
        )

    def method(self, member: Member):
        if member.decorator == "staticmethod":
            return staticmethod(self.trampoline(member, self.core(member, NO_RECEIVER), None))
        if member.decorator == "classmethod":
            return classmethod(self.trampoline(member, self.core(member, CLASS), "cls"))
        function = self.trampoline(member, self.instance_call(member), "self")
        if self.shifts(member):
            function.__r_index__ = member.name
        return function

    def instance_call(self, member: Member):
        is_hook = self.is_callback and member.name in HOOKS
        is_state = self.is_callback and member.name == "state_dict"
        call = self.core(
            member,
            SELF,
            index_name=INDEXED[member.name] if self.shifts(member) else None,
            shares=self.logs_of(member) if is_hook else (),
            merges=is_hook and self.spec.merge_logs,
            returns_none=is_hook or member.name in RETURN_NONE,
            as_handle=is_state,
        )
        if is_state:
            return _changed(call, _kept)
        if member.name == "__init__" and not member.calls_super:
            return _with_base_set_up(call, self.spec.name, types.resolve_bases(self.spec.bases))
        if self.is_keras_metric and member.name == "result":
            return _unwrapping(call)
        change = _RESULTS.get(member.name)
        return call if change is None else _changed(call, change)

    def shifts(self, member: Member) -> bool:
        return self.spec.index_base == 1 and self.is_callback and member.name in INDEXED

    def logs_of(self, member: Member) -> tuple:
        """The name of `logs` and its place: that of the parameter, else where Keras puts it."""
        names = [f.name for f in member.parameters.before]
        at = names.index("logs") if "logs" in names else int(member.name in INDEXED)
        return ("logs", at) if at < len(names) or member.parameters.has_dots else ()

    def property(self, member: Member) -> property:
        call = self.core(member, SELF)
        assign = self.core(member, SELF, member.parameters.without_defaults())
        takes_value = bool(member.parameters.named) or member.parameters.has_dots
        failed = functools.partial(in_member, self.spec.name, member.given)

        def get(self):
            try:
                return call(self)
            except Exception as error:
                failed(error)
                raise

        def set(self, value):
            try:
                assign(self, value)
            except Exception as error:
                failed(error)
                raise

        return property(get, set if takes_value else None, doc=member.doc)


def _unwrapping(call):
    """A metric's `result()` may be a variable: neither JAX nor TensorFlow's eager loop takes one,
    in a stateless scope it would be stale, and on torch its value changes in place at the next
    reset. So a copy of its value is given."""

    def result(self, *args, **kwargs):
        return _value_of(call(self, *args, **kwargs))

    return result


def _changed(call, change):
    def method(self, *args, **kwargs):
        return change(call(self, *args, **kwargs))

    return method


def _kept(handle):
    """A state as Python keeps it on an instance: it comes back to R identical."""
    return _core.to_python(handle, True)


def _whole(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


# What Python or Keras wants of a method's result, where R has another type for it: R's numbers are
# doubles, and an empty named list is `list()`.
_RESULTS = {
    "get_config": lambda config: {} if config == [] else config,
    "__len__": _whole,
    "__hash__": _whole,
    "__index__": _whole,
    "__bool__": lambda value: bool(value) if isinstance(value, (int, float)) else value,
}


def _value_of(result):
    from keras import Variable, ops

    if isinstance(result, Variable):
        return ops.copy(result.value)
    if isinstance(result, dict):
        return {name: _value_of(item) for name, item in result.items()}
    return result


# ---- an `initialize` without `super$initialize()` ----------------------------------------------


def _with_base_set_up(call, name: str, bases):
    """`call`, an `initialize` whose R code does not mention `super`, for a class with these bases:
    an instance whose base is not set up fails much later, in words about something else."""
    base = next((b for b in bases if _needs_set_up(b)), None)
    if base is None:
        return call

    def initialize(self, *args, **kwargs):
        call(self, *args, **kwargs)
        raise RuntimeError(
            f"`initialize` of class `{name}` does not call `super$initialize()`, so what it "
            f"inherits from `{base.__name__}` is not set up. Call it first in `initialize`."
        )

    return initialize


def _needs_set_up(base: type) -> bool:
    """Does a class of a library among these have an `__init__` that its instances can't do without?
    That of the plain Callback only sets what fit() sets again before it calls a hook."""
    own = (c for c in base.__mro__ if "__init__" in vars(c) and "__r_class__" not in vars(c))
    owner = next(own, object)
    of_library = owner.__module__.startswith(("keras.src.", "synalinks.src."))
    return of_library and not (owner.__name__ == "Callback" and setter_of((owner,)))


def build_class(handle) -> type:
    """The Python class for the handle of an R class spec."""
    return _Builder(class_spec_of(handle)).build()
