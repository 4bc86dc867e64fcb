"""Python's times, dates and durations as R's, and the names of their zones.

The rows are in `values/table.py`; the other half is R/values_handle.R. The instant is always the
same, and so is the clock that is shown: a zone that R's table lacks, such as a fixed offset, has a
name in the form of POSIX ("<+0530>-05:30"), which every R can show and `zone_of_name()` reads. R's
seconds are doubles: what would lose microseconds stays an object.
"""

from __future__ import annotations

import datetime
import functools
import re
import time

from ..bridge.r_functions import r_function, r_handle

_EPOCH = datetime.date(1970, 1, 1)
_POSIX = re.compile(r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)([+-]?)(\d{1,2})(?::(\d\d))?(?::(\d\d))?")


# ---- one value ---------------------------------------------------------------------------------


def date_to_r(o: datetime.date):
    """A Date."""
    return r_handle("as_days")(float((o - _EPOCH).days))


def duration_to_r(o: datetime.timedelta):
    """A difftime in seconds."""
    if not _holds(o.total_seconds(), o.microseconds):
        return NotImplemented
    return r_handle("as_seconds")(o.total_seconds())


def time_to_r(o: datetime.datetime):
    """A POSIXct of the same zone. Without one it is a time of R's own, as it is of Python's."""
    if o.tzinfo is not None:
        if not _holds(o.timestamp(), o.microsecond):
            return NotImplemented
        return r_handle("as_time")(o.timestamp(), zone_name(o.tzinfo, [o]))
    read_local_zone()
    try:
        seconds = o.timestamp()
        held = _holds(seconds, o.microsecond)
        return r_handle("as_time")(seconds, None) if held else NotImplemented
    except (ValueError, OverflowError):  # a year that the C library does not know
        return r_handle("as_local_time")(o.isoformat())


def _holds(seconds: float, microsecond: int) -> bool:
    """Does the double tell this microsecond from others? Not so far from 1970."""
    return round(seconds % 1 * 10**6) == microsecond


def read_local_zone() -> None:
    """Python's local time is that of R, which may have set TZ meanwhile."""
    if hasattr(time, "tzset"):
        time.tzset()


# ---- zones -------------------------------------------------------------------------------------


def zone_name(zone: datetime.tzinfo, times) -> str:
    """R's name of a time zone.

    Args:
        zone: a zone of `datetime`, zoneinfo, pytz or dateutil.
        times: the datetimes of that zone that cross. For a zone that R's table lacks, the name is
            that of their offset; if they have several, UTC.
    """
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if key and key in _zones_of_r():
        return key
    if isinstance(zone, datetime.timezone):
        return _fixed(zone.utcoffset(None))
    offsets = {time.utcoffset() for time in times}
    return _fixed(offsets.pop()) if len(offsets) == 1 else "UTC"


@functools.cache
def _zones_of_r() -> frozenset[str]:
    return frozenset(r_function("zones_of_r")())


def _fixed(offset: datetime.timedelta) -> str:
    """POSIX's name of an offset, whose sign is the opposite of ours."""
    seconds = round(offset.total_seconds())
    if seconds == 0:
        return "UTC"
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    parts = [f"{hour:02}", *[f"{n:02}" for n in (minute, second) if minute or second]]
    parts = parts if second else parts[:2]
    east = seconds > 0
    return f"<{'+' if east else '-'}{''.join(parts)}>{'-' if east else ''}{':'.join(parts)}"


def zone_of_text(text: str) -> str:
    """R's name of a zone that a library names: "Europe/Paris", or an offset as in "+05:30"."""
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", text)
    if offset is None:
        return text if text in _zones_of_r() else "UTC"
    sign, hour, minute = offset.groups()
    size = datetime.timedelta(hours=int(hour), minutes=int(minute))
    return _fixed(size if sign == "+" else -size)


def zone_of_name(name: str) -> datetime.tzinfo:
    """The zone that R calls so.

    Raises:
        zoneinfo.ZoneInfoNotFoundError, ValueError: Python knows none of that name.
    """
    import zoneinfo

    fixed = _POSIX.fullmatch(name)
    if fixed is None or name in zoneinfo.available_timezones():
        return zoneinfo.ZoneInfo(name)
    sign, hour, minute, second = fixed.groups()
    offset = datetime.timedelta(hours=int(hour), minutes=int(minute or 0), seconds=int(second or 0))
    return datetime.timezone(offset if sign == "-" else -offset)
