"""R values that Python takes and lets go, while it holds few or many others: the list that keeps
them from R's collector must not be searched."""

from __future__ import annotations

from measure import microseconds, per_call, table, times

import pyclass_bridge

MANY = 200_000


def main() -> None:
    make = pyclass_bridge.r("function() factor_value")
    pyclass_bridge.r("factor_value <- factor('a')")
    few = per_call(make, n=20_000)
    held = [make() for _ in range(MANY)]
    many = per_call(make, n=20_000)
    table(
        "A handle made and let go",
        [
            ("few others are held", microseconds(few), "1.00x", ""),
            (f"{len(held):,} others are held", microseconds(many), times(many / few), "about 1x"),
        ],
    )


if __name__ == "__main__":
    main()
