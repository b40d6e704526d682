"""Whether what is live on a host is well: verified is said only where somebody verified it and nothing has spoken against it since."""

from itertools import product

import pytest

from console.core.checks.health_at_rest import is_healthy
from console.model.events import AnyEvent, HostFailed, StepFinished
from console.model.host_facts import HostFacts, HostRelease
from console.safe_text import SafeText
from tests.core.newest_first import said_last

GATED = frozenset({"web01"})


def ended(step: str, status: str = "done", host: str = "web01", *, lost: bool = False) -> StepFinished:
    return StepFinished(step=step.replace("web01", host), host=host, status=status, lost=lost)  # type: ignore[arg-type]


def fell(condition: str) -> HostFailed:
    return HostFailed(host="web01", condition=condition, reason=SafeText("seen"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((ended("wave-1/web01/switch"), ended("wave-1/web01/restart"), ended("wave-1/web01/gate")), "passed"),
        ((ended("wave-1/web01/restart"), ended("wave-1/web01/gate", "failed")), "failed"),
        ((ended("wave-1/web01/gate", "failed"), ended("back/web01/switch"), ended("back/web01/restart"), ended("back/web01/gate")), "passed"),
        ((ended("wave-1/web01/gate", "failed"), ended("back/web01/restart", "failed")), "failed"),
        ((ended("wave-1/web01/restart"), ended("wave-1/web01/gate", "unknown", lost=True)), "unknown"),
        ((ended("wave-1/web01/gate"), ended("back/web01/switch", "unreachable", lost=True)), "unknown"),
        ((ended("wave-1/web01/gate"), fell("failed")), "failed"),
        ((ended("wave-1/web01/gate"), fell("unreachable")), "unknown"),
        ((ended("wave-1/web01/gate"), fell("unknown")), "unknown"),
        ((ended("wave-1/web01/gate"), ended("close/web01/prune")), "passed"),
        ((ended("wave-1/web01/gate"), ended("close/web01/prune", "failed")), "passed"),
        ((ended("wave-1/web01/gate"), ended("close/web01/prune", "failed", lost=True)), "unknown"),
        ((ended("wave-1/web01/switch"), ended("wave-1/web01/restart")), "unknown"),
        ((ended("wave-1/web01/switch"),), "unknown"),
        ((ended("prepare/web01/install", "failed"),), None),
        ((StepFinished(step="database/migrate", status="failed"),), None),
    ],
)  # fmt: skip
def test_what_a_run_says_last_of_a_host(events: tuple[AnyEvent, ...], said: str | None):
    assert said_last(events, GATED).get("web01") == said


def test_where_there_is_no_gate_the_restart_is_it():
    assert said_last((ended("wave-1/web01/restart", host="job01"),), GATED) == {"job01": "passed"}
    assert said_last((ended("wave-1/web01/restart", "failed", host="job01"),), GATED) == {"job01": "failed"}


def a_host(**fields: object) -> HostFacts:
    return HostFacts("web01", current="r1", releases=(HostRelease("r1", healthy=True),), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "healthy"),
    [
        (a_host(), True),
        (HostFacts("web01", problem=SafeText("no route"), problem_kind="unreachable"), None),
        (a_host(problem=SafeText("no route")), None),
        (HostFacts("web01"), None),
        (HostFacts("web01", current="r1", releases=(HostRelease("r1", healthy=True, whole=False),)), False),
        (a_host(current_broken=SafeText("current points nowhere")), False),
        (a_host(drift=SafeText("gone back by hand")), None),
    ],
)
def test_what_the_host_shows(fact: HostFacts, healthy: bool | None):
    assert is_healthy(fact, "passed", owed=False) is healthy
    assert is_healthy(fact, None, owed=False) is healthy


@pytest.mark.parametrize(("said", "healthy"), [("passed", True), ("failed", False), ("unknown", None), (None, None)])
def test_a_gate_speaks_for_a_release_that_the_host_itself_never_marked(said: str | None, healthy: bool | None):
    """After a roll back the host is on a release that another tool may have made: what its gate said is known all the same."""
    unmarked = HostFacts("web01", current="r1", releases=(HostRelease("r1"),))
    assert is_healthy(unmarked, said, owed=False) is healthy  # type: ignore[arg-type]


def test_verified_is_never_said_of_what_is_owed_broken_or_not_known():
    for said, owed, fact in product((None, "passed", "failed", "unknown"), (True, False), (a_host(), a_host(drift=SafeText("1 file differs")))):
        found = is_healthy(fact, said, owed=owed)  # type: ignore[arg-type]
        assert found is (False if said == "failed" else None if owed or fact.drift or said == "unknown" else True)


@pytest.mark.parametrize("kind", ["gate", "restart", "stop", "switch", "remove"])
def test_these_steps_of_a_host_say_how_it_is(kind: str):
    assert said_last((ended(f"wave-1/web01/{kind}", "failed"),), GATED) == {"web01": "failed"}


@pytest.mark.parametrize("kind", ["install", "fetch", "ship", "prune", "hook", "before host"])
def test_these_say_nothing_of_how_it_is(kind: str):
    assert said_last((ended(f"wave-1/web01/{kind}", "failed"),), GATED) == {}
    assert said_last((ended(f"wave-1/web01/{kind}", "failed", lost=True),), GATED) == {"web01": "unknown"}


ENDED = [
    ("gate", "done", False, "passed"), ("gate", "failed", False, "failed"), ("gate", "failed", True, "unknown"), ("gate", "unknown", False, "unknown"),
    ("gate", "cancelled", False, "unknown"), ("gate", "unreachable", False, "unknown"), ("gate", "done", True, "unknown"), ("restart", "done", False, "unknown"),
    ("restart", "failed", False, "failed"), ("restart", "cancelled", False, "unknown"), ("switch", "done", False, "unknown"), ("stop", "done", False, "unknown"),
    ("stop", "failed", False, "failed"), ("remove", "done", False, "unknown"), ("remove", "failed", True, "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "lost", "said"), ENDED)
def test_what_the_end_of_a_step_says(kind: str, status: str, lost: bool, said: str):
    assert said_last((ended(f"wave-1/web01/{kind}", status, lost=lost),), GATED) == {"web01": said}


@pytest.mark.parametrize(
    ("gated", "said"), [(frozenset(), "passed"), (frozenset({"web02"}), "passed"), (GATED, "unknown"), (frozenset({"web01", "web02"}), "unknown")]
)
def test_a_restart_speaks_only_where_no_gate_does(gated: frozenset[str], said: str):
    assert said_last((ended("wave-1/web01/restart"),), gated) == {"web01": said}


def test_what_is_lost_of_the_run_itself_says_nothing_of_a_host():
    assert said_last((StepFinished(step="verify/monitor", status="unknown", lost=True), ended("wave-1/web01/gate")), GATED) == {"web01": "passed"}


def test_each_host_has_its_own_last_word():
    events = (ended("wave-1/web01/gate"), ended("wave-1/web02/gate", "failed", "web02"), fell("unreachable"), ended("wave-2/web03/gate", host="web03"))
    assert said_last(events, GATED) == {"web01": "unknown", "web02": "failed", "web03": "passed"}


LIVE = a_host()
BARE = HostFacts("web01", current="r1", releases=(HostRelease("r1"),))
WELL = [
    ("verified and marked", LIVE, "passed", False, True),
    ("marked", LIVE, None, False, True),
    ("verified", BARE, "passed", False, True),
    ("neither", BARE, None, False, None),
    ("failed", LIVE, "failed", False, False),
    ("failed and owed", LIVE, "failed", True, False),
    ("not known", LIVE, "unknown", False, None),
    ("owed", LIVE, "passed", True, None),
    ("drifted", a_host(drift=SafeText("x")), "passed", False, None),
    ("a damaged release", HostFacts("web01", current="r1", releases=(HostRelease("r1", whole=False, healthy=True),)), "passed", False, False),
    ("a damaged release that is owed", HostFacts("web01", current="r1", releases=(HostRelease("r1", whole=False),)), "passed", True, False),
    ("a broken link", a_host(current_broken=SafeText("x")), None, False, False),
    ("a live release that is not on disk", HostFacts("web01", current="r9", releases=(HostRelease("r1", healthy=True),)), "passed", False, None),
    ("not reached", a_host(problem=SafeText("no route")), "failed", False, None),
    ("no release", HostFacts("web01"), "failed", False, None),
]


@pytest.mark.parametrize(("fact", "said", "owed", "healthy"), [pytest.param(*row[1:], id=row[0]) for row in WELL])
def test_what_is_live_is_well(fact: HostFacts, said: str | None, owed: bool, healthy: bool | None):
    assert is_healthy(fact, said, owed=owed) is healthy  # type: ignore[arg-type]
