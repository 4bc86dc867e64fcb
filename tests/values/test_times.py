"""Times cross with their instant and the clock that their zone shows, both ways."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import pyclass_bridge
from pyclass_bridge import _core
from pyclass_bridge.values.times import zone_of_name

NOON = datetime.datetime(2024, 3, 31, 12, 30, 15)


class Solar(datetime.tzinfo):
    """A zone that no table has, with a name of its own and an offset in seconds."""

    key = "Nowhere/Solar"

    def __repr__(self):
        return self.key

    def utcoffset(self, when):
        return datetime.timedelta(hours=1, minutes=2, seconds=3)

    def dst(self, when):
        return None

    def tzname(self, when):
        return "SOL"


def fixed(**offset):
    return datetime.timezone(datetime.timedelta(**offset))


ZONES = [
    datetime.timezone.utc,
    fixed(hours=5, minutes=30),
    fixed(hours=-3),
    fixed(hours=-3, minutes=-30),
    fixed(hours=14),
    fixed(hours=-12),
    fixed(hours=23, minutes=59),
    fixed(hours=-23, minutes=-59),
    fixed(minutes=20),
    fixed(minutes=-1),
    fixed(hours=1, seconds=1),
    datetime.timezone(datetime.timedelta(hours=2), "named"),
    ZoneInfo("Europe/Paris"),
    ZoneInfo("America/St_Johns"),
    ZoneInfo("Pacific/Chatham"),
    Solar(),
]
shown = pyclass_bridge.r("function(x) format(x, '%Y-%m-%d %H:%M:%S')")
instant = pyclass_bridge.r("function(x) as.numeric(x)")


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_clock_and_the_instant_are_right(zone):
    time = NOON.replace(tzinfo=zone)
    assert shown(time) == "2024-03-31 12:30:15"
    assert instant(time) == time.timestamp()


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_they_come_back_with_the_same_offset(zone):
    time = NOON.replace(tzinfo=zone)
    back = pyclass_bridge.to_r(time).to_python()
    assert back == time
    assert back.utcoffset() == time.utcoffset()


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_pandas_times_of_a_zone_show_the_same_clock(zone):
    column = pd.Series(pd.DatetimeIndex([NOON, NOON]).tz_localize(zone))
    for made in (column, pd.DatetimeIndex(column), pd.DataFrame({"a": column})["a"], column[0]):
        first = pyclass_bridge.r("function(x) format(x[1], '%Y-%m-%d %H:%M:%S')")(made)
        assert first == "2024-03-31 12:30:15"
    assert instant(column) == [NOON.replace(tzinfo=zone).timestamp()] * 2


def test_a_zone_that_changes_and_that_r_lacks_shows_utc():
    class Changing(Solar):
        def utcoffset(self, when):
            return datetime.timedelta(hours=1 if when is None or when.month < 6 else 2)

    times = [datetime.datetime(2024, month, 1, tzinfo=Changing()) for month in (1, 7)]
    made = pyclass_bridge.to_r(pd.Series(times, dtype=object))
    assert pyclass_bridge.r("function(x) attr(x(), 'tzone')")(lambda: made) == "UTC"
    assert instant(pd.Series(times, dtype=object)) == [time.timestamp() for time in times]


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("<+0530>-05:30", 5.5),
        ("<-03>03", -3),
        ("<+05>-05", 5),
        ("UTC", 0),
        ("Etc/GMT-5", 5),
        ("EST5", -5),
        ("<+0015>-0:15", 0.25),
        ("UTC+05:30", -5.5),
    ],
)
def test_names_of_zones_in_r(name, hours):
    offset = zone_of_name(name).utcoffset(NOON)
    assert offset == datetime.timedelta(hours=hours)
    r_offset = pyclass_bridge.r("function(zone) as.POSIXlt(.POSIXct(0, zone))$hour")(name)
    assert r_offset == int((hours * 60 % 1440) // 60)


def test_r_times_of_any_zone_come_to_python():
    value = _core.evaluate(".POSIXct(c(0, NA), '<+0530>-05:30')").to_python()
    assert value[0] == datetime.datetime(1970, 1, 1, 5, 30, tzinfo=fixed(hours=5, minutes=30))
    assert value[0].utcoffset() == datetime.timedelta(hours=5, minutes=30) and value[1] is None


def test_a_time_without_a_zone_is_of_rs_own():
    code = """
    function(x, zone) {
      old <- Sys.getenv("TZ", NA)
      on.exit(if (is.na(old)) Sys.unsetenv("TZ") else Sys.setenv(TZ = old))
      Sys.setenv(TZ = zone)
      format(x(), "%Y-%m-%d %H:%M:%S")
    }
    """
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        assert pyclass_bridge.r(code)(lambda: NOON, zone) == "2024-03-31 12:30:15"
        both = lambda: pd.Series([NOON, None], dtype=object)  # noqa: E731
        assert pyclass_bridge.r(code)(both, zone)[0] == "2024-03-31 12:30:15"


def test_years_that_c_does_not_know_and_fractions():
    year = pyclass_bridge.r("function(x) as.POSIXlt(x)$year + 1900")
    assert year(datetime.datetime(1, 1, 2)) == 1
    assert year(datetime.datetime(9999, 12, 30)) == 9999
    fine = datetime.datetime(2024, 1, 1, 0, 0, 0, 123457, datetime.timezone.utc)
    assert pyclass_bridge.to_r(fine).to_python() == fine


def test_what_is_missing_is_na():
    is_na = pyclass_bridge.r("function(x) is.na(x)")
    values = (pd.NaT, pd.NA, np.datetime64("NaT"), np.timedelta64("NaT"))
    assert [is_na(value) for value in values] == [True] * 4
