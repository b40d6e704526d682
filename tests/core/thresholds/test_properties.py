"""What holds whatever was measured: drawn windows of new and old hosts."""

from hypothesis import given
from hypothesis import strategies as st

from console.core.thresholds.threshold_verdict import judged, judged_since, reach_of
from console.model.measurements import Measurement
from console.model.thresholds import BothSides, Breached, Crossed, Inconclusive, Mean, Threshold, Unmeasured
from console.safe_text import SafeText
from tests.core.windows import ERRORS, NOW, view
from tests.examples import examples

RATES = st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0])
KINDS = st.sampled_from(["counted", "counted", "counted", "failed", "quiet", "missing"])
SECONDS = st.lists(st.tuples(KINDS, RATES, st.sampled_from([1, 5, 100])), min_size=1, max_size=60)
THRESHOLDS = st.builds(
    Threshold, st.just(ERRORS), above=st.sampled_from([None, 0.01, 0.2]), above_baseline=st.sampled_from([None, 0.0, 0.5]),
    above_old=st.sampled_from([None, 0.0, 0.5]), seconds=st.sampled_from([0.0, 5.0, 30.0]), min_requests=st.sampled_from([0, 50]),
).filter(lambda one: bool(one.bounds))  # fmt: skip


def written(host: str, drawn) -> list[Measurement]:
    """A measurement a second, up to now."""
    found = []
    for place, (kind, rate, requests) in enumerate(reversed(drawn)):
        at, bad = NOW - place, round(requests * rate)
        if kind == "counted":
            found.append(Measurement(ERRORS, host, at, 1.0, bad / requests, requests, bad))
        elif kind == "failed":
            found.append(Measurement(ERRORS, host, at, 1.0, problem=SafeText("refused")))
        elif kind == "quiet":
            found.append(Measurement(ERRORS, host, at, 1.0, None, 0, 0))
    return found


@examples(150)
@given(THRESHOLDS, SECONDS)
def test_two_sides_that_are_the_same_are_never_the_releases_fault(threshold: Threshold, drawn):
    found = judged(threshold, view(written("web01", drawn), written("web02", drawn)))
    assert not isinstance(found, Breached | Crossed)


@examples(100)
@given(THRESHOLDS, SECONDS, SECONDS)
def test_nothing_follows_from_a_window_without_measurements_of_new_hosts(threshold: Threshold, drawn, others):
    nothing = [("failed" if kind == "counted" else kind, rate, requests) for kind, rate, requests in drawn]
    found = judged(threshold, view(written("web01", nothing), written("web02", others)))
    assert isinstance(found, Inconclusive | Unmeasured)


@examples(100)
@given(THRESHOLDS, SECONDS, SECONDS)
def test_a_breach_says_what_it_judged(threshold: Threshold, new, old):
    found = judged(threshold, view(written("web01", new), written("web02", old), baseline={"web01": Mean(0.02, 300.0, 1000, 20)}))
    if isinstance(found, Breached | BothSides):
        assert found.value is not None
        assert found.limit is not None
        assert found.seconds >= threshold.seconds - 0.25
        assert found.hosts == ("web01",)
        assert found.requests
        assert found.requests >= threshold.min_requests
        assert found.bound in threshold.bounds
    if isinstance(found, Crossed):
        assert found.seconds < threshold.seconds
        assert NOW <= found.due <= NOW + threshold.seconds


@examples(100)
@given(SECONDS, st.integers(0, 59), st.integers(1, 20))
def test_a_gap_never_makes_a_breach_sooner(drawn, place: int, length: int):
    """Measurements that are taken out shorten a breach, and never lengthen it."""
    threshold = Threshold(ERRORS, above=0.01)
    whole = judged(threshold, view(written("web01", drawn), old=()))
    with_gap = [
        ("failed", rate, requests) if place <= number < place + length else (kind, rate, requests) for number, (kind, rate, requests) in enumerate(drawn)
    ]
    found = judged(threshold, view(written("web01", with_gap), old=()))
    if isinstance(found, Breached) and not isinstance(whole, Breached):
        good = [number for number, (kind, rate, requests) in enumerate(drawn) if kind == "counted" and not round(requests * rate)]
        assert any(place <= number < place + length for number in good)  # what was taken out had been good


@examples(100)
@given(SECONDS)
def test_a_good_release_is_never_breached(drawn):
    good = [(kind, 0.0, requests) for kind, _, requests in drawn]
    for threshold in (
        Threshold(ERRORS, above=0.01, seconds=0.0),
        Threshold(ERRORS, above_baseline=0.0, seconds=0.0),
        Threshold(ERRORS, above_old=0.0, seconds=0.0),
    ):
        found = judged(threshold, view(written("web01", good), written("web02", drawn), baseline={"web01": Mean(0.0, 300.0, 100, 0)}))
        assert not isinstance(found, Breached | Crossed | BothSides)


@examples(200)
@given(THRESHOLDS, SECONDS, SECONDS)
def test_to_look_through_the_last_part_first_changes_no_verdict(threshold: Threshold, new, old):
    seen = view(written("web01", new), written("web02", old), baseline={"web01": Mean(0.02, 300.0, 1000, 20)})
    assert judged(threshold, seen) == judged_since(threshold, seen, reach_of(threshold, seen.since, seen.now))
