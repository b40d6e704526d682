"""Critical paths in plans and in runs: where they are tried, on which hosts, what their failure means, and what waits for a person."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.plan.critical_steps import never_tried
from console.core.plan.planner import plan_release
from console.core.run.command_refusals import may
from console.core.run.critical_path_verdict import ended, has_passed, is_per_host, manual_names, open_ticks, path_of, tick_words, tried_hosts, try_words
from console.core.run.failure_budget import is_tripped
from console.core.run.outcome import conclude
from console.core.run.person_wanted import command_to_go_on
from console.core.run.ready_steps import changing_steps
from console.model import commands as cmd
from console.model import events as ev
from console.model.balancer import Balancer
from console.model.commands import Refusal
from console.model.configured_checks import CheckSpec, CriticalPath
from console.model.host_commands import Command
from console.model.http_step import HttpStep
from console.model.secret import SecretRef
from console.model.state import CriticalTry
from console.model.strategy import Canary
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.plans import comes_after, happened, named, run_of, say, until, until_runs
from tests.core.simulation import NEW, OLD, an_environment, plan_of

LOGIN = CriticalPath("Login", "http", steps=(HttpStep("GET", "http://{address}/"),))
BUY = CriticalPath("Buy", "manual", prompt="Buy something.")


def fleet(*paths, hosts=4, batch=1, strategy="rolling", **fields):
    """A fleet of hosts web01, … of which the last is a job host."""
    environment = an_environment(hosts, batch, **fields.pop("rolling", {}))
    tagged = tuple(changed(host, tags=("jobs",) if host is environment.hosts[-1] else ("web",)) for host in environment.hosts)
    return changed(environment, hosts=tagged, critical=paths, strategy=strategy, **fields)


def tried(environment):
    return [step.name for step in plan_of(environment, "deploy").steps if step.path]


@pytest.mark.parametrize(("fields", "paths", "names"), [
    ({}, [LOGIN], ["wave-1/critical-1", "verify/critical-1"]),
    ({}, [changed(LOGIN, at=("first batch",))], ["wave-1/critical-1"]),
    ({}, [changed(LOGIN, at=("end",))], ["verify/critical-1"]),
    ({}, [changed(LOGIN, at=("canary",))], []),
    ({}, [LOGIN, changed(BUY, at=("end",))], ["wave-1/critical-1", "verify/critical-1", "verify/critical-2"]),
    ({}, [changed(LOGIN, tags=("jobs",))], ["verify/critical-1"]),
    ({}, [changed(LOGIN, tags=("jobs",), at=("first batch",))], ["verify/critical-1"]),
    ({"batch": 3}, [changed(LOGIN, tags=("jobs",), at=("first batch",))], ["verify/critical-1"]),
    ({"batch": 4}, [LOGIN], ["verify/critical-1"]),
    ({"batch": 4}, [changed(LOGIN, at=("first batch",))], ["verify/critical-1"]),
    ({"strategy": "recreate"}, [LOGIN], ["verify/critical-1"]),
    ({"strategy": "recreate"}, [changed(LOGIN, at=("first batch",))], ["verify/critical-1"]),
    ({"strategy": "canary", "hosts": 10}, [LOGIN], ["wave-1/critical-1", "wave-5/critical-1", "verify/critical-1"]),
    ({"strategy": "canary", "hosts": 10}, [changed(LOGIN, at=("canary",))], ["wave-1/critical-1", "wave-5/critical-1"]),
    ({"strategy": "canary", "hosts": 10}, [changed(LOGIN, at=("first batch",))], ["wave-1/critical-1"]),
    ({"strategy": "canary", "hosts": 10}, [changed(LOGIN, tags=("jobs",), at=("canary", "end"))], ["verify/critical-1"]),
])  # fmt: skip
def test_a_plan_tries_each_path_at_its_moments_and_nowhere_twice_in_a_row(fields, paths, names):
    assert tried(fleet(*paths, **fields)) == names


@pytest.mark.parametrize("kind", ["restart", "catch-up", "rollback", "restore"])
def test_nothing_but_a_release_tries_them(kind):
    assert not [step for step in plan_of(fleet(LOGIN, BUY), kind).steps if step.path]


def test_the_next_wave_waits_for_the_first_batch_s_path_and_the_close_for_the_end_s():
    plan = plan_of(fleet(LOGIN, BUY, monitor=600.0), "deploy")
    assert {"wave-1/critical-1", "wave-1/critical-2"} <= comes_after(plan, "wave-2")
    assert "wave-1/web01/gate" in comes_after(plan, "wave-1/critical-1")
    assert "wave-1/critical-1" not in comes_after(plan, "wave-1/critical-2")
    assert {"verify/critical-1", "verify/critical-2", "verify/monitor"} <= comes_after(plan, "close")
    assert not {"verify/critical-1", "verify/critical-2"} & comes_after(plan, "verify/monitor")
    assert "wave-4/web04/gate" in comes_after(plan, "verify/critical-1")


def test_a_canary_is_judged_behind_its_path():
    environment = fleet(LOGIN, hosts=10, strategy="canary", balancers=(Balancer("haproxy", backend="shop"),), canary=Canary(), health=())
    plan = plan_of(environment, "deploy")
    assert "wave-1/critical-1" in comes_after(plan, "wave-1/analysis")
    assert "wave-1/analysis" in comes_after(plan, "wave-2")


def test_blue_green_tries_the_idle_side_before_the_traffic_moves():
    environment = fleet(LOGIN, strategy="bluegreen", hosts=4, balancers=(Balancer("haproxy", backend="shop"),))
    colours = tuple(changed(host, color="blue" if number < 2 else "green") for number, host in enumerate(environment.hosts))
    plan = plan_release(changed(environment, hosts=colours), colours[:2], NEW, frozenset())
    assert [step.name for step in plan.steps if step.path] == ["wave-1/critical-1", "verify/critical-1"]
    assert "wave-1/critical-1" in comes_after(plan, "shift")
    assert "shifted" in comes_after(plan, "verify/critical-1")


def test_a_step_says_what_it_tries():
    plan = plan_of(fleet(changed(LOGIN, blocking=False, timeout=7.0), BUY), "deploy")
    step = named(plan, "wave-1/critical-1")
    assert (step.kind, step.phase, step.path, step.title, step.fatal, step.timeout, step.about, step.release, step.idempotent) == (
        "critical", "release", "Login", "critical path Login", False, 7.0, "", NEW, True,
    )  # fmt: skip
    assert (named(plan, "verify/critical-2").kind, named(plan, "verify/critical-2").phase) == ("manual", "verify")


def ending(**names):
    """How the steps of paths end: `ending(wave_1="failed")`."""
    return lambda step, attempt: names.get(step.name.partition("/")[0].replace("-", "_"), "done") if step.path else "done"


@pytest.mark.parametrize("status", ["failed", "unknown"])
@pytest.mark.parametrize("where", ["wave_1", "verify"])
def test_a_blocking_path_that_does_not_pass_takes_the_run_back(status, where):
    run = run_of(fleet(LOGIN, monitor=60.0), ending(**{where: status}))
    state = run.run()
    code, outcome, reason, _ = conclude(state)
    assert (int(code), outcome) == (4, "rolled-back")
    assert reason == f"critical path Login failed: {status}"
    assert all(host.release == OLD for host in state.hosts.values())
    changed_hosts = [name for name, host in state.hosts.items() if host.touched]
    assert changed_hosts == (["web01"] if where == "wave_1" else list(state.hosts))


@pytest.mark.parametrize(("rule", "end"), [("pause", ("running", None)), ("stop", ("ended", 5))])
def test_on_failure_says_what_follows(rule, end):
    run = run_of(fleet(LOGIN, monitor=60.0, rolling={"on_failure": rule}), ending(wave_1="failed"))
    state = run.run()
    assert (state.phase, state.exit) == end
    assert [name for name, host in state.hosts.items() if host.condition == "new"] == ["web01"]
    if rule == "pause":
        assert say(run, cmd.Continue()) is None
        assert (run.run().exit, run.state.outcome) == (0, "succeeded")


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_a_path_that_does_not_block_is_told_and_the_release_goes_on(status):
    run = run_of(fleet(changed(LOGIN, blocking=False)), ending(wave_1=status))
    state = run.run()
    assert (state.exit, state.outcome) == (0, "succeeded")
    assert state.steps["wave-1/critical-1"].status == status


def test_nobody_s_budget_lets_a_blocking_path_pass():
    run = run_of(fleet(LOGIN, rolling={"max_failures": 3}), ending(verify="failed"))
    assert run.run().exit == 4


def test_paths_that_run_are_ended_for_a_roll_back_and_for_an_abort():
    for command in (cmd.RollBack(), cmd.Abort()):
        run = until_runs(run_of(fleet(LOGIN, BUY, monitor=60.0)), "verify/critical-1")
        assert say(run, command) is None
        state = run.run()
        assert state.steps["verify/critical-1"].status == "cancelled"
        assert state.steps["verify/critical-2"].status == "cancelled"
        assert state.exit == 4


def judged(host="web01", verdict="passed", path="Login", step="verify/critical-1", **fields):
    return ev.CriticalJudged(step=step, path=path, host=host, verdict=verdict, **fields)


def test_the_state_keeps_the_last_try_of_each_host():
    run = until_runs(run_of(fleet(LOGIN)), "verify/critical-1")
    run.record(judged(verdict="error"), judged("web02"), judged(verdict="failed", where=SafeText("step 1"), seen=SafeText("HTTP 500"), seconds=2.0))
    assert run.state.critical == {"verify/critical-1": (
        CriticalTry("Login", "web02", "passed"), CriticalTry("Login", "web01", "failed", SafeText("step 1"), SafeText("HTTP 500"), 2.0),
    )}  # fmt: skip


@pytest.mark.parametrize(("verdicts", "phase", "at", "status", "words"), [
    (["passed", "passed"], "verify", ("end",), "done", ""),
    (["passed", "failed"], "verify", ("end",), "failed", "web02: step 1: seen"),
    (["error", "passed"], "verify", ("end",), "unknown", "it could not be measured: web01: step 1: seen"),
    (["error", "failed"], "verify", ("end",), "failed", "web02: step 1: seen"),
    (["failed"] * 7, "verify", ("end",), "failed", "; and 2 more"),
    ([], "verify", ("end",), "unknown", "not tried: no host has the new release"),
    ([], "release", ("first batch",), "unknown", "not tried: no host has the new release"),
    ([], "release", ("first batch", "end"), "done", "not tried: no host has the new release by now"),
])  # fmt: skip
def test_the_worst_try_is_the_path_s_and_no_host_is_no_pass(verdicts, phase, at, status, words):
    step = changed(named(plan_of(fleet(LOGIN), "deploy"), "verify/critical-1"), phase=phase)
    tries = [CriticalTry("Login", f"web{number:02}", verdict, SafeText("step 1"), SafeText("seen")) for number, verdict in enumerate(verdicts, 1)]
    end = ended(changed(LOGIN, at=at), step, tries)
    assert end.status == status
    assert words in end.words
    assert end.words.count("web") <= 5


@given(st.lists(st.sampled_from(["passed", "failed", "error"]), min_size=1, max_size=8), st.sampled_from(["release", "verify"]))
def test_a_path_has_passed_only_where_each_try_has(verdicts, phase):
    step = changed(named(plan_of(fleet(LOGIN), "deploy"), "verify/critical-1"), phase=phase)
    end = ended(LOGIN, step, [CriticalTry("Login", f"web{number}", verdict) for number, verdict in enumerate(verdicts)])
    assert (end.status == "done") == (set(verdicts) == {"passed"})
    assert (end.status == "failed") == ("failed" in verdicts)


def test_a_step_that_tried_no_host_has_not_passed():
    run = until_runs(run_of(fleet(LOGIN)), "wave-1/critical-1")
    step = run.state.index["wave-1/critical-1"]
    run.record(ev.StepFinished(step=step.name, attempt=1))
    assert not has_passed(run.state, step)
    run.record(judged(step=step.name))
    assert has_passed(run.state, step)


def test_it_is_tried_on_hosts_that_have_the_release_and_one_of_its_tags():
    run = until_runs(run_of(fleet(LOGIN, hosts=3, batch=3)), "verify/critical-1")
    names = lambda path: [host.name for host in tried_hosts(run.environment, run.state, path, NEW)]  # noqa: E731
    assert names(LOGIN) == ["web01", "web02", "web03"]
    assert names(changed(LOGIN, tags=("web",))) == ["web01", "web02"]
    assert names(changed(LOGIN, tags=("web", "jobs"))) == ["web01", "web02", "web03"]
    run.record(ev.HostFailed(host="web02", condition="failed", reason=SafeText("x")))
    assert names(LOGIN) == ["web01", "web03"]
    assert tried_hosts(run.environment, run.state, LOGIN, OLD) == ()


def test_a_host_that_has_the_release_and_gets_no_requests_yet_is_tried():
    run = until(run_of(fleet(LOGIN, hosts=2)), lambda run: run.state.hosts["web01"].release == NEW)
    assert run.state.hosts["web01"].condition == "updating"
    assert [host.name for host in tried_hosts(run.environment, run.state, LOGIN, NEW)] == ["web01"]


@pytest.mark.parametrize(("path", "each"), [
    (LOGIN, True),
    (changed(LOGIN, steps=(HttpStep("GET", "http://shop.example/"),)), False),
    (changed(LOGIN, on="host", steps=(HttpStep("GET", "http://localhost/"),)), True),
    (changed(LOGIN, on="web02", steps=(HttpStep("GET", "http://localhost/"),)), False),
    (changed(LOGIN, steps=(HttpStep("GET", "http://x/{version}"),)), False),
    (changed(LOGIN, steps=(HttpStep("POST", "http://x/", form={"a": "{host}"}),)), True),
    (changed(LOGIN, steps=(HttpStep("POST", "http://x/", json='{"a": "{server}"}'),)), True),
    (changed(LOGIN, steps=(HttpStep("GET", "http://x/", headers={"host": "{address}", "b": SecretRef("env", "X")}),)), True),
    (changed(LOGIN, steps=(HttpStep("GET", "http://x/", expect_body="{shared}"),)), True),
    (CriticalPath("x", "command", command=Command("smoke {host}")), True),
    (CriticalPath("x", "command", command=Command("smoke {commit} ${host}")), False),
])  # fmt: skip
def test_it_is_tried_for_each_host_where_it_names_something_of_one(path, each):
    assert is_per_host(path) is each


def test_words_of_a_try_leave_out_what_there_is_not():
    assert (
        try_words(CriticalTry("x", "web01", "failed", SafeText("step 2 of 3, POST /login"), SafeText("HTTP 403")))
        == "web01: step 2 of 3, POST /login: HTTP 403"
    )
    assert try_words(CriticalTry("x", "", "failed", seen=SafeText("exit 1"))) == "exit 1"


def waiting(*paths, **fields):
    """A run that waits for a person, as the engine has it wait."""
    run = until_runs(run_of(fleet(*paths, **fields)), "wave-1/critical-1")
    run.record(ev.Paused(reason=SafeText(tick_words(paths[0], paths[0].name)), cause="manual"))
    return run


def test_a_path_that_a_person_tries_is_waited_for_by_name():
    run = waiting(BUY)
    assert open_ticks(run.state) == {"Buy": "wave-1/critical-1"}
    assert run.state.pausing.reason == "critical path Buy: Buy something."
    assert changing_steps(run.state) == ()
    assert command_to_go_on(run.state) == "deploy ack Buy r1"
    assert tick_words(None, "Buy") == "critical path Buy is to be tried by a person"


def test_a_continue_is_no_tick():
    run = waiting(changed(BUY, name="Buy it"))
    refusal = say(run, cmd.Continue())
    assert refusal == Refusal(SafeText("it waits for a person to try the critical path Buy it"), SafeText("deploy ack 'Buy it' r1"))
    assert isinstance(say(run, cmd.Promote()), Refusal)
    assert say(run, cmd.Acknowledge(check="Buy it")) is None
    assert run.state.pausing is None
    assert isinstance(say(run, cmd.Acknowledge(check="Buy it")), Refusal)


def test_each_moment_has_a_tick_of_its_own():
    run = waiting(BUY)
    assert say(run, cmd.Acknowledge(check="Buy")) is None
    assert {name: by.name for name, by in run.state.ticks.items()} == {"wave-1/critical-1": "ada"}
    assert open_ticks(run.state) == {}
    until_runs(run, "verify/critical-1")
    assert open_ticks(run.state) == {"Buy": "verify/critical-1"}


@pytest.mark.parametrize("check", ["Buy", "Login", "nothing"])
def test_what_waits_for_no_tick_cannot_be_ticked_off(check):
    run = until_runs(run_of(fleet(LOGIN, BUY)), "wave-1/web01/switch")
    assert isinstance(say(run, cmd.Acknowledge(check=check)), Refusal)
    assert not happened(run, ev.CheckAcknowledged)


def test_a_tick_ends_only_the_pause_that_asked_for_it():
    run = until_runs(run_of(fleet(BUY)), "wave-1/critical-1")
    assert say(run, cmd.Pause()) is None
    assert say(run, cmd.Acknowledge(check="Buy")) is None
    assert run.state.pausing is not None
    assert run.state.pausing.cause == "operator"


def test_nobody_ticks_off_while_the_run_goes_back_or_ends():
    for command in (cmd.RollBack(), cmd.Abort(leave=True)):
        run = waiting(BUY)
        assert say(run, command) is None
        assert open_ticks(run.state) == {}
        assert isinstance(may(cmd.Acknowledge(check="Buy"), run.state), Refusal)


def test_a_failing_host_takes_back_a_run_that_waits_for_a_person():
    run = waiting(BUY)
    run.record(ev.HostFailed(host="web01", condition="failed", reason=SafeText("x")))
    assert is_tripped(run.state)
    assert run.run().exit == 4


def test_what_can_be_ticked_off_is_known_by_name():
    environment = fleet(LOGIN, BUY, checks=(CheckSpec("Stock", "manual"), CheckSpec("CI", "github")))
    assert manual_names(environment) == ("Stock", "Buy")
    step = named(plan_of(environment, "deploy"), "verify/critical-2")
    assert path_of(environment, step) == BUY
    assert path_of(changed(environment, critical=()), step) is None


@given(st.data())
def test_whatever_paths_do_a_run_comes_to_rest_and_never_succeeds_past_a_blocking_one(data):
    at = st.lists(st.sampled_from(["first batch", "canary", "end"]), min_size=1, unique=True).map(tuple)
    paths = [
        CriticalPath(f"p{number}", "http", steps=LOGIN.steps, at=data.draw(at), blocking=data.draw(st.booleans()), tags=data.draw(st.sampled_from([(), ("jobs",)])))
        for number in range(data.draw(st.integers(1, 3)))
    ]  # fmt: skip
    strategy = data.draw(st.sampled_from(["rolling", "canary", "recreate"]))
    rule = data.draw(st.sampled_from(["rollback", "stop"]))
    bad = {}

    def end(step, attempt):
        if not step.path:
            return "done"
        return bad.setdefault(step.name, data.draw(st.sampled_from(["done", "failed", "unknown"])))

    environment = fleet(*paths, strategy=strategy, batch=data.draw(st.integers(1, 4)), rolling={"on_failure": rule}, health=())
    run = run_of(environment, end)
    state = run.run()
    assert state.phase == "ended"
    blocking = {path.name for path in paths if path.blocking}
    broken = any(status != "done" and state.index[name].path in blocking for name, status in bad.items())
    assert (state.exit != 0) == broken
    assert state.exit in ((0, 4) if rule == "rollback" else (0, 5))


def test_no_two_paths_share_a_step():
    for hosts, batch, strategy in product((1, 2, 5, 10), (1, 3), ("rolling", "canary", "recreate")):
        names = [step.name for step in plan_of(fleet(LOGIN, BUY, hosts=hosts, batch=batch, strategy=strategy), "deploy").steps]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("path", "strategy", "why"),
    [
        (LOGIN, "rolling", None),
        (changed(LOGIN, at=("canary",)), "canary", None),
        (changed(LOGIN, at=("canary",)), "rolling", 'at = ["canary"], and the strategy is rolling'),
        (changed(LOGIN, at=("canary", "end")), "rolling", None),
        (changed(LOGIN, tags=("db",)), "canary", "no host of this release has the tag db"),
        (changed(LOGIN, tags=("db", "cache")), "canary", "no host of this release has the tag db or cache"),
    ],
)
def test_a_path_that_no_step_tries_is_known_before(path: CriticalPath, strategy: str, why: str | None):
    environment = fleet(path)
    found = never_tried(environment, strategy, environment.hosts)
    assert {name: untried.words for name, untried in found.items()} == ({"Login": why} if why else {})
    assert [untried.is_for_canaries for untried in found.values()] == ([path.at == ("canary",)] if why else [])
