"""The rule-book on one page: for each kind of run, what may be said to it in which situation. The words of a refusal stand in `test_rules.py`.

Rows are commands (said by lin, in a run of ada's), columns situations of a run of three hosts that goes host by host, each reached by a run as it goes:

    pre   its pre-flight       one   the first host is updated         win   its monitoring window    good  it has ended, and every host has it
    ask   GO is asked for      two   the second host is updated        back  it goes back as a whole  bad   it has ended, and was rolled back
    lock  it takes its locks   wait  it waits: a person has paused it                                 owed  it has ended, and owes the second host
                               fail  it waits: a host has failed

`.`: such a run does not come there.
"""

import pytest

from console.core.run.accept import accept
from console.core.run.command_refusals import may
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Refusal
from console.model.request import RunKind
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import LIN
from tests.core.plans import a_run, failing, go_on, run_of, runs_now, say, until, until_runs
from tests.core.simulation import OLD, Simulation, an_environment, opening

SITUATIONS = ("pre", "ask", "lock", "one", "two", "wait", "fail", "win", "back", "good", "bad", "owed")
COMMANDS: dict[str, cmd.AnyCommand] = {
    "GO": cmd.Decide(go=True),
    "no-go": cmd.Decide(go=False),
    "pause": cmd.Pause(),
    "continue": cmd.Continue(),
    "abort": cmd.Abort(),
    "abort --leave": cmd.Abort(leave=True),
    "roll back": cmd.RollBack(),
    "skip the first host": cmd.Skip(host="web01"),
    "skip the second host": cmd.Skip(host="web02"),
    "skip the third host": cmd.Skip(host="web03"),
    "retry the first host": cmd.Retry(host="web01"),
    "retry the second host": cmd.Retry(host="web02"),
    "extend the window": cmd.Extend(),
    "promote": cmd.Promote(),
    "write a note": cmd.Note(text=SafeText("seen")),
    "take the helm": cmd.TakeHelm(),
    "forgive the second host": cmd.Forgive(host="web02", reason=SafeText("gone")),
}


def opened(kind: RunKind, upto: int) -> Simulation:
    """A run of which so many of the opening's last events are missing."""
    environment = an_environment(3)
    run = Simulation(environment, lambda step, attempt: "done")
    events = opening(environment, kind)
    seen = (changed(event, release=OLD) if isinstance(event, ev.HostSeen) else event for event in events)
    run.record(*tuple(seen)[: len(events) - upto])
    return run


def at_host(kind: RunKind, host: str, **fields: object) -> Simulation:
    """The run at the moment at which something runs on that host that changes what it serves."""
    steps = ("switch", "restart")
    return until(a_run(3, kind=kind, **fields), lambda run: any(name.endswith(steps) and f"/{host}/" in name for name in runs_now(run)))


def situation(kind: RunKind, name: str) -> RunState | None:
    """The state of a run of that kind in that situation; None: it does not come to that."""
    try:
        return _situation(kind, name).state
    except AssertionError:
        return None


def _situation(kind: RunKind, name: str) -> Simulation:
    if name in ("pre", "ask", "lock"):
        return opened(kind, {"pre": 3, "ask": 2, "lock": 1}[name])
    if name in ("one", "two"):
        return at_host(kind, {"one": "web01", "two": "web02"}[name])
    if name == "wait":
        run = at_host(kind, "web02")
        assert say(run, cmd.Pause()) is None
        go_on(run, 9)
        return run
    if name == "fail":
        return until(a_run(3, failing("web02"), kind=kind, on_failure="pause"), lambda run: run.state.pausing is not None)
    if name == "back":
        run = at_host(kind, "web02")
        assert say(run, cmd.RollBack()) is None
        return run
    if name == "win":
        return until_runs(run_of(changed(an_environment(3), monitor=600.0), kind=kind), "verify/monitor")
    if name == "owed":
        run = a_run(3, failing("web02", status="unreachable"), kind=kind, max_failures=1)
        run.run()
        assert run.state.hosts["web02"].condition == "owed"
        return run
    run = a_run(3, failing("web02") if name == "bad" else lambda step, attempt: "done", kind=kind)
    run.run()
    assert run.state.outcome == ("rolled-back" if name == "bad" else "succeeded")
    return run


PAGES: dict[RunKind, str] = {
    "deploy": """
                             pre  ask  lock one  two  wait fail win  back good bad  owed
    GO                       -    yes  -    -    -    -    -    -    -    -    -    -
    no-go                    -    yes  -    -    -    -    -    -    -    -    -    -
    pause                    -    -    -    yes  yes  -    -    yes  -    -    -    -
    continue                 -    -    -    -    -    yes  yes  -    -    -    -    -
    abort                    yes  yes  yes  yes  yes  yes  yes  yes  -    -    -    -
    abort --leave            yes  yes  yes  yes  yes  yes  yes  yes  -    -    -    -
    roll back                -    -    -    yes  yes  yes  yes  yes  -    -    -    -
    skip the first host      -    -    -    yes  yes  yes  yes  yes  -    -    -    -
    skip the second host     -    -    -    yes  yes  yes  yes  yes  -    -    -    -
    skip the third host      -    -    -    yes  yes  yes  yes  yes  -    -    -    -
    retry the first host     -    -    -    -    -    -    -    -    -    -    -    -
    retry the second host    -    -    -    -    -    -    yes  -    -    -    -    -
    extend the window        -    -    -    -    -    -    -    yes  -    -    -    -
    promote                  -    -    -    -    -    -    -    yes  -    -    -    -
    write a note             yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
    take the helm            yes  yes  yes  yes  yes  yes  yes  yes  yes  -    -    -
    forgive the second host  -    -    -    -    -    -    -    -    -    -    -    yes
""",
    "restart": """
                             pre  ask  lock one  two  wait fail win  back good bad  owed
    GO                       -    yes  -    -    -    -    -    .    .    -    .    -
    no-go                    -    yes  -    -    -    -    -    .    .    -    .    -
    pause                    -    -    -    yes  yes  -    -    .    .    -    .    -
    continue                 -    -    -    -    -    yes  yes  .    .    -    .    -
    abort                    yes  yes  yes  yes  yes  yes  yes  .    .    -    .    -
    abort --leave            yes  yes  yes  yes  yes  yes  yes  .    .    -    .    -
    roll back                -    -    -    -    -    -    -    .    .    -    .    -
    skip the first host      -    -    -    -    -    -    -    .    .    -    .    -
    skip the second host     -    -    -    -    -    -    -    .    .    -    .    -
    skip the third host      -    -    -    -    -    -    -    .    .    -    .    -
    retry the first host     -    -    -    -    -    -    -    .    .    -    .    -
    retry the second host    -    -    -    -    -    -    yes  .    .    -    .    -
    extend the window        -    -    -    -    -    -    -    .    .    -    .    -
    promote                  -    -    -    -    -    -    -    .    .    -    .    -
    write a note             yes  yes  yes  yes  yes  yes  yes  .    .    yes  .    yes
    take the helm            yes  yes  yes  yes  yes  yes  yes  .    .    -    .    -
    forgive the second host  -    -    -    -    -    -    -    .    .    -    .    yes
""",
    "rollback": """
                             pre  ask  lock one  two  wait fail win  back good bad  owed
    GO                       -    yes  -    -    -    .    .    .    .    .    -    .
    no-go                    -    yes  -    -    -    .    .    .    .    .    -    .
    pause                    -    -    -    -    -    .    .    .    .    .    -    .
    continue                 -    -    -    -    -    .    .    .    .    .    -    .
    abort                    yes  yes  -    -    -    .    .    .    .    .    -    .
    abort --leave            yes  yes  -    -    -    .    .    .    .    .    -    .
    roll back                -    -    -    -    -    .    .    .    .    .    -    .
    skip the first host      -    -    -    -    -    .    .    .    .    .    -    .
    skip the second host     -    -    -    -    -    .    .    .    .    .    -    .
    skip the third host      -    -    -    -    -    .    .    .    .    .    -    .
    retry the first host     -    -    -    -    -    .    .    .    .    .    -    .
    retry the second host    -    -    -    -    -    .    .    .    .    .    -    .
    extend the window        -    -    -    -    -    .    .    .    .    .    -    .
    promote                  -    -    -    -    -    .    .    .    .    .    -    .
    write a note             yes  yes  yes  yes  yes  .    .    .    .    .    yes  .
    take the helm            yes  yes  yes  yes  yes  .    .    .    .    .    -    .
    forgive the second host  -    -    -    -    -    .    .    .    .    .    -    .
""",
    "catch-up": """
                             pre  ask  lock one  two  wait fail win  back good bad  owed
    GO                       -    yes  -    -    -    -    .    .    .    -    .    -
    no-go                    -    yes  -    -    -    -    .    .    .    -    .    -
    pause                    -    -    -    yes  yes  -    .    .    .    -    .    -
    continue                 -    -    -    -    -    yes  .    .    .    -    .    -
    abort                    yes  yes  yes  yes  yes  yes  .    .    .    -    .    -
    abort --leave            yes  yes  yes  yes  yes  yes  .    .    .    -    .    -
    roll back                -    -    -    -    -    -    .    .    .    -    .    -
    skip the first host      -    -    -    -    -    -    .    .    .    -    .    -
    skip the second host     -    -    -    -    -    -    .    .    .    -    .    -
    skip the third host      -    -    -    -    -    -    .    .    .    -    .    -
    retry the first host     -    -    -    -    -    -    .    .    .    -    .    -
    retry the second host    -    -    -    -    -    -    .    .    .    -    .    -
    extend the window        -    -    -    -    -    -    .    .    .    -    .    -
    promote                  -    -    -    -    -    -    .    .    .    -    .    -
    write a note             yes  yes  yes  yes  yes  yes  .    .    .    yes  .    yes
    take the helm            yes  yes  yes  yes  yes  yes  .    .    .    -    .    -
    forgive the second host  -    -    -    -    -    -    .    .    .    -    .    yes
""",
    "restore": """
                             pre  ask  lock one  two  wait fail win  back good bad  owed
    GO                       -    yes  -    .    .    .    .    .    .    -    .    .
    no-go                    -    yes  -    .    .    .    .    .    .    -    .    .
    pause                    -    -    -    .    .    .    .    .    .    -    .    .
    continue                 -    -    -    .    .    .    .    .    .    -    .    .
    abort                    yes  yes  yes  .    .    .    .    .    .    -    .    .
    abort --leave            yes  yes  yes  .    .    .    .    .    .    -    .    .
    roll back                -    -    -    .    .    .    .    .    .    -    .    .
    skip the first host      -    -    -    .    .    .    .    .    .    -    .    .
    skip the second host     -    -    -    .    .    .    .    .    .    -    .    .
    skip the third host      -    -    -    .    .    .    .    .    .    -    .    .
    retry the first host     -    -    -    .    .    .    .    .    .    -    .    .
    retry the second host    -    -    -    .    .    .    .    .    .    -    .    .
    extend the window        -    -    -    .    .    .    .    .    .    -    .    .
    promote                  -    -    -    .    .    .    .    .    .    -    .    .
    write a note             yes  yes  yes  .    .    .    .    .    .    yes  .    .
    take the helm            yes  yes  yes  .    .    .    .    .    .    -    .    .
    forgive the second host  -    -    -    .    .    .    .    .    .    -    .    .
""",
}


def cells(kind: RunKind) -> list[str]:
    """The page of that kind as it is: a line for each command."""
    states = [situation(kind, name) for name in SITUATIONS]
    lines = [" " * 25 + " ".join(f"{name:4}" for name in SITUATIONS)]
    for name, command in COMMANDS.items():
        found = ["." if state is None else "-" if may(command, state, LIN) else "yes" for state in states]
        lines.append(f"{name:25}" + " ".join(f"{cell:4}" for cell in found))
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("kind", PAGES)
def test_what_may_be_said_to_a_run(kind: RunKind):
    assert cells(kind) == [line[4:].rstrip() for line in PAGES[kind].strip("\n").splitlines()]


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("name", SITUATIONS)
def test_what_may_be_said_is_taken_and_what_may_not_is_refused_by_the_same_rule(kind: RunKind, name: str):
    state = situation(kind, name)
    for command in COMMANDS.values() if state is not None else ():
        answer = accept(an_environment(3), command, state, LIN)
        assert isinstance(answer, Refusal) is (may(command, state, LIN) is not None)
