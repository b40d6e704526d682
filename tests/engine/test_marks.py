"""What stands beside a version: by the record of the required environment, and by the checks that judge a commit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.core.checks.configured import judges_commit
from console.engine.context import QueryContext
from console.engine.queries.version_badges import answer_ci, answer_verified
from console.model import events as ev
from console.model.checks import Finding
from console.model.configured_checks import CheckSpec
from console.model.host_commands import Command
from console.model.release_facts import Release, Revision
from console.model.request import Request
from console.model.secret import SecretRef
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import ADA, an_environment
from tests.recorded import record

COMMIT, OTHER, BUILT = "b" * 40, "c" * 40, "d" * 40
CI = CheckSpec("ci", "github", url="https://ci.example", repository="shop/shop")


@dataclass
class Asking:
    """Checks that say what a test wants, and count."""

    says: dict[str, Finding] = field(default_factory=dict)
    asked: list[tuple[str, str, float]] = field(default_factory=list)

    async def ask(self, environment: Any, check: CheckSpec, hosts: Any, values: dict[str, str]) -> tuple[tuple[str, Finding], ...]:
        self.asked.append((check.name, values["commit"], check.timeout))
        return (("", self.says.get(check.name, Finding("passed", SafeText("3 jobs passed")))),)


def a_fleet(journal: MemoryJournal | None = None, checks: tuple[CheckSpec, ...] = (), asking: Asking | None = None, **fields: Any) -> QueryContext:
    environment = changed(an_environment(3), name="production", checks=checks, **fields)
    clock = SetClock(datetime(2026, 11, 24, 12, tzinfo=UTC))
    outside: Any = SimpleNamespace(checks=asking or Asking())

    async def submit(*_: object) -> Any:
        raise AssertionError("nothing is said to a run")

    return QueryContext(environment, outside, clock, None, "", journal or MemoryJournal(), submit, digest="d1")


async def a_run(journal: MemoryJournal, run: str, commit: str, ended: str, *, tree: str = "", content: str = "", exit_code: int = 0, **request: Any) -> None:
    said: list[ev.Event] = [
        ev.RunOpened(
            run=run, kind="deploy", app="shop", environment="staging", protected=False, by=ADA, request=Request(**request), config_digest="", hosts=("web01",)
        ),
        ev.RevisionResolved(revision=Revision(commit, SafeText("v1"), tree=tree), release=Release("r", SafeText("v1"), commit), live=()),
        ev.RunEnded(outcome="succeeded" if exit_code == 0 else "failed", exit=exit_code),
    ]
    await record(journal, run, tuple(ev.stamped(event, number, ended, float(number), "boot") for number, event in enumerate(said, 1)))


async def test_without_a_required_environment_there_is_no_such_column():
    assert (await answer_verified(a_fleet(), {"trees": {COMMIT: ""}}, ADA)).environment == ""


async def test_what_was_verified_there_has_its_time_and_what_is_too_old_is_told_apart():
    journal = MemoryJournal()
    await a_run(journal, "r1", OTHER, "2026-11-20T12:00:00Z")
    await a_run(journal, "r2", COMMIT, "2026-11-24T10:00:00Z", tree="t1")
    await a_run(journal, "r3", BUILT, "2026-11-24T11:00:00Z", exit_code=5)
    fleet = a_fleet(journal, requires="staging", requires_within=86400.0)
    found = await answer_verified(fleet, {"trees": {COMMIT: "t1", OTHER: "t2", BUILT: "t3", "e" * 40: "t1"}}, ADA)
    assert (found.environment, found.at) == ("staging", {COMMIT: "2026-11-24T10:00:00Z", OTHER: "2026-11-20T12:00:00Z", "e" * 40: "2026-11-24T10:00:00Z"})
    assert found.late == (OTHER,)


async def test_a_part_of_the_fleet_verifies_nothing():
    journal = MemoryJournal()
    await a_run(journal, "r1", COMMIT, "2026-11-24T10:00:00Z", hosts="web01")
    assert (await answer_verified(a_fleet(journal, requires="staging"), {"trees": {COMMIT: ""}}, ADA)).at == {}


@pytest.mark.parametrize(("status", "seen"), [("passed", "3 jobs passed"), ("failed", "build failed"), ("waiting", "1 job goes on"), ("error", "HTTP 401")])
async def test_ci_says_one_of_four_things_and_is_asked_once_until_it_may_say_another(status: Any, seen: str):
    asking = Asking({"ci": Finding(status, SafeText(seen))})
    fleet = a_fleet(checks=(CI,), asking=asking)
    for _ in range(3):
        mark = await answer_ci(fleet, {"commit": COMMIT, "ref": "v1"}, ADA)
        assert (mark.status, mark.seen) == (status, f"ci: {seen}")
    assert asking.asked == [("ci", COMMIT, 8.0)]
    await fleet.clock.advance(mark.again + 1)  # type: ignore[attr-defined]
    await answer_ci(fleet, {"commit": COMMIT, "ref": "v1"}, ADA)
    assert len(asking.asked) == 2


async def test_the_worst_of_several_tells():
    asking = Asking({"lint": Finding("failed", SafeText("line 3"))})
    mark = await answer_ci(a_fleet(checks=(CI, changed(CI, name="lint")), asking=asking), {"commit": COMMIT}, ADA)
    assert (mark.status, mark.seen) == ("failed", "lint: line 3")


async def test_without_a_check_that_judges_a_commit_nothing_is_asked():
    asking = Asking()
    here = CheckSpec("port", "tcp", port=80)
    assert (await answer_ci(a_fleet(checks=(here,), asking=asking), {"commit": COMMIT}, ADA)).status == "none"
    assert asking.asked == []


async def test_github_without_a_token_is_left_to_the_pre_flight():
    asking = Asking()
    assert (await answer_ci(a_fleet(checks=(changed(CI, url=""),), asking=asking), {"commit": COMMIT}, ADA)).status == "unasked"
    assert (await answer_ci(a_fleet(checks=(changed(CI, url="", token=SecretRef("env", "T")),), asking=asking), {"commit": COMMIT}, ADA)).status == "passed"
    assert len(asking.asked) == 1


@pytest.mark.parametrize(
    ("spec", "judges"),
    [
        (CheckSpec("a", "gitlab"), True),
        (CheckSpec("a", "http", url="https://ci/{commit}"), True),
        (CheckSpec("a", "http", url="https://ci/"), False),
        (CheckSpec("a", "command", command=Command("ci-green {commit}")), True),
        (CheckSpec("a", "command", command=Command("see {commit} {release}")), False),
        (CheckSpec("a", "http", url="https://x/{commit}", on="host"), False),
        (CheckSpec("a", "manual", prompt="{commit}"), False),
    ],
)
def test_which_checks_judge_a_commit_alone(spec: CheckSpec, judges: bool):
    assert judges_commit(spec) is judges
