"""Builds a Python class from a class spec, in named steps.

Guarantees: a real subclass of the bases, made by `types.new_class`; methods are Python functions
with the R signature; the class defines only those hooks that its spec has. Its R environment
holds the class weakly.
"""

from __future__ import annotations

import functools
import types
import weakref
from dataclasses import dataclass, field, replace

from ..bridge.condition import in_member
from ..bridge.function import core_function
from ..bridge.module_name import ModuleName, give_place
from ..bridge.private import copy_methods
from ..bridge.r_functions import r_handle
from ..bridge.signature import Parameters, trampoline
from ..bridge.source_text import show_class
from .attributes import note_built
from .config import default_members, is_saved, keeping
from .hidden import hide
from .hooks import added_to_callback, instances_only
from .living import remember
from .pickles import pickle_methods
from .required import name_missing_methods, with_base_set_up
from .results import is_state, with_python_result
from .spec import ClassSpec, Member

NO_RECEIVER, SELF, CLASS = 0, 1, 2
RETURN_NONE = {"__init__", "__del__"}
LOADS = "load_state_dict"  # its argument crosses as a stored value does


class ClassRef:
    """A weak reference to a class; R calls it to get the class."""

    def __init__(self):
        self._reference = lambda: None

    def point_at(self, cls: type) -> None:
        self._reference = weakref.ref(cls)

    def __call__(self) -> type | None:
        return self._reference()

    def __reduce__(self):
        return _ref_to, (self(),)


def _ref_to(cls: type) -> ClassRef:
    """Where a method arrives by itself, such as in a class that Ray derives for its actors."""
    ref = ClassRef()
    ref.point_at(cls)
    return ref


@dataclass(frozen=True)
class RClassInfo:
    """The `__r_class__` of a class made from R: the handles of its environment and its class spec
    in R, its `home` (classes/living.py), the `hooks` of its kind, the `text` in which it was
    written (bridge/source_text.py), and what it had when it was `built`
    (classes/attributes.py)."""

    class_env: object
    spec: object
    home: str | int
    has_private: bool
    index_base: int
    hooks: dict
    text: object
    built: dict = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:  # help() shows it
        return "<R class>"


class _Builder:
    def __init__(self, spec: ClassSpec):
        self.spec = spec
        self.kind = spec.kind
        self.ref = ClassRef()
        self.module = ModuleName(spec.module)
        self.class_env = r_handle("class_env_of")(spec.handle, self.ref)
        self.bases = types.resolve_bases(spec.bases)  # Generic[T] stands for a class
        self.namespace: dict = {}

    def build(self) -> type:
        spec = self.spec
        try:
            cls = types.new_class(spec.name, spec.bases, spec.keywords, self.fill)
        except TypeError as error:
            raise TypeError(f"class `{spec.name}`: {error}") from error
        self.ref.point_at(cls)
        give_place(self.module, cls)
        if spec.place is not None:
            show_class(cls, *spec.place)
        name_missing_methods(cls, self.kind)
        note_built(cls)
        remember(cls)
        return cls

    def fill(self, namespace: dict) -> None:
        """Fill `namespace`, the class body."""
        self.namespace = namespace
        self.add_description()
        self.add_copying()
        self.add_pickling()
        self.add_fields()
        self.add_methods()
        self.add_properties()
        self.add_configuration()
        self.add_callback_parts()
        self.add_marks()
        self.hide_internals()

    def add_description(self) -> None:
        spec = self.spec
        self.namespace["__module__"] = self.module
        self.namespace["__qualname__"] = spec.name
        if spec.doc is not None:
            self.namespace["__doc__"] = spec.doc
        self.namespace["__r_class__"] = RClassInfo(
            self.class_env,
            spec.handle,
            spec.home,
            spec.has_private,
            spec.index_base,
            self.kind.hooks,
            spec.place and spec.place[1],
        )

    def add_copying(self) -> None:
        self.namespace.update(copy_methods(self.bases))

    def add_pickling(self) -> None:
        self.namespace.update(pickle_methods(self.bases, self.spec.name, self.ref))

    def add_fields(self) -> None:
        fields = self.spec.fields
        self.namespace.update(fields)
        for name in fields.keys() & self.kind.stored_as.keys():
            self.namespace.setdefault(self.kind.stored_as[name], fields[name])

    def add_methods(self) -> None:
        for member in self.spec.methods:
            self.namespace[member.name] = self.method(member)

    def add_properties(self) -> None:
        for member in self.spec.active:
            self.namespace[member.name] = self.property(member)

    def add_configuration(self) -> None:
        defined = set(self.namespace)
        self.namespace.update(default_members(defined, self.bases, self.kind, self.ref))

    def add_callback_parts(self) -> None:
        """Add the kind's setter and the members that add_to_callbacks() registered."""
        kind, setter = self.kind, self.kind.setter
        if setter is None or not any(map(kind.base_of, self.bases)):
            return
        if setter not in self.namespace:
            self.namespace[setter] = instances_only(self.spec.name, self.ref, kind)
        if kind.lists_stages:
            self.namespace.update(added_to_callback(self.namespace, self.bases, self.ref))

    def add_marks(self) -> None:
        """Tell the core which methods are indexed and which store their argument (core/marks.c)."""
        indexed = self.kind.hooks.items() if self.spec.index_base == 1 else ()
        names = frozenset(name for name, index in indexed if index)
        if names or any(hasattr(base, "__r_indexed__") for base in self.bases):
            self.namespace["__r_indexed__"] = names
        if LOADS in self.namespace or any(hasattr(base, LOADS) for base in self.bases):
            self.namespace["__r_stores__"] = frozenset({LOADS})

    def hide_internals(self) -> None:
        spec = self.spec
        own = {member.name for member in spec.methods + spec.active}
        hide(self.namespace, own | set(spec.fields))

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
            module=self.module,
            qualname=f"{self.spec.name}.{member.name}",
            failed=functools.partial(in_member, self.spec.name, member.given),
            is_async=member.is_async,
            place=member.place,
        )

    def method(self, member: Member):
        if member.decorator == "staticmethod":
            return staticmethod(self.trampoline(member, self.core(member, NO_RECEIVER), None))
        if member.decorator == "classmethod":
            return classmethod(self.trampoline(member, self.core(member, CLASS), "cls"))
        function = self.trampoline(member, self.instance_call(member), "self")
        index = self.index_of(member)
        if index is not None:
            function.__r_index__ = index
        return function

    def instance_call(self, member: Member):
        is_hook = member.name in self.kind.hooks
        call = self.core(
            member,
            SELF,
            index_name=self.index_of(member),
            shares=self.logs_of(member) if is_hook else (),
            merges=is_hook and self.spec.merge_logs,
            returns_none=is_hook or member.name in RETURN_NONE,
            as_handle=is_state(member.name, self.kind) or self.stays_r(member),
        )
        if member.name == "__init__":
            if not member.calls_super:
                call = with_base_set_up(call, self.spec.name, self.bases, self.kind)
            return keeping(call, member.parameters) if is_saved(self.kind) else call
        if member.lost is not None:
            call = member.lost.told_by_method(call, self.spec.name, member.given)
        return with_python_result(call, member.name, self.kind)

    def stays_r(self, member: Member) -> bool:
        """Does a base want the method's results as R has made them?"""
        return any(member.name in getattr(base, "__r_handles__", ()) for base in self.bases)

    def index_of(self, member: Member) -> str | None:
        """The name of a hook's index, if R counts it from 1."""
        return self.kind.hooks.get(member.name) if self.spec.index_base == 1 else None

    def logs_of(self, member: Member) -> tuple:
        """The name and the position of `logs`: the parameter's, else that in a call by Keras."""
        names = [f.name for f in member.parameters.before]
        after_index = int(self.kind.hooks[member.name] is not None)
        at = names.index("logs") if "logs" in names else after_index
        return ("logs", at) if at < len(names) or member.parameters.has_dots else ()

    def property(self, member: Member) -> property:
        getter = replace(member, parameters=Parameters.of([]))
        setter = replace(member, parameters=member.parameters.without_defaults())
        takes_value = bool(member.parameters.named) or member.parameters.has_dots
        return property(
            self.trampoline(getter, self.core(member, SELF), "self"),
            self.trampoline(setter, self.core(setter, SELF), "self") if takes_value else None,
            doc=member.doc,
        )


def build_class(data: dict) -> type:
    """The Python class for the spec that spec_data() in R returns."""
    return _Builder(ClassSpec.of(data)).build()
