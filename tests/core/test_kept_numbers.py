"""What is kept of numbers: an hour as they came, a day of minutes, never more than the room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.metrics import kept_numbers
from console.core.metrics.kept_numbers import DAY, HOUR, LEAST, MINUTE, MOST, SLACK, UNKNOWN, KeptNumbers
from console.model.application_metrics import MACHINE
from console.model.measurements import Measurement
from console.safe_text import SafeText


def cpu(at: float, value: float | None = 0.5, host: str = "web01", problem: str = "") -> Measurement:
    return Measurement("cpu", host, at, value=value, problem=SafeText(problem))


def errors(at: float, requests: int, bad: int, host: str = "web01") -> Measurement:
    return Measurement("error_rate", host, at, 10.0, bad / requests if requests else None, requests, bad)


def test_a_window_is_what_ended_after_its_beginning_and_not_after_its_end() -> None:
    numbers = KeptNumbers()
    for at in range(1, 11):
        numbers.take(MACHINE, (cpu(at),))
        numbers.take(MACHINE, (cpu(at, 0.25, "web02"),))
    found = numbers.window("cpu", 3, 6)
    assert {host: [one.at for one in looks] for host, looks in found.items()} == {"web01": [4, 5, 6], "web02": [4, 5, 6]}
    assert found["web02"][0] == Measurement("cpu", "web02", 4, value=0.25)
    assert numbers.window("cpu", 10, 99) == {}
    assert numbers.window("memory", 0, 99) == {}


def test_counts_come_back_as_they_were() -> None:
    numbers = KeptNumbers()
    looks = [errors(10, 100, 1), errors(20, 0, 0), errors(30, 3, 1)]
    for one in looks:
        numbers.take("balancer", (one,))
    assert numbers.window("error_rate", 0, 99) == {"web01": tuple(looks)}


def test_a_gap_keeps_its_reason_until_there_is_a_number_again() -> None:
    numbers = KeptNumbers()
    numbers.take(MACHINE, (cpu(1),))
    numbers.take(MACHINE, (cpu(2, None, problem="no route to host"),))
    assert [(one.value, one.problem) for one in numbers.window("cpu", 0, 9)["web01"]] == [(0.5, ""), (None, "no route to host")]
    assert numbers.hosts("cpu")["web01"].problem("cpu") == "no route to host"
    numbers.take(MACHINE, (cpu(3),))
    assert [(one.value, one.problem) for one in numbers.window("cpu", 0, 9)["web01"]] == [(0.5, ""), (None, UNKNOWN), (0.5, "")]
    assert numbers.hosts("cpu")["web01"].newest("cpu") == (3, 0.5)


def test_a_metric_that_a_look_was_not_for_is_no_gap() -> None:
    numbers = KeptNumbers()
    numbers.take(MACHINE, (cpu(1),))
    numbers.take(MACHINE, (cpu(2), Measurement("disk", "web01", 2, value=0.5)))
    numbers.take(MACHINE, (Measurement("disk", "web01", 3, value=0.75),))
    assert [one.at for one in numbers.window("cpu", 0, 9)["web01"]] == [1, 2]
    assert [one.value for one in numbers.window("disk", 0, 9)["web01"]] == [0.5, 0.75]
    assert set(numbers.metrics()) == {"cpu", "disk"}


def test_what_is_older_than_an_hour_is_minutes_and_older_than_a_day_is_gone() -> None:
    numbers = KeptNumbers()
    for at in range(0, int(DAY + 2 * HOUR), 10):
        numbers.take(MACHINE, (cpu(float(at), 0.5 if at % 20 else 0.25),))
    end = DAY + 2 * HOUR - 10
    looks = numbers.window("cpu", 0, end)["web01"]
    coarse, fine = [one for one in looks if one.seconds == MINUTE], [one for one in looks if not one.seconds]
    assert [one.at for one in coarse] == sorted({one.at for one in looks} & {one.at for one in coarse})
    assert all(one.value == pytest.approx(0.375) for one in coarse)
    assert end - DAY - SLACK * MINUTE <= coarse[0].at <= end - DAY + MINUTE
    assert end - HOUR - SLACK * 10 <= fine[0].at <= end - HOUR
    assert coarse[-1].at <= fine[0].at <= coarse[-1].at + 2 * MINUTE
    assert fine[-1].at == end


def test_minutes_of_counts_are_sums_and_a_minute_without_a_number_is_a_gap() -> None:
    numbers = KeptNumbers()
    for at in range(10, 301, 10):
        numbers.take("balancer", (errors(at, 10, 1),))
    for at in range(310, 420, 10):
        numbers.take("balancer", (Measurement("error_rate", "web01", at, problem=SafeText("away")),))
    track = numbers.hosts("error_rate")["web01"]
    track.fine.drop(len(track.fine.at))
    found = numbers.window("error_rate", 0, 9999)["web01"]
    assert [(one.at, one.requests, one.bad) for one in found] == [(60, 50, 5), (120, 60, 6), (180, 60, 6), (240, 60, 6), (300, 60, 6), (360, 10, 1)]
    assert [one.value for one in found] == pytest.approx([0.1] * 6)
    numbers.take("balancer", (errors(430, 10, 1),))
    assert numbers.window("error_rate", 361, 425)["web01"][0].value is None


def test_a_clock_that_is_far_ahead_ends_the_minute() -> None:
    numbers = KeptNumbers()
    for at in (1.0, 2.0, 500.0, 9000.0):
        numbers.take(MACHINE, (cpu(at),))
    assert list(numbers.hosts("cpu")["web01"].minutes.at) == [60.0, 540.0]


def test_many_hosts_have_fewer_looks_each_and_none_fewer_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_numbers, "ROOM", 10 * 400 * 16)
    numbers = KeptNumbers()
    for at in range(700):
        for host in range(10):
            numbers.take(MACHINE, (cpu(at, host=f"web{host}"),))
    tracks = numbers.hosts("cpu").values()
    assert {len(track.fine.at) for track in tracks} <= set(range(400, 400 + SLACK + 1))
    assert sum(len(track.fine.at) * track.fine.bytes for track in tracks) <= 10 * (400 + SLACK) * 16
    monkeypatch.setattr(kept_numbers, "ROOM", 1)
    assert numbers.most(next(iter(tracks))) == LEAST
    assert KeptNumbers().most(next(iter(tracks))) == LEAST


def test_a_long_time_over_many_hosts_is_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = KeptNumbers()
    for at in range(1, 631):
        numbers.take(MACHINE, (cpu(at, 0.25 if at % 2 else 0.75),))
        numbers.take("balancer", (errors(at, 10, 1),))
    assert len(numbers.window("cpu", 30, 630)["web01"]) == 600
    monkeypatch.setattr(kept_numbers, "AT_ONCE", 599)
    looks = numbers.window("cpu", 30, 630)["web01"]
    assert [(one.at, one.seconds) for one in looks] == [*((60.0 * minute, 60.0) for minute in range(1, 11)), (630.0, 30.0)]
    assert all(one.value == pytest.approx(0.5, abs=0.02) for one in looks)
    assert numbers.window("error_rate", 30, 630)["web01"][-1] == Measurement("error_rate", "web01", 630.0, 30.0, pytest.approx(0.1), 310, 31)
    assert len(numbers.window("cpu", 600, 630)["web01"]) == 30
    numbers.take("x", (Measurement("queue", "", 5.0, problem=SafeText("away")),))
    assert [str(one.problem) for one in numbers.hosts("queue")[""].between("queue", "", 0, 9, coarse=True)] == ["away"]


def test_hosts_that_are_gone_are_forgotten() -> None:
    numbers = KeptNumbers()
    for host in ("web01", "web02", ""):
        numbers.take(MACHINE, (cpu(1, host=host),))
    numbers.keep_only(["web02"])
    assert set(numbers.window("cpu", 0, 9)) == {"web02", ""}
    numbers.take(MACHINE, (cpu(2),))
    assert [one.at for one in numbers.window("cpu", 0, 9)["web01"]] == [2]


values = st.one_of(st.none(), st.floats(0, 1, width=32))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 400), values), max_size=60), st.floats(0, 9000), st.floats(0, 9000))
def test_a_window_is_in_order_within_its_bounds_and_makes_nothing_up(steps: list[tuple[float, float | None]], since: float, until: float) -> None:
    numbers, at, given_values = KeptNumbers(), 0.0, set()
    for step, value in steps:
        at += step
        numbers.take(MACHINE, (cpu(at, value, problem="" if value is not None else "away"),))
        given_values.add(value)
    looks = numbers.window("cpu", since, until).get("web01", ())
    assert all(since < one.at <= until for one in looks)
    assert [one.at for one in looks] == sorted(one.at for one in looks)
    assert all(one.value in given_values for one in looks if not one.seconds)
    assert all((one.value is None) == bool(one.problem) for one in looks)


def test_what_one_host_takes_is_what_the_module_says() -> None:
    track = kept_numbers.Track(wide=False)
    six = tuple(Measurement(metric, "web01", 0.0, value=0.5) for metric in ("cpu", "memory", "load", "disk", "net_in", "net_out"))
    for at in range(MOST + SLACK):
        track.add(tuple(Measurement(one.metric, "web01", float(at), value=0.5) for one in six), MOST)
    assert track.fine.bytes == 12 + 6 * 4
    assert len(track.fine.at) * track.fine.bytes <= 132 * 1024
    assert DAY / MINUTE * track.minutes.bytes <= 52 * 1024


def test_looks_are_handed_out_host_by_host_and_more_may_be_taken_between_two() -> None:
    numbers = KeptNumbers()
    for at in (1.0, 2.0):
        numbers.take(MACHINE, (cpu(at), Measurement("disk", "web01", at, value=0.75)))
        numbers.take(MACHINE, (cpu(at, host="web02"),))
    found = []
    for source, looks in numbers.looks(0.0, 100):
        numbers.take(MACHINE, (cpu(3.0, host=f"web{len(found) + 3:02}"),))
        found.append((source, [(one[0].host, one[0].at, len(one)) for one in looks]))
    assert found == [(MACHINE, [("web01", 1.0, 2), ("web01", 2.0, 2)]), (MACHINE, [("web02", 1.0, 1), ("web02", 2.0, 1)])]


def test_a_copy_stays_as_it_was_and_says_the_same() -> None:
    numbers = KeptNumbers()
    for at in range(1, 200):
        numbers.take(MACHINE, (cpu(float(at)), Measurement("disk", "web01", float(at), value=0.75)))
        numbers.take("balancer", (errors(float(at), 100, 1),))
    numbers.take(MACHINE, (cpu(200.0, None, problem="no route to host"),))
    for metric in ("cpu", "error_rate"):
        copy, known = numbers.copied(metric, 150.0), numbers.window(metric, 150.0, 300.0)
        assert copy.window(metric, 150.0, 300.0) == known
        assert copy.window(metric, 180.0, 190.0) == numbers.window(metric, 180.0, 190.0)
        numbers.take("balancer" if metric == "error_rate" else MACHINE, (errors(201.0, 5, 5) if metric == "error_rate" else cpu(201.0),))
        assert copy.window(metric, 150.0, 300.0) == known
        assert copy.metrics() == (metric,)
    assert numbers.copied("memory", 0.0).window("memory", 0.0, 300.0) == {}


def test_a_copy_of_a_long_time_has_the_minutes_before_what_is_kept_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_numbers, "HOUR", 120.0)
    numbers = KeptNumbers()
    for at in range(1, 1000):
        numbers.take(MACHINE, (cpu(float(at)),))
    known = numbers.window("cpu", 300.0, 1000.0)
    assert {one.seconds for one in known["web01"]} == {0.0, MINUTE}
    assert numbers.copied("cpu", 300.0).window("cpu", 300.0, 1000.0) == known


def test_a_copy_hands_out_each_look_however_many_there_are() -> None:
    numbers = KeptNumbers(at_once=100)
    for at in range(1, 400):
        numbers.take(MACHINE, (cpu(float(at)),))
    assert len(numbers.window("cpu", 0.0, 400.0)["web01"]) < 10
    assert len(numbers.copied("cpu", 0.0).window("cpu", 0.0, 400.0)["web01"]) == 399
