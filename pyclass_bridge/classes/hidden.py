"""Names that help() leaves out: those that the bridge gives to a class for its own use.

pydoc shows every name with two underscores at both ends, and takes the names from the `__dict__` of
the class. A name is a key there, so a key that answers pydoc's question as a private name would is
enough: no metaclass, which would conflict with those of other bases, and nothing of pydoc is
changed. Such a key is equal to the plain name, so every look-up finds it.
"""

from __future__ import annotations

_SHOWN = frozenset({"__module__", "__qualname__", "__doc__", "stages"})


class HiddenName(str):
    """A name that begins with one underscore for those who ask."""

    __slots__ = ()

    def startswith(self, prefix, *limits) -> bool:
        if limits or not isinstance(prefix, str):
            return super().startswith(prefix, *limits)
        return "_".startswith(prefix)


def hide(namespace: dict, own: set[str]) -> None:
    """Hide all names of a class body but for `own`, those that the user has given."""
    if type(namespace) is not dict:  # a metaclass has made it, and may refuse what is not a str
        return
    for name in [name for name in namespace if name not in own and name not in _SHOWN]:
        namespace[HiddenName(name)] = namespace.pop(name)
