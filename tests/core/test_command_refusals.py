"""What may be said to a run now: a row for each rule, with the words and what to type instead; and properties of runs of every kind."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.kinds.kind_table import KINDS as KINDS_OF_RUN
from console.core.run.accept import accept
from console.core.run.command_refusals import lacks_reason, left_live, may
from console.model import commands as cmd
from console.model import events as ev
from console.model.checks import Check
from console.model.commands import Refusal
from console.model.plan import Plan, ReturnTarget
from console.model.request import Person, Request, RunKind
from console.model.state import HostCondition, HostState, RunPhase, RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import ADA, LIN, a_check, a_host_in, a_state, a_step, an_act, ended, hosts_of, paused
from tests.core.drawn import KINDS, draw_run, everything_said
from tests.core.plans import a_run, failing, run_of, until_runs
from tests.core.simulation import Simulation, an_environment
from tests.examples import examples

OPEN = {"go": None, "changed": False}
MANUAL = Check("Support", SafeText("Support"), "waiting", kind="manual")
GO = cmd.Decide(go=True, typed="production")
SKIP, RETRY = cmd.Skip(host="web01"), cmd.Retry(host="web01")
FORGIVE = cmd.Forgive(host="web01", reason=SafeText("gone"))
WAY = (ReturnTarget("web01", "r0"),)
NO_WAY = (ReturnTarget("web01", possible=False, reason=SafeText("damaged")),)
GONE_AT = "lin was first and {} at 03:04:05 UTC"


def deciding(**fields: object) -> RunState:
    return a_state("old", phase="deciding", **{**OPEN, **fields})


def running(*conditions: str, **fields: object) -> RunState:
    return a_state(*(conditions or ("updating",)), phase="running", **fields)


def one_host(host: HostState, **fields: object) -> RunState:
    return a_state(phase="running", **{"hosts": hosts_of(host), **fields})


def acted(subject: str, words: str, **fields: object) -> dict[str, object]:
    return {"acts": {subject: an_act(words, **fields)}}  # type: ignore[arg-type]


GATE = a_step("wave-1/web01/gate", "gate", "release", "web01")


def with_lane(host: HostState, **fields: object) -> RunState:
    """A host that has a step in the run, which failed on it."""
    failed = changed(host, steps={GATE.name: ended("failed")})
    return a_state(**{"phase": "running", "hosts": hosts_of(failed), "lanes": {"web01": (GATE,)}, "index": {GATE.name: GATE}, **fields})


def two_failed(**fields: object) -> RunState:
    hosts = (changed(a_host_in("failed", name, failed_once=True), steps={GATE.name: ended("failed")}) for name in ("web01", "web02"))
    return with_lane(a_host_in("failed"), hosts=hosts_of(*hosts), **fields)


def in_the_window(status: str, close: str = "pending") -> RunState:
    monitor, prune = a_step("verify/monitor", "monitor", "verify"), a_step("close/web02/prune", "prune", "close", "web02")
    new = a_host_in("new", "web02", steps={prune.name: ended(close)})
    return with_lane(
        a_host_in("failed"), hosts=hosts_of(changed(a_host_in("failed"), steps={GATE.name: ended("failed")}), new), steps={monitor.name: ended(status, tolerated=status == "failed")},
        index={step.name: step for step in (GATE, monitor, prune)}, lanes={"web01": (GATE,), "web02": (prune,)},
    )  # fmt: skip


def still_ends() -> RunState:
    """A skipped host whose step is being ended."""
    host = changed(a_host_in("skipped", skipped=True), steps={GATE.name: ended("running")})
    return with_lane(host, hosts=hosts_of(host))


ALLOWED = [
    ("GO while it is being decided", deciding(), GO),
    ("no-go while it is being decided", deciding(), cmd.Decide(go=False)),
    ("no-go on failed checks", deciding(checks=(a_check("failed"),)), cmd.Decide(go=False)),
    ("GO with a warning", deciding(checks=(a_check("warning"),)), GO),
    ("GO with an overridden check", deciding(checks=(a_check("overridden"),)), GO),
    ("GO with a failed check that blocks nothing", deciding(checks=(a_check("failed", blocking=False),)), GO),
    ("GO on the plan that was shown", deciding(plan=Plan("rolling", (), (), "abc")), cmd.Decide(go=True, digest="abc")),
    ("GO on whatever plan there is", deciding(plan=Plan("rolling", (), (), "abc")), cmd.Decide(go=True)),
    ("GO on a digest where there is no plan", deciding(), cmd.Decide(go=True, digest="abc")),
    ("GO without a name where nothing is protected", deciding(), cmd.Decide(go=True)),
    ("GO with the name where it is protected", deciding(protected=True), GO),
    ("GO without the name that was given already", deciding(protected=True, request=Request(yes=True)), cmd.Decide(go=True)),
    ("no-go without a name", deciding(protected=True), cmd.Decide(go=False)),
    ("GO by who has seen the last event", deciding(seq=7), cmd.Decide(go=True, expects=7)),
    ("a tick", deciding(checks=(MANUAL,)), cmd.Acknowledge(check="Support")),
    ("a tick during the pre-flight", a_state("old", **OPEN), cmd.Acknowledge(check="Support")),
    ("a pause", running(), cmd.Pause()),
    ("the end of a pause", running(pausing=paused()), cmd.Continue()),
    ("an abort before GO", deciding(), cmd.Abort()),
    ("an abort before GO by who had seen something older", deciding(seq=9), cmd.Abort(expects=3)),
    ("an abort", running(), cmd.Abort()),
    ("a roll back", running("new", way_back=WAY), cmd.RollBack()),
    ("a roll back where one of two has nothing to go back to", running("new", "new", way_back=(*NO_WAY, ReturnTarget("web02", "r0"))), cmd.RollBack()),
    (
        "a roll back where only an untouched host has nothing to go back to",
        running("new", "old", way_back=(WAY[0], ReturnTarget("web02", possible=False))),
        cmd.RollBack(),
    ),
    ("a roll back while the shared record is away", running("new", way_back=WAY, unshared=SafeText("it is away")), cmd.RollBack()),
    ("a roll back while it is paused", running("new", way_back=WAY, pausing=paused()), cmd.RollBack()),
    ("a skip of a host that was not begun", running("old"), SKIP),
    ("a skip of a host that is being updated", running("updating"), SKIP),
    ("a skip of a host that failed", running("failed"), SKIP),
    ("a skip of a host that is new and has an old release", one_host(a_host_in("new", before="r0"), way_back=WAY), SKIP),
    *((f"a retry of a host that is {condition}", with_lane(a_host_in(condition)), RETRY) for condition in ("failed", "unknown", "unreachable", "skipped")),
    ("a retry of a host that failed and is back", with_lane(a_host_in("back", failed_once=True)), RETRY),
    ("a retry of a host that failed, by which the run does not stop", with_lane(a_host_in("failed", failed_once=True), on_failure="stop"), RETRY),
    ("a retry of one of two while a person is asked", two_failed(pausing=paused(cause="failure")), RETRY),
    ("a retry in the window", in_the_window("running"), RETRY),
    ("a retry ahead of the window", in_the_window("pending"), RETRY),
    ("a note", a_state(phase="ended"), cmd.Note(text=SafeText("seen"))),
    ("a note in an exec", a_state(kind="exec"), cmd.Note(text=SafeText("seen"))),
    ("the helm for somebody else", running(by=ADA), cmd.TakeHelm()),
    ("forgiving what is owed", a_state("owed", phase="ended"), FORGIVE),
    ("a pause by who has seen the last one", running(**acted("pause", "paused", seq=5)), cmd.Pause(expects=5)),
    ("a pause by who says nothing of what was seen", running(**acted("pause", "paused", seq=5)), cmd.Pause()),
    ("a skip after an act on another host", running("old", **acted("host web02", "skipped web02", seq=5)), cmd.Skip(host="web01", expects=2)),
    ("a roll back never waits for who was first", running("new", way_back=WAY, **acted("end", "aborted", seq=5)), cmd.RollBack(expects=1)),
]


@pytest.mark.parametrize(("state", "command"), [pytest.param(state, command, id=name) for name, state, command in ALLOWED])
def test_it_may_be_said(state: RunState, command: cmd.AnyCommand):
    assert may(command, state, LIN) is None
    assert may(command, state) is None


REFUSED = [
    ("a run that has ended", a_state(phase="ended", outcome="succeeded"), cmd.Pause(), "run r1 has ended: succeeded", "deploy report r1"),
    ("a roll back after the end", a_state(phase="ended", outcome="succeeded"), cmd.RollBack(), "run r1 has ended: succeeded", "deploy rollback production"),
    ("an exec", a_state(kind="exec"), cmd.Abort(), "an exec ends with the console that runs it, and takes no command", "ctrl+c there"),
    ("GO on something older", deciding(seq=9), cmd.Decide(go=True, expects=8), "the run has changed since that was on the screen", "deploy attach r1"),
    (
        "GO on something that is still to come",
        deciding(seq=9),
        cmd.Decide(go=True, expects=10),
        "the run has changed since that was on the screen",
        "deploy attach r1",
    ),
    ("GO after GO", running(), GO, "there is nothing to decide now", "deploy attach r1"),
    ("GO in the pre-flight", a_state("old", **OPEN), GO, "there is nothing to decide now", "deploy attach r1"),
    (
        "GO after somebody's",
        deciding(go=True, **acted("go", "said GO")),
        GO,
        f"there is nothing to decide now: {GONE_AT.format('said GO')}",
        "deploy attach r1",
    ),
    (
        "GO after an act without a time",
        deciding(go=True, **acted("go", "said GO", at="")),
        GO,
        "there is nothing to decide now: lin was first and said GO",
        "deploy attach r1",
    ),
    ("no-go after GO", running(), cmd.Decide(go=False), "there is nothing to decide now", "deploy attach r1"),
    ("GO on a failed check", deciding(checks=(a_check("failed", detail="full"),)), GO, "GO is refused: Room: full", "deploy check production"),
    (
        "GO on two checks that block",
        deciding(checks=(a_check("failed", detail="full"), a_check("passed"), a_check("error", "clock", "Clock", "not read"))),
        GO,
        "GO is refused: Room: full; Clock: not read",
        "deploy check production",
    ),
    ("GO on an unanswered check", deciding(checks=(MANUAL,)), GO, "GO is refused: Support: ", "deploy check production"),
    (
        "GO for a restart on a failed check",
        deciding(kind="restart", checks=(a_check("failed", detail="full"),)),
        GO,
        "GO is refused: Room: full",
        "deploy status production",
    ),
    (
        "GO on another plan",
        deciding(plan=Plan("rolling", (), (), "abc")),
        cmd.Decide(go=True, digest="abd"),
        "the plan is not the one that was shown",
        "deploy attach r1",
    ),
    (
        "GO without the name of a protected environment",
        deciding(protected=True),
        cmd.Decide(go=True),
        "production is protected: its name has to be typed",
        "type production",
    ),
    (
        "GO with half of the name",
        deciding(protected=True),
        cmd.Decide(go=True, typed="prod"),
        "production is protected: its name has to be typed",
        "type production",
    ),
    (
        "GO with the name in capitals",
        deciding(protected=True),
        cmd.Decide(go=True, typed="PRODUCTION"),
        "production is protected: its name has to be typed",
        "type production",
    ),
    ("a tick after GO", running(), cmd.Acknowledge(check="Support"), "there is nothing to tick off now", "deploy attach r1"),
    ("a tick after a no-go", deciding(go=False), cmd.Acknowledge(check="Support"), "there is nothing to tick off now", "deploy attach r1"),
    ("a tick in a restart", deciding(kind="restart"), cmd.Acknowledge(check="Support"), "there is nothing to tick off now", "deploy attach r1"),
    (
        "a tick after somebody's GO",
        running(**acted("go", "said GO")),
        cmd.Acknowledge(check="Support"),
        f"there is nothing to tick off now: {GONE_AT.format('said GO')}",
        "deploy attach r1",
    ),
    ("a second tick", deciding(checks=(a_check("passed", "Support", by="lin"),)), cmd.Acknowledge(check="Support"), "Support is ticked off already", ""),
    (
        "a second tick, told who was first",
        deciding(checks=(a_check("passed", "Support", by="lin"),), **acted("check Support", "ticked Support off")),
        cmd.Acknowledge(check="Support"),
        f"Support is ticked off already: {GONE_AT.format('ticked Support off')}",
        "",
    ),
    (
        "a tick of a check that failed",
        deciding(checks=(a_check("failed", "Support", kind="manual"),)),
        cmd.Acknowledge(check="Support"),
        "Support waits for no tick: it is failed",
        "",
    ),
    (
        "a tick of a check that asks nobody",
        deciding(checks=(a_check("waiting", "CI", kind="github"),)),
        cmd.Acknowledge(check="CI"),
        "CI waits for no tick: it is waiting",
        "",
    ),
    ("a pause of a rollback run", running(kind="rollback"), cmd.Pause(), "a rollback cannot be paused", ""),
    ("a pause of hosts that go back", a_state("returning", phase="rolling-back"), cmd.Pause(), "a rollback cannot be paused", ""),
    ("a pause before GO", deciding(), cmd.Pause(), "nothing runs yet that could be paused", "deploy abort"),
    ("a second pause", running(pausing=paused("paused by lin")), cmd.Pause(), "paused already: paused by lin", "deploy continue r1"),
    ("a pause while it is being aborted", running(aborting="leave"), cmd.Pause(), "the run is being aborted", ""),
    (
        "a pause meant for an earlier one",
        running(**acted("pause", "paused it", seq=6)),
        cmd.Pause(expects=5),
        f"{GONE_AT.format('paused it')}: the run has gone on since you looked",
        "deploy attach r1",
    ),
    (
        "a skip meant for an earlier state of the host",
        running("old", **acted("host web01", "tried web01 again", seq=6)),
        cmd.Skip(host="web01", expects=5),
        f"{GONE_AT.format('tried web01 again')}: the run has gone on since you looked",
        "deploy attach r1",
    ),
    *(
        (
            f"{type(command).__name__} while the shared record is away",
            state,
            command,
            "nothing new starts before the shared record answers again: it is away",
            "deploy rollback production",
        )
        for command, state in (
            (cmd.Continue(), running(unshared=SafeText("it is away"), pausing=paused("it is away"))),
            (cmd.Continue(), running(unshared=SafeText("it is away"))),
        )
    ),
    ("the end of no pause", running(), cmd.Continue(), "it is not paused", ""),
    (
        "the end of a pause that a promotion ended",
        running(**acted("promotion", "promoted it")),
        cmd.Continue(),
        f"it is not paused: {GONE_AT.format('promoted it')}",
        "",
    ),
    ("the end of a pause that somebody ended", running(**acted("pause", "went on")), cmd.Continue(), f"it is not paused: {GONE_AT.format('went on')}", ""),
    ("an abort after a no-go", deciding(go=False), cmd.Abort(), "the run ends without a GO", ""),
    (
        "an abort after somebody's no-go",
        deciding(go=False, **acted("go", "said no-go")),
        cmd.Abort(),
        f"the run ends without a GO: {GONE_AT.format('said no-go')}",
        "",
    ),
    ("an abort that crosses a GO", running(seq=9), cmd.Abort(expects=8), "GO was given meanwhile: the run goes on; abort ends it all the same", "deploy abort"),
    ("an abort of a rollback run", running(kind="rollback"), cmd.Abort(), "a rollback cannot be aborted", ""),
    ("an abort of hosts that go back", a_state("returning", phase="rolling-back"), cmd.Abort(), "a rollback cannot be aborted", ""),
    ("a second abort", running(aborting="leave"), cmd.Abort(), "the run is being aborted already", ""),
    (
        "a second abort, told who was first",
        running(aborting="back", **acted("end", "aborted it")),
        cmd.Abort(),
        f"the run is being aborted already: {GONE_AT.format('aborted it')}",
        "",
    ),
    ("a roll back of a rollback", running(kind="rollback"), cmd.RollBack(), "the rollback is under way", ""),
    (
        "a second roll back",
        a_state("returning", phase="rolling-back", **acted("end", "rolled back")),
        cmd.RollBack(),
        f"the rollback is under way: {GONE_AT.format('rolled back')}",
        "",
    ),
    (
        "a roll back of a restart",
        running(kind="restart"),
        cmd.RollBack(),
        "a restart changes no release, so there is none to go back to",
        "deploy abort --leave",
    ),
    ("a roll back of a restore", running(kind="restore"), cmd.RollBack(), "a restore changes no host, and nothing takes it back", "deploy abort"),
    (
        "a roll back of a catch-up",
        running(kind="catch-up"),
        cmd.RollBack(),
        "an owed host is brought up to date, and never to an older state",
        "deploy attach",
    ),
    (
        "a roll back before anything was changed",
        running("old", changed=False),
        cmd.RollBack(),
        "no host has been changed yet, so there is nothing to roll back",
        "deploy abort",
    ),
    ("a roll back to nothing", running("new", way_back=NO_WAY), cmd.RollBack(), "no host has a release to go back to: web01: damaged", "deploy abort --leave"),
    ("a skip of a stranger", running("old", "old"), cmd.Skip(host="web09"), "web09 is no host of this run", "hosts: web01, web02"),
    ("a skip before GO", deciding(), SKIP, "a host can be skipped or rolled back only while a release is running", ""),
    ("a skip while hosts go back", a_state("old", phase="rolling-back"), SKIP, "a host can be skipped or rolled back only while a release is running", ""),
    ("a skip in a restart", running("old", kind="restart"), SKIP, "a host can be skipped or rolled back only while a release is running", ""),
    *(
        (f"a skip of a host that is {condition}", running(condition), SKIP, f"web01 is {condition}: there is nothing to skip", "")
        for condition in ("returning", "back", "skipped", "left-out", "owed")
    ),
    (
        "a second skip",
        running("skipped", **acted("host web01", "skipped web01")),
        SKIP,
        f"web01 is skipped: there is nothing to skip: {GONE_AT.format('skipped web01')}",
        "",
    ),
    (
        "a skip of a new host while it is being aborted",
        one_host(a_host_in("new", before="r0"), way_back=WAY, aborting="leave"),
        SKIP,
        "the run is being aborted: every host goes back, or all stays as it is",
        "",
    ),
    (
        "a skip of a new host that nothing is known of",
        one_host(a_host_in("new", before="r0")),
        SKIP,
        "web01 has no release to go back to",
        "deploy abort --leave",
    ),
    (
        "a skip of a new host without a way back",
        one_host(a_host_in("new", before="r0"), way_back=NO_WAY),
        SKIP,
        "web01 has no release to go back to: damaged",
        "deploy abort --leave",
    ),
    (
        "a skip of a host's first release",
        one_host(a_host_in("new"), way_back=WAY),
        SKIP,
        "web01 had no release before this one: it can only go back together with the whole run",
        "deploy rollback",
    ),
    ("a retry of a stranger", running("failed"), cmd.Retry(host="web09"), "web09 is no host of this run", "hosts: web01"),
    ("a retry before GO", deciding(), RETRY, "there is no run in which the host could be tried again", ""),
    ("a retry while locks are taken", a_state("failed", phase="locking"), RETRY, "there is no run in which the host could be tried again", ""),
    ("a retry of a host that is being updated", running("updating"), RETRY, "web01 is still being updated: wait for its end", ""),
    (
        "a second retry",
        running("updating", **acted("host web01", "tried web01 again")),
        RETRY,
        f"web01 is still being updated: wait for its end: {GONE_AT.format('tried web01 again')}",
        "",
    ),
    ("a retry of a host that is being taken back", running("returning"), RETRY, "web01 is still being taken back: wait for its end", ""),
    *(
        (f"a retry of a host that is {condition}", running(condition), RETRY, f"web01 is {condition}: there is nothing to try again", "")
        for condition in ("old", "new", "back", "left-out", "owed")
    ),
    ("a retry of a host that failed and is new", one_host(a_host_in("new", failed_once=True)), RETRY, "web01 is new: there is nothing to try again", ""),
    (
        "a retry of what somebody has dealt with",
        running("back", **acted("host web01", "skipped web01")),
        RETRY,
        f"web01 is back: there is nothing to try again: {GONE_AT.format('skipped web01')}",
        "",
    ),
    (
        "a retry of a host that failed forward, while the others go back",
        a_state("failed", phase="rolling-back"),
        RETRY,
        "web01 is failed: there is nothing to try again",
        "",
    ),
    (
        "a retry of a host that failed and is back, while the others go back",
        a_state(hosts=hosts_of(a_host_in("back", failed_once=True)), phase="rolling-back"),
        RETRY,
        "web01 is back: there is nothing to try again",
        "",
    ),
    (
        "a retry of a host that was not reached before the start",
        running("unreachable"),
        RETRY,
        "web01 was not reached before the run began, and has no steps in it: a later run takes it",
        "",
    ),
    *(
        (f"a retry while it is being aborted ({how})", with_lane(a_host_in("failed"), aborting=how), RETRY, "the run is being aborted: nothing new starts", "")
        for how in ("back", "leave")
    ),
    (
        "a retry while the shared record is away",
        with_lane(a_host_in("failed"), unshared=SafeText("it is away")),
        RETRY,
        "nothing new starts before the shared record answers again: it is away",
        "deploy rollback production",
    ),
    ("a retry while a step of the host is being ended", still_ends(), RETRY, "wave-1/web01/gate has not ended yet: wait for its end", ""),
    *(
        (
            f"a retry {when}",
            state,
            RETRY,
            "the release is verified, and web01 would take it with nobody watching: the next run takes it",
            "deploy attach r1",
        )
        for when, state in (
            ("behind the window", in_the_window("done")),
            ("behind a window that failed", in_the_window("failed")),
            ("while the run tidies up", in_the_window("pending", close="running")),
        )
    ),
    (
        "a retry of one of two that stop the run",
        two_failed(on_failure="stop"),
        RETRY,
        "the run ends as it is: 2 failed, 0 allowed: web01 (failed), web02 (failed)",
        "deploy attach r1",
    ),
    ("the helm for who has it", running(by=LIN), cmd.TakeHelm(), "you have the helm already", ""),
    ("the helm for who took it", running(by=ADA, helm=LIN), cmd.TakeHelm(), "you have the helm already", ""),
    ("forgiving a host that is new", a_state("new", phase="ended"), FORGIVE, "run r1 owes web01 nothing", ""),
    ("forgiving a stranger", a_state(phase="ended"), FORGIVE, "run r1 owes web01 nothing", ""),
]


@pytest.mark.parametrize(("state", "command", "message", "hint"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_it_is_refused_with_the_reason_and_what_to_type(state: RunState, command: cmd.AnyCommand, message: str, hint: str):
    assert may(command, state, LIN) == Refusal(SafeText(message), SafeText(hint), ended=state.phase == "ended" and not isinstance(command, cmd.Forgive))


def test_only_twelve_hosts_are_named_to_who_mistyped_one():
    refusal = may(cmd.Skip(host="web99"), running(*["old"] * 20))
    assert refusal is not None
    assert refusal.hint == "hosts: " + ", ".join(f"web{number:02}" for number in range(1, 13))


def test_nobody_in_particular_may_take_the_helm():
    assert may(cmd.TakeHelm(), running(by=LIN), None) is None


def a_lane(phase: str, status: str) -> dict[str, object]:
    step = a_step("x/web01/gate", "gate", phase, "web01")
    return {"hosts": hosts_of(a_host_in("failed", steps={step.name: ended(status)})), "lanes": {"web01": (step,)}}


@pytest.mark.parametrize("status", ["failed", "unknown", "cancelled", "unreachable"])
@pytest.mark.parametrize("going_back", [{"phase": "rolling-back"}, {"phase": "running", "kind": "rollback"}], ids=["its own rollback", "a rollback run"])
def test_a_host_that_stopped_on_its_way_back_is_tried_again(going_back: dict[str, object], status: str):
    assert may(RETRY, a_state(**a_lane("rollback", status), **going_back)) is None


@pytest.mark.parametrize(("phase", "status"), [("rollback", "done"), ("rollback", "pending"), ("rollback", "running"), ("release", "failed")])
def test_a_host_that_did_not_stop_on_its_way_back_is_not(phase: str, status: str):
    assert may(RETRY, a_state(**a_lane(phase, status), phase="rolling-back")) is not None


@pytest.mark.parametrize("name", ["ada", "ops: ada"])
@pytest.mark.parametrize("why", ["", "errors", "5xx: shop"])
def test_who_rolls_back_is_asked_for_a_reason_where_none_was_given_whatever_they_are_called(name: str, why: str):
    run = until_runs(a_run(2), "wave-1/web01/gate")
    run.record(*accepted(run, cmd.RollBack(reason=SafeText(why)), Person(name, 1000)))
    assert lacks_reason(run.state) == (not why)
    assert run.state.back_why == why
    run.record(*accepted(run, cmd.Note(text=SafeText("more"), about="rollback"), LIN))
    assert (lacks_reason(run.state), run.state.back_why) == (False, "more")


def test_what_goes_back_by_itself_asks_nobody_for_a_reason():
    run = a_run(2, failing("web01"))
    run.run()
    assert run.state.back is not None
    assert not lacks_reason(run.state)


def accepted(run: Simulation, command: cmd.AnyCommand, by: Person) -> tuple[ev.Event, ...]:
    answer = accept(run.environment, command, run.state, by)
    assert not isinstance(answer, Refusal)
    return answer


@pytest.mark.parametrize("ended", [False, True])
def test_a_promotion_of_before_ends_no_pause_that_somebody_made_since(ended: bool):
    run = until_runs(run_of(changed(an_environment(3), monitor=600.0)), "verify/monitor")
    seen = run.state.seq
    run.record(*accepted(run, cmd.Pause(expects=seen), LIN))
    if ended:
        run.record(*accepted(run, cmd.Continue(), LIN))
    refusal = may(cmd.Promote(expects=seen), run.state, ADA)
    assert refusal is not None
    assert refusal.message.startswith(f"lin was first and {'continued' if ended else 'paused'} it")
    assert may(cmd.Promote(expects=run.state.seq), run.state, ADA) is None
    assert may(cmd.Promote(), run.state, ADA) is None


EXITS = {0: True, 5: True, 8: True, None: False, 1: False, 3: False, 4: False, 6: False, 130: False}


@pytest.mark.parametrize("code", EXITS)
def test_a_run_that_left_its_release_live_can_be_undone(code: int | None):
    assert left_live(a_state(hosts=hosts_of(a_host_in("new", before="r0")), exit=code)) is EXITS[code]


@pytest.mark.parametrize("kind", sorted(name for name, kind in KINDS_OF_RUN.items() if not kind.returns))
def test_what_changed_no_release_is_not_undone(kind: RunKind):
    assert not left_live(a_state(kind=kind, hosts=hosts_of(a_host_in("new", before="r0")), exit=0))


def test_a_first_release_is_not_undone_but_one_after_another_somewhere_is():
    first, later = a_host_in("new", "web01"), a_host_in("new", "web02", before="r0")
    assert not left_live(a_state(hosts=hosts_of(first), exit=0))
    assert left_live(a_state(hosts=hosts_of(first, later), exit=0))


states = st.builds(
    lambda condition, **fields: a_state(**{"hosts": hosts_of(a_host_in(condition, before="r0")), "way_back": WAY, **fields}),
    st.sampled_from(get_args(HostCondition)),
    phase=st.sampled_from(get_args(RunPhase)),
    kind=st.sampled_from(get_args(RunKind)),
    go=st.sampled_from([None, True, False]),
    changed=st.booleans(),
    aborting=st.sampled_from(["", "back", "leave"]),
    pausing=st.sampled_from([None, paused()]),
    protected=st.booleans(),
    checks=st.sampled_from([(), (MANUAL,), (a_check("failed"),)]),
)


@given(states, st.sampled_from([None, ADA, LIN]))
def test_an_ended_run_takes_notes_and_forgives_and_nothing_else(state: RunState, by: Person | None):
    for command in (*everything_said(state), FORGIVE):
        refusal = may(command, state, by)
        if state.phase == "ended" and not isinstance(command, cmd.Note | cmd.Forgive):
            assert refusal is not None
            assert refusal.ended
        elif refusal is not None:
            assert not refusal.ended


@given(states)
def test_what_goes_back_is_neither_paused_nor_aborted_nor_rolled_back_again(state: RunState):
    if state.go and (state.phase == "rolling-back" or (state.kind == "rollback" and state.phase == "running")):
        assert all(
            may(command, state) is not None for command in (cmd.Pause(), cmd.Abort(), cmd.Abort(leave=True), cmd.RollBack(), cmd.RollBack(how="halves"), SKIP)
        )


@given(states)
def test_only_a_kind_with_a_way_back_is_rolled_back_and_only_once_it_changed_something(state: RunState):
    if may(cmd.RollBack(), state) is None:
        assert KINDS_OF_RUN[state.kind].returns
        assert state.changed
        assert state.phase not in ("ended", "rolling-back")


@given(states)
def test_no_host_is_both_skipped_and_still_being_taken_back(state: RunState):
    condition = state.hosts["web01"].condition
    if may(SKIP, state) is None:
        assert condition not in ("returning", "back", "skipped", "left-out", "owed")
    if may(RETRY, state) is None:
        assert condition not in ("old", "new", "updating", "returning", "left-out", "owed")


@given(states)
def test_go_needs_every_check_the_name_and_nobody_s_word_before(state: RunState):
    if may(cmd.Decide(go=True), state) is None:
        assert (state.phase, state.go, state.protected) == ("deciding", None, False)
        assert not any(check.blocks for check in state.checks)


@examples(40)
@given(st.sampled_from(KINDS), st.integers(0, 1_000_000))
def test_in_runs_of_every_kind_a_refusal_says_why_in_one_line(kind: RunKind, seed: int):
    def hold(run: Simulation) -> None:
        for command in everything_said(run.state):
            refusal = may(command, run.state, ADA)
            if refusal is not None:
                assert refusal.message
                assert "{" not in refusal.message + refusal.hint

    draw_run(kind, seed, hold)
