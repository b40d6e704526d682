"""What holds in every run, of every kind and strategy, whatever people say, hosts do, and engines die of: held against what is true on the hosts. Fixed seeds."""

from collections import Counter

import pytest

from console.core.environment.record import recorded
from console.core.environment.record_queries import failed_run
from console.core.host_conditions import AT_REST, MISPLACED, UNVERIFIED
from console.core.kinds.kind_table import kind_of
from console.core.run.evolve import fold
from console.core.run.outcome import drained_problems, host_rows
from console.core.traffic.bluegreen_sides import is_bluegreen, moves_traffic, standing_by
from console.exit_codes import Exit
from console.model import events as ev
from console.model.environment_record import EnvironmentRecord
from console.model.plan import Step
from console.model.run_summary import ASIDE
from tests.core import rescan
from tests.core.drawn import KINDS, STRATEGIES, DrawnRun, draw_run
from tests.core.simulation import NEW, OLD

RUNS = [(kind, strategy) for kind in KINDS if kind not in ASIDE for strategy in (STRATEGIES if kind in ("deploy", "rollback") else ("rolling",))]


OUT_FOR_A_REASON = MISPLACED | {"left-out"}


class Begun:
    """Every beginning of a step, as it comes into the record."""

    def __init__(self) -> None:
        self.under_way = Counter[tuple[str, int]]()
        self.over = dict[str, str]()
        """By step: how its last attempt ended. Whoever has it done again takes it out."""
        self.orphaned = set[tuple[str, int]]()
        """What ran when its engine died: the next one asks what became of it."""

    def watch(self, run: DrawnRun) -> None:
        """Look at the last event."""
        event = run.events[-1]
        assert run.serves or not run.at_first or not run.moves, "nobody serves"
        match event:
            case ev.StepStarted():
                self._begins(run, event)
            case ev.StepFinished():
                self.under_way.pop((event.step, event.attempt), None)
                self.over[event.step] = event.status
            case ev.HostRetried():
                self._again(run.state.lanes.get(event.host, ()))
                self._again(step for step in run.state.index.values() if step.phase == "verify" and step.kind == "drain")  # the other side leaves after all
            case ev.TakenUp():
                self.orphaned = set(self.under_way)
            case ev.HostReturning():
                self._again(event.steps)
            case ev.RollbackBegan():
                self._again(event.plan.steps)
            case ev.Continued():
                self._again(step for step in run.state.index.values() if self.over.get(step.name) == "held")

    def _again(self, steps) -> None:
        for step in steps:
            self.over.pop(step.name, None)

    def _begins(self, run: DrawnRun, event: ev.StepStarted) -> None:
        step = run.state.index[event.step]
        key = (event.step, event.attempt)
        beside = [
            name for name, attempt in self.under_way if (name, attempt) != key and (name == step.name or (step.about and _about(run, name) == step.about))
        ]
        assert not beside, f"{event.step} begins beside {beside}"
        if key in self.under_way:
            assert key in self.orphaned, f"{event.step} begins twice"
            self.orphaned.remove(key)
            return
        self.under_way[key] += 1
        again = self.over.pop(event.step, None)
        retries = step.command.retries if step.command else 0
        assert again is None or (again == "failed" and event.attempt <= retries + 1), f"{event.step} is done again by itself after it was {again}"
        assert step.kind == "wave" or all(_lets_begin(run, run.state.index[need]) for need in step.needs if need in run.state.index), (
            f"{event.step} begins before what it needs"
        )


def _about(run: DrawnRun, name: str) -> str:
    return run.state.index[name].about


def _lets_begin(run: DrawnRun, need: Step) -> bool:
    return rescan.lets_begin(run.state, need)


def drawn(kind, strategy, seed) -> DrawnRun:
    return draw_run(kind, seed, Begun().watch, strategy, ends=True)


def rests(run: DrawnRun, name: str) -> bool:
    """A host of a blue/green release that stays out of the traffic, on whatever it came to."""
    return moves_traffic(run.state) and name not in run.serves


def answering(run: DrawnRun) -> set[str]:
    """Hosts that answer requests."""
    return {name for name, machine in run.machines.items() if machine.runs and (name in run.serves or not run.environment.balancers)}


def what_is_called_known_is_so(run: DrawnRun) -> None:
    """One that is taken back to nothing may have no command that stops its application."""
    for row in host_rows(run.state):
        name, host, machine = row["host"], run.state.hosts[row["host"]], run.machines[row["host"]]
        if host.condition in AT_REST and row["state"] != "unreachable" and not rests(run, name):
            assert machine.live == host.release, f"{name} is {host.condition} on {host.release}, and has {machine.live}"
            can_stop = machine.live or "stop" in run.environment.commands
            assert machine.runs == machine.live or not can_stop, f"{name} is {host.condition} on {host.release}, and runs {machine.runs}"


def nobody_is_left_out_of_the_traffic_unnamed(run: DrawnRun) -> None:
    state = run.state
    if not run.environment.balancers or moves_traffic(state):
        return
    named = " ".join((str(state.reason), *(str(problem.message) for problem in drained_problems(state))))
    out = {name for name in run.at_first - run.serves if state.hosts[name].condition not in OUT_FOR_A_REASON}
    assert all(name in named for name in out if state.hosts[name].release), f"{out} get no requests"
    well = {name for name in out if state.hosts[name].release and state.hosts[name].condition in AT_REST and name not in run.fell}
    assert not well or state.aborting == "leave" or kind_of(state).is_repeated, f"{well} could get requests"
    bad = {name for name, host in state.hosts.items() if host.touched and host.condition in MISPLACED}
    assert not bad & run.serves, f"{bad & run.serves} get requests"


def nothing_is_changed_while_it_serves(run: DrawnRun) -> None:
    """But where all go down together, and where a host of blue/green had to keep its requests as no other one gets any."""
    kept = {event.host for event in run.events if isinstance(event, ev.StepFinished) and event.detail.startswith("not drained: ")}
    if run.environment.balancers and run.environment.strategy != "recreate":
        assert not [step for step in run.changed_in_service if step.split("/")[1] not in kept]


def nothing_of_the_run_is_left_behind_unnamed(run: DrawnRun) -> None:
    assert not run.page or "maintenance page" in run.state.reason
    assert not run.weighed or "weights of servers" in run.state.reason


def the_code_is_no_better_than_what_is_known(run: DrawnRun) -> None:
    state = run.state
    unknown = {row["host"] for row in host_rows(state) if row["state"] in ("unknown", "unreachable") and state.hosts[row["host"]].touched}
    serve, goal = answering(run), OLD if state.kind in ("rollback", "restart") else NEW
    if state.exit == Exit.DONE and not state.superseded_by and kind_of(state).changes_hosts:
        assert not unknown
        assert serve
        assert {run.machines[name].runs for name in serve} == {goal}, "the other release serves"
        assert serve == set(state.hosts) or moves_traffic(state), f"{set(state.hosts) - serve} do not serve"
    if state.exit == Exit.ROLLED_BACK:
        assert not unknown
        there = {name for name, was in run.before_it.items() if was and name in run.at_first and state.hosts[name].condition not in ("owed", "left-out")}
        assert there <= serve, f"{there - serve} served before"
        assert {run.machines[name].runs for name in there} <= {OLD}, "the new release serves"
    if state.exit == Exit.LIVE_BUT_BEHIND:
        assert any(run.machines[name].runs == goal for name in serve), "nobody has the release"
        behind = {name for name in serve & set(run.side) if run.machines[name].runs != goal}
        assert all(name in state.reason for name in behind | unknown), f"{behind | unknown} are behind: {state.reason}"
    if is_bluegreen(state) and state.exit in (Exit.DONE, Exit.LIVE_BUT_BEHIND) and not state.superseded_by:
        assert {name for name, host in state.hosts.items() if host.condition == "new"} <= run.serves
        assert all(name in state.reason for name in standing_by(state) & run.serves)


def an_end_says_why_and_what_to_type(run: DrawnRun) -> None:
    state = run.state
    assert state.reason or state.exit == Exit.DONE
    assert state.hint or state.exit in (Exit.DONE, Exit.ROLLED_BACK, Exit.INTERRUPTED), f"nothing to type after {state.exit}: {state.reason}"


def what_is_not_well_stays_open(run: DrawnRun) -> None:
    """Whoever comes next finds in the environment's record who is owed, or that hosts are to be verified."""
    record = recorded(EnvironmentRecord(), 1, tuple(run.events), run.state)
    bad = {name for name, host in run.state.hosts.items() if host.touched and host.condition in UNVERIFIED}
    owed = {one.debt.host for one in record.debts.owed}
    assert bad <= owed or failed_run(record) is not None or run.state.exit == Exit.LIVE_BUT_BEHIND, f"{bad - owed} are forgotten"


HOLDS = (
    what_is_called_known_is_so, nobody_is_left_out_of_the_traffic_unnamed, nothing_is_changed_while_it_serves, nothing_of_the_run_is_left_behind_unnamed,
    the_code_is_no_better_than_what_is_known, an_end_says_why_and_what_to_type, what_is_not_well_stays_open,
)  # fmt: skip


@pytest.mark.parametrize(("kind", "strategy"), RUNS)
def test_what_holds_in_every_run(kind, strategy):
    for seed in range(100):
        run = drawn(kind, strategy, seed)
        for holds in HOLDS:
            holds(run)
        assert fold(run.events) == run.state


def test_drawn_runs_come_to_every_end_that_a_release_may_have():
    exits = {draw_run("deploy", seed, lambda run: None, ends=True).state.exit for seed in range(100)}
    assert exits >= {Exit.DONE, Exit.CONSOLE_FAILED, Exit.NO_GO, Exit.ROLLED_BACK, Exit.FAILED, Exit.LIVE_BUT_BEHIND, Exit.INTERRUPTED}
