"""Context managers, for R's with(). The other half is R/for_r_context.R."""


def enter(manager):
    """manager.__enter__(), looked up as the `with` statement does."""
    kind = type(manager)
    if not (hasattr(kind, "__enter__") and hasattr(kind, "__exit__")):
        raise TypeError(
            f"{kind.__name__!r} object is no context manager: "
            "with() needs __enter__() and __exit__()"
        )
    return kind.__enter__(manager)


def exit_with(manager, error=None):
    """manager.__exit__() with the exception `error`; is it suppressed?"""
    if error is None:
        type(manager).__exit__(manager, None, None, None)
        return False
    return bool(type(manager).__exit__(manager, type(error), error, error.__traceback__))
