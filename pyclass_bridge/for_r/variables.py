"""R's variables in Python code that R runs, as `r`. The other half is R/for_r_variables.R.

`r.x` and `r["a.b"]` are read and assigned where the R code works that has called Python: in its
function, in a test, in a document, else in the global environment. Values cross as in calls.
"""


def _in_r(function, *arguments):
    # Imported here, since for_r/ works without R until `r` is asked.
    from pyclass_bridge.bridge.r_functions import r_function

    return r_function(function)(*arguments)


class Variables:
    """R's variables as attributes and as items."""

    def __getitem__(self, name):
        if not _in_r("has_variable", name):
            raise KeyError(name)
        return _in_r("variable", name)

    def __setitem__(self, name, value):
        _in_r("set_variable", name, value)

    def __delitem__(self, name):
        if not _in_r("remove_variable", name):
            raise KeyError(name)

    def __getattr__(self, name):
        # Python and its tools ask every object for names such as __wrapped__.
        if name.startswith("__") or not _in_r("has_variable", name):
            raise AttributeError(f"R has no object `{name}` here", name=name, obj=self)
        return _in_r("variable", name)

    __setattr__ = __setitem__

    def __delattr__(self, name):
        if not _in_r("remove_variable", name):
            raise AttributeError(f"R has no object `{name}` here to remove", name=name, obj=self)

    def __contains__(self, name):
        return _in_r("has_variable", name)

    def __iter__(self):
        return iter(_in_r("variable_names"))

    def __dir__(self):
        return list(self)

    def __repr__(self):
        return "<R's variables>"


r = Variables()


def with_r(scope):
    """`scope`, the globals of code that R runs, in which `r` is R unless the user has an `r`."""
    scope.setdefault("r", r)
    return scope
