"""Whether what is live on a host is well: verified is said only where somebody verified it and nothing has spoken against it since."""

from itertools import product

import pytest

from console.core.health import is_healthy, said_last
from console.model.events import AnyEvent, HostFailed, StepFinished
from console.model.facts import HostFacts, HostRelease
from console.text import SafeText

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
