"""When a run tells of a threshold."""

import pytest

from console.core.thresholds.changes import told
from console.model.events import ThresholdBreached, ThresholdCrossed, ThresholdJudged, ThresholdRecovered
from console.model.thresholds import (
    BadBefore,
    BothSides,
    Breached,
    Crossed,
    Inconclusive,
    Threshold,
    ThresholdState,
    Unmeasured,
    Within,
)

ONE = Threshold("error_rate", above=0.01)
J, C, B, R = ThresholdJudged, ThresholdCrossed, ThresholdBreached, ThresholdRecovered


def said(before, verdict, seconds: float = 60.0):
    known = {ONE.key: ThresholdState(ONE, before(), 100.0)} if before else {}
    return [type(event) for event in told(known, [(ONE, verdict())], 100.0, 100.0 + seconds)]


@pytest.mark.parametrize(
    ("before", "verdict", "events"),
    [
        (None, Within, [J]), (None, Crossed, [C]), (None, Breached, [B]), (None, BothSides, [B]), (None, Unmeasured, [J]), (None, BadBefore, [J]),
        (Within, Within, []), (Within, Crossed, [C]), (Within, Breached, [B]), (Within, BothSides, [B]), (Within, Unmeasured, [J]),
        (Within, Inconclusive, [J]), (Within, BadBefore, [J]),
        (Crossed, Crossed, []), (Crossed, Within, [R]), (Crossed, Breached, [B]), (Crossed, BothSides, [B]), (Crossed, Unmeasured, [J]),
        (Crossed, Inconclusive, [J]), (Crossed, BadBefore, [J]),
        (Breached, Breached, []), (Breached, Within, [R]), (Breached, BothSides, [B]), (Breached, Crossed, []), (Breached, Unmeasured, []),
        (Breached, Inconclusive, []), (Breached, BadBefore, [J]),
        (BothSides, BothSides, []), (BothSides, Within, [R]), (BothSides, Breached, [B]), (BothSides, Crossed, []), (BothSides, Unmeasured, []),
        (BothSides, Inconclusive, []),
        (Unmeasured, Within, [J]), (Unmeasured, Breached, [B]), (Unmeasured, Crossed, [C]), (Inconclusive, Within, [J]), (BadBefore, Within, [J]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_verdict_after_another(before, verdict, events):
    assert said(before, verdict) == events


@pytest.mark.parametrize(
    ("before", "verdict", "seconds", "is_said"),
    [
        (Within, Inconclusive, 9.9, False), (Within, Inconclusive, 10.0, True), (Inconclusive, Within, 9.9, False), (Unmeasured, Within, 9.9, False),
        (Within, Crossed, 0.1, True), (Crossed, Within, 0.1, True), (Crossed, Unmeasured, 0.1, True), (Inconclusive, Breached, 0.1, True),
        (Breached, Within, 0.1, True), (None, Inconclusive, 9.9, False), (None, Inconclusive, 10.0, True), (None, Unmeasured, 0.1, True), (None, Within, 0.1, True),
    ],
)  # fmt: skip
def test_verdicts_that_nothing_follows_from_are_told_of_now_and_then(before, verdict, seconds, is_said):
    assert bool(said(before, verdict, seconds)) is is_said


def test_each_threshold_is_told_of_by_itself():
    other = Threshold("error_rate", above=0.01, then="warn")
    known = {ONE.key: ThresholdState(ONE, Within(), 0.0), other.key: ThresholdState(other, Within(), 0.0)}
    (event,) = told(known, [(ONE, Within()), (other, Breached(value=0.3))], 0.0, 100.0)
    assert (event.threshold, event.verdict) == (other, Breached(value=0.3))  # type: ignore[attr-defined]


@pytest.mark.parametrize("then", ["propose", "warn"])
def test_where_nothing_goes_back_by_itself_a_breach_needs_no_countdown(then):
    one = Threshold("error_rate", above=0.01, then=then)
    (event,) = told({}, [(one, Breached(value=0.3))], 0.0, 100.0)
    assert isinstance(event, ThresholdBreached)


def test_a_breach_that_comes_all_at_once_has_a_short_countdown():
    one = Threshold("error_rate", above=0.01, then="rollback")
    (event,) = told({}, [(one, Breached(value=0.3, hosts=("web01",)))], 0.0, 100.0)
    assert isinstance(event, ThresholdCrossed)
    assert event.verdict == Crossed(value=0.3, hosts=("web01",), due=103.0)
    known = {one.key: ThresholdState(one, event.verdict, 100.0)}
    assert told(known, [(one, Breached(value=0.3))], 0.0, 102.9) == ()
    (event,) = told(known, [(one, Breached(value=0.3))], 0.0, 103.0)
    assert isinstance(event, ThresholdBreached)
    (event,) = told(known, [(one, Within())], 0.0, 102.0)
    assert isinstance(event, ThresholdRecovered)


def test_one_whose_countdown_was_shown_is_a_breach_when_that_is_over():
    one = Threshold("error_rate", above=0.01, then="rollback")
    known = {one.key: ThresholdState(one, Crossed(due=105.0), 95.0)}
    assert told(known, [(one, Breached())], 0.0, 104.5) == ()
    (event,) = told(known, [(one, Breached())], 0.0, 105.0)
    assert isinstance(event, ThresholdBreached)


def test_half_of_for_is_the_longest_countdown_and_no_time_has_none():
    short, none = (Threshold("error_rate", above=0.01, seconds=seconds, then="rollback") for seconds in (4.0, 0.0))
    (event,) = told({}, [(short, Breached())], 0.0, 100.0)
    assert event.verdict.due == 102.0  # type: ignore[attr-defined]
    (event,) = told({}, [(none, Breached())], 0.0, 100.0)
    assert isinstance(event, ThresholdBreached)


@pytest.mark.parametrize(("then", "kind"), [("rollback", ThresholdCrossed), ("propose", ThresholdBreached)])
def test_a_breach_on_both_sides_that_becomes_the_releases_own_is_told_at_once(then, kind: type):
    """Where hosts go back for it, there is a countdown first: while it was on both sides, none was shown."""
    one = Threshold("error_rate", above=0.01, then=then)
    known = {one.key: ThresholdState(one, BothSides(), 95.0)}
    (event,) = told(known, [(one, Breached())], 0.0, 100.0)
    assert isinstance(event, kind)
    assert told(known, [(one, Crossed(due=103.0))], 0.0, 100.0) == ()
    (event,) = told({one.key: ThresholdState(one, Crossed(due=103.0), 100.0)}, [(one, BothSides())], 0.0, 101.0)
    assert isinstance(event, ThresholdBreached)


def test_a_moment_within_the_limit_is_no_recovery_of_a_breach_while_the_whole_time_is_above_it():
    """With few requests the last seconds may be without an error by chance: other hosts would begin, and stop again."""
    for before in (Breached(), BothSides()):
        known = {ONE.key: ThresholdState(ONE, before, 100.0)}
        assert told(known, [(ONE, Within(value=0.02, limit=0.01))], 0.0, 200.0) == ()
        (event,) = told(known, [(ONE, Within(value=0.009, limit=0.01))], 0.0, 200.0)
        assert isinstance(event, ThresholdRecovered)
    counted_down = {ONE.key: ThresholdState(ONE, Crossed(), 100.0)}
    assert told(counted_down, [(ONE, Within(value=0.02, limit=0.01))], 0.0, 101.0)
