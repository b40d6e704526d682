"""What is said of a threshold: in the plan, while it is above its limit, when it breaks, when it is over, and why nothing is concluded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.words.threshold_words import (
    amount,
    breach_words,
    brief,
    evidence_words,
    hosts_words,
    is_above,
    limit_words,
    metric_name,
    numbers_words,
    recovery_words,
    threshold_words,
    unclear_words,
    verdict_words,
)
from console.model.thresholds import BadBefore, BothSides, Breached, Crossed, Inconclusive, Judgement, Threshold, Unmeasured, Verdict, Within
from console.safe_text import SafeText

ERRORS = Threshold("error_rate", above=0.01, then="rollback")
QUEUE = Threshold("queue", above=100.0)
NUMBERS = {"value": 0.041, "limit": 0.01}
TOLD = "errors 4.10 %, limit 1.00 %"
FIVE = tuple(f"web{number:02}" for number in range(1, 6))


@pytest.mark.parametrize(("metric", "name"), [("error_rate", "errors"), ("latency", "latency"), ("cpu", "cpu"), ("queue", "queue")])
def test_errors_are_called_errors_and_other_metrics_by_their_own_name(metric: str, name: str):
    assert metric_name(metric) == name


AMOUNTS = [
    ("a value that is not known", "cpu", None, "?", "?"),
    ("a share in percent", "error_rate", 0.041, "4.10 %", "4.1 %"),
    ("a share of a machine", "cpu", 0.5, "50.0 %", "50 %"),
    ("how full memory is", "memory", 0.999, "99.9 %", "99.9 %"),
    ("how full a disk is", "disk", 0.9, "90.0 %", "90 %"),
    ("a small share is not called none", "error_rate", 0.00002, "0.0020 %", "0.002 %"),
    ("none is none", "error_rate", 0.0, "0.00 %", "0 %"),
    ("a duration as it is typed", "latency", 0.25, "250ms", "250ms"),
    ("a duration to the millisecond", "latency", 1.23456, "1s235ms", "1s235ms"),
    ("no duration", "latency", 0.0, "0s", "0s"),
    ("a number of its own in four digits", "queue", 1234.56, "1235", "1235"),
    ("a small number", "load", 0.123456, "0.1235", "0.1235"),
    ("a large one", "queue", 1234567.0, "1.235e+06", "1.235e+06"),
]


@pytest.mark.parametrize(("metric", "value", "whole", "short"), [pytest.param(*row[1:], id=row[0]) for row in AMOUNTS])
def test_a_value_has_its_unit(metric: str, value: float | None, whole: str, short: str):
    assert (amount(metric, value), brief(metric, value)) == (whole, short)


LIMITS = [
    ("a number", Threshold("error_rate", above=0.01), "above 1.00 %, for 30s"),
    ("nought is a limit", Threshold("error_rate", above=0.0), "above 0.00 %, for 30s"),
    ("against the time before", Threshold("latency", above_baseline=0.5), "50 % above the time before, for 30s"),
    ("against old hosts", Threshold("latency", above_old=0.25, seconds=90.0), "25 % above old hosts, for 1m30s"),
    ("no more than before is a limit", Threshold("latency", above_baseline=0.0), "0 % above the time before, for 30s"),
    ("a margin keeps its digits", Threshold("latency", above_old=0.125), "12.5 % above old hosts, for 30s"),
    ("twice as much and more", Threshold("latency", above_old=1.5), "150 % above old hosts, for 30s"),
    (
        "each limit is enough", Threshold("latency", above=0.3, above_baseline=0.5, above_old=1.0),
        "above 300ms, or 50 % above the time before, or 100 % above old hosts, for 30s",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("threshold", "words"), [pytest.param(*row[1:], id=row[0]) for row in LIMITS])
def test_limits_are_told_with_what_they_are_held_against(threshold: Threshold, words: str):
    assert limit_words(threshold) == words


WHOLE = [
    (ERRORS, "errors above 1.00 %, for 30s: rolled back by itself"),
    (Threshold("error_rate", above=0.01, min_requests=1), "errors above 1.00 %, for 30s, from 1 request on: proposed to be rolled back"),
    (Threshold("cpu", above=0.9, min_requests=100, then="warn"), "cpu above 90.0 %, for 30s, from 100 requests on: only shown"),
]


@pytest.mark.parametrize(("threshold", "words"), WHOLE)
def test_a_plan_says_what_follows_from_a_breach(threshold: Threshold, words: str):
    assert threshold_words(threshold) == words


JUDGED: list[tuple[str, Threshold, dict[str, object], str]] = [
    ("a value that is not known", ERRORS, {}, "errors ?"),
    ("a value alone", ERRORS, {"value": 0.041}, "errors 4.10 %"),
    ("with its limit", ERRORS, NUMBERS, TOLD),
    ("on hosts that are named elsewhere", ERRORS, {**NUMBERS, "hosts": ("web01",)}, "errors 4.10 % on new hosts, limit 1.00 %"),
    ("a limit from the time before", ERRORS, {**NUMBERS, "bound": "above_baseline"}, f"{TOLD} by the time before"),
    ("a limit from old hosts", ERRORS, {**NUMBERS, "bound": "above_old"}, f"{TOLD} by old hosts"),
    ("old hosts beside it", ERRORS, {**NUMBERS, "old": 0.001}, f"{TOLD}, old 0.10 %"),
    ("what was before", ERRORS, {**NUMBERS, "baseline": 0.002}, f"{TOLD}, before 0.20 %"),
    ("nought on old hosts is told", ERRORS, {**NUMBERS, "old": 0.0, "baseline": 0.0}, f"{TOLD}, old 0.00 %, before 0.00 %"),
    ("a limit of nought is told", ERRORS, {"value": 0.041, "limit": 0.0}, "errors 4.10 %, limit 0.00 %"),
    ("in the unit of the metric", QUEUE, {"value": 250.0, "limit": 100.0, "old": 20.0, "baseline": 10.0}, "queue 250, limit 100, old 20, before 10"),
]


@pytest.mark.parametrize(("threshold", "fields", "words"), [pytest.param(*row[1:], id=row[0]) for row in JUDGED])
def test_the_numbers_that_were_judged_are_told(threshold: Threshold, fields: dict[str, object], words: str):
    assert numbers_words(threshold, Within(**fields)) == words  # type: ignore[arg-type]


EVIDENCE: list[tuple[str, dict[str, object], str]] = [
    ("for how long", {"seconds": 30.0}, f"{TOLD}, for 30s"),
    ("in whole seconds", {"seconds": 30.4}, f"{TOLD}, for 30s"),
    ("half a second is none yet", {"seconds": 0.5}, f"{TOLD}, for 0s"),
    ("less than half a second is not told", {"seconds": 0.49}, TOLD),
    ("of how many requests", {"requests": 500}, f"{TOLD}, 500 requests"),
    ("one request", {"requests": 1}, f"{TOLD}, 1 request"),
    ("no request is told, unlike a metric without any", {"requests": 0}, f"{TOLD}, 0 requests"),
    ("on which hosts", {"hosts": ("web01", "web02")}, "errors 4.10 % on new hosts, limit 1.00 % (web01, web02)"),
    ("all of it", {"seconds": 61.0, "requests": 2, "hosts": ("web01",)}, "errors 4.10 % on new hosts, limit 1.00 %, for 1m1s, 2 requests (web01)"),
]


@pytest.mark.parametrize(("fields", "words"), [pytest.param(*row[1:], id=row[0]) for row in EVIDENCE])
def test_the_evidence_says_how_long_how_much_and_where(fields: dict[str, object], words: str):
    assert evidence_words(ERRORS, Within(**NUMBERS, **fields)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), ""), (("web01",), "web01"), (FIVE[:4], "web01, web02, web03, web04"), (FIVE, "web01, web02, web03, web04 and 1 more"),
        ((*FIVE, "web06", "web07"), "web01, web02, web03, web04 and 3 more"),
    ],
)  # fmt: skip
def test_four_hosts_are_named_and_the_rest_is_counted(names: tuple[str, ...], words: str):
    assert hosts_words(names) == words


SILENT = {"unmeasured": ("web02",), "problem": SafeText("no answer")}
MISSING = "; not measured: web02 (no answer)"
VERDICTS: list[tuple[str, Verdict, str]] = [
    ("within its limit", Within(value=0.002, limit=0.01), "within its limit: errors 0.20 %, limit 1.00 %"),
    ("at its limit", Within(value=0.01, limit=0.01), "within its limit: errors 1.00 %, limit 1.00 %"),
    ("above it, not for long", Within(**NUMBERS), f"above its limit, not for long enough to count: {TOLD}"),
    ("within it, of a value that is not known", Within(limit=0.01), "within its limit: errors ?, limit 1.00 %"),
    ("above it, a breach soon", Crossed(**NUMBERS), f"above its limit, a breach after 30s: {TOLD}"),
    ("above it for long", Breached(**NUMBERS), f"above its limit: {TOLD}"),
    ("above it on both sides", BothSides(**NUMBERS), f"above its limit on new and on old hosts, which may be an outage: {TOLD}"),
    ("above it before", BadBefore(**NUMBERS), f"above its limit, as before the release, which has not made it worse: {TOLD}"),
    ("not measured at all", Unmeasured(problem=SafeText("refused")), "errors could not be measured: refused"),
    ("not measured on a host", Unmeasured(**SILENT), f"errors could not be measured{MISSING}"),
    ("too few requests", Inconclusive(requests=3, needed=100), "errors cannot be judged: 3 requests to new hosts, 100 are needed"),
    ("another reason", Inconclusive(problem=SafeText("no host is old")), "errors cannot be judged: no host is old"),
    ("above it, and a host is silent", Breached(**NUMBERS, **SILENT), f"above its limit: {TOLD}{MISSING}"),
    ("above it soon, and a host is silent", Crossed(**NUMBERS, **SILENT), f"above its limit, a breach after 30s: {TOLD}{MISSING}"),
    (
        "both sides, and a host is silent",
        BothSides(**NUMBERS, **SILENT), f"above its limit on new and on old hosts, which may be an outage: {TOLD}{MISSING}",
    ),
    ("before too, and a host is silent", BadBefore(**NUMBERS, **SILENT), f"above its limit, as before the release, which has not made it worse: {TOLD}{MISSING}"),
    ("unclear, and a host is silent", Inconclusive(problem=SafeText("few"), unmeasured=("web02",)), "errors cannot be judged: few; not measured: web02 (few)"),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "words"), [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_each_verdict_is_one_sentence(verdict: Verdict, words: str):
    assert verdict_words(ERRORS, verdict) == words


@pytest.mark.parametrize(
    ("value", "limit", "above"),
    [(None, None, False), (None, 0.0, False), (1.0, None, False), (1.0, 1.0, False), (1.1, 1.0, True), (0.1, 0.0, True), (0.0, 0.1, False)],
)
def test_only_what_is_known_to_be_more_is_above(value: float | None, limit: float | None, above: bool):
    assert is_above(Within(value=value, limit=limit)) is above


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Within(value=0.002, limit=0.01), "not above its limit any more"),
        (Within(**NUMBERS), "within its limit lately; over 30s"),
        (Inconclusive(), "not above its limit any more"),
    ],
)
def test_a_breach_is_over_though_its_mean_may_still_be_high(verdict: Verdict, words: str):
    assert recovery_words(ERRORS, verdict).startswith(words)


UNCLEAR = [
    (Inconclusive(needed=100, requests=3), "3 requests to new hosts, 100 are needed"),
    (Inconclusive(needed=100, requests=1), "1 request to new hosts, 100 are needed"),
    (Inconclusive(needed=100), "0 requests to new hosts, 100 are needed"),
    (Inconclusive(problem=SafeText("it may be chance")), "it may be chance"),
]


@pytest.mark.parametrize(("verdict", "words"), UNCLEAR)
def test_why_nothing_is_concluded(verdict: Inconclusive, words: str):
    assert unclear_words(verdict) == words


def test_the_reason_of_a_way_back_says_where_an_outage_is_likelier():
    assert breach_words(ERRORS, Breached(**NUMBERS)) == TOLD
    assert breach_words(ERRORS, BothSides(**NUMBERS)) == f"{TOLD}; old hosts are above it as well, which may be an outage"


VALUES = st.none() | st.floats(0, 2)
KINDS = st.sampled_from([Within, Crossed, Breached, BothSides, BadBefore, Inconclusive, Unmeasured])


@given(KINDS, VALUES, VALUES, VALUES, st.lists(st.sampled_from(FIVE), max_size=5, unique=True))
def test_a_sentence_names_its_metric_and_no_value_of_the_code(
    kind: type[Judgement], value: float | None, limit: float | None, old: float | None, hosts: list[str]
):
    words = verdict_words(ERRORS, kind(value=value, limit=limit, old=old, hosts=tuple(hosts), unmeasured=("db01",)))  # type: ignore[arg-type]
    assert "error" in words
    assert not any(strange in words for strange in ("None", "nan", "error_rate", "above_", "  ", "'"))
    assert kind is Within or "not measured: db01" in words
