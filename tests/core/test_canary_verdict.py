"""A canary in the core: its plan, who is compared, what ends an analysis, and what a run makes of that."""

import pytest

from console.core.analysis.judged_metrics import criteria_of
from console.core.plan.planner import plan_release
from console.core.plan.strategies.canary import groups_of
from console.core.plan.strategies.rolling import waves_of
from console.core.run.accept import accept
from console.core.run.canary_verdict import block_seconds, sides_of, standing_of
from console.core.run.command_refusals import may
from console.core.run.person_wanted import command_to_go_on
from console.core.run.ready_steps import running_steps
from console.core.words.canary_words import missing_words, percent, ratio_words, reading_words, rounded_up
from console.model import commands as cmd
from console.model import events as ev
from console.model.analysis import Block, Reading
from console.model.application_metrics import CountedMetric, MetricName, Metrics
from console.model.balancer import Balancer
from console.model.commands import Refusal
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.number_of_hosts import NumberOfHosts
from console.model.plan import Step
from console.model.state import AnalysisState
from console.model.strategy import Canary
from console.model.thresholds import Threshold
from console.model.values import changed
from console.plain.plain_questions import question
from console.safe_text import SafeText
from tests.core.plans import comes_after, named, run_of, say, until_runs
from tests.core.simulation import ADA, NEW, Simulation, an_environment

HAPROXY = Balancer("haproxy", backend="shop")


def a_canary(hosts: int = 10, batch: int = 100, **canary: object) -> Environment:
    """A fleet behind an HAProxy that is released to step by step."""
    return changed(an_environment(hosts, batch), strategy="canary", balancers=(HAPROXY,), canary=Canary(**canary))  # type: ignore[arg-type]


def shares(*steps: float | int) -> tuple[NumberOfHosts, ...]:
    """Steps as counts and shares."""
    return tuple(NumberOfHosts(count=one) if isinstance(one, int) else NumberOfHosts(share=one) for one in steps)


# Hosts, steps, and how many each step adds.
GROUPS = [
    (10, (0.1, 0.5, 1.0), [1, 4, 5]),
    (12, (0.1, 0.5, 1.0), [1, 5, 6]),
    (3, (0.1, 0.5, 1.0), [1, 2]),
    (2, (0.1, 0.5, 1.0), [1, 1]),
    (1, (0.1, 0.5, 1.0), [1]),
    (10, (1, 2, 4), [1, 1, 2, 6]),
    (10, (0.5,), [5, 5]),
    (10, (20,), [10]),
    (4, (2, 1, 3), [2, 1, 1]),
]


@pytest.mark.parametrize(("hosts", "steps", "sizes"), GROUPS)
def test_each_step_adds_hosts_and_all_have_it_at_the_end(hosts: int, steps: tuple[float | int, ...], sizes: list[int]) -> None:
    fleet = an_environment(hosts).hosts
    groups = groups_of(Canary(steps=shares(*steps)), fleet)
    assert [len(group) for group in groups] == sizes
    assert tuple(host for group in groups for host in group) == fleet


def test_hosts_with_the_canarys_tags_go_first() -> None:
    fleet = (Host("a"), Host("b", tags=("canary",)), Host("c"), Host("d", tags=("canary", "web")))
    groups = groups_of(Canary(tags=("canary",), steps=shares(1, 3)), fleet)
    assert [[host.name for host in group] for group in groups] == [["b"], ["d", "a"], ["c"]]


def test_a_step_goes_in_batches_of_the_rolling_strategy() -> None:
    fleet = an_environment(10).hosts
    assert [len(wave) for wave in waves_of((NumberOfHosts(count=1), NumberOfHosts(share=0.3)), fleet[:6], 10)] == [1, 3, 2]


def plan_of(environment: Environment) -> list[str]:
    """The steps that come between hosts."""
    plan = plan_release(environment, environment.hosts, NEW, frozenset())
    return [step.name for step in plan.steps if step.kind in ("wave", "analysis", "monitor")]


def test_after_each_step_but_the_last_new_hosts_are_judged() -> None:
    assert plan_of(a_canary()) == ["wave-1", "wave-1/analysis", "wave-2", "wave-2/analysis", "wave-3"]
    assert plan_of(a_canary(batch=3)) == [
        "wave-1", "wave-1/analysis", "wave-2", "wave-3", "wave-3/analysis", "wave-4", "wave-5",
    ]  # fmt: skip
    assert plan_of(a_canary(1)) == ["wave-1"]


def test_the_next_step_waits_for_the_analysis_and_that_for_every_host_of_its_step() -> None:
    environment = a_canary()
    plan = plan_release(environment, environment.hosts, NEW, frozenset())
    assert named(plan, "wave-2").needs == ("wave-1/analysis",)
    assert comes_after(plan, "wave-2/analysis") >= {f"wave-2/web0{number}/gate" for number in range(2, 6)} | {"wave-1/analysis"}
    assert named(plan, "wave-1/analysis").title == "judge 1 new of 10 hosts against the old ones, 5m at most"
    assert plan.strategy == "canary"


@pytest.mark.parametrize("environment", [a_canary(analysis=0.0), changed(a_canary(), balancers=()), changed(a_canary(), balancers=(Balancer("command"),))])
def test_without_time_or_counts_nothing_is_judged(environment: Environment) -> None:
    assert plan_of(environment) == ["wave-1", "wave-2", "wave-3"]


# -- what ends it ----------------------------------------------------------------------------------------------------------------------------------

STEP = Step("wave-1/analysis", "analysis", "release", SafeText("judge"), wave=1)
EQUAL = Reading(verdict="not-worse", new=1000, new_bad=1, old=9000, old_bad=9, low=0.1, high=1.9)
WORSE = Reading(verdict="worse", new=100, new_bad=5, old=900, old_bad=1, low=4.6)
OPEN = Reading(new=100, new_bad=0, old=900, old_bad=1, high=21.5, more=4000, seconds=40.2)


def judging(environment: Environment | None = None, *readings: Reading, problems: tuple[str, ...] = ()) -> Simulation:
    """A run whose first step is judged, with what was seen by now."""
    run = until_runs(run_of(environment or a_canary()), STEP.name)
    if readings or problems:
        run.record(
            ev.AnalysisSeen(step=STEP.name, blocks={"error_rate": (Block(2.0, 1, 0, 1, 0),)}, readings=readings, problems=tuple(map(SafeText, problems)))
        )
    return run


def course(run: Simulation, seconds: float) -> str:
    """What the analysis comes to after so many seconds."""
    return standing_of(run.environment, run.state, STEP, run.now, run.now + seconds).course


COURSES = [
    ((), 10.0, "goes-on", "goes-on", "goes-on"),
    ((OPEN,), 299.0, "goes-on", "goes-on", "goes-on"),
    ((EQUAL,), 2.0, "passed", "passed", "passed"),
    ((WORSE,), 2.0, "worse", "worse", "worse"),
    ((EQUAL, changed(OPEN, metric="latency")), 2.0, "goes-on", "goes-on", "goes-on"),
    ((EQUAL, changed(WORSE, metric="latency")), 2.0, "worse", "worse", "worse"),
    ((OPEN,), 300.0, "pause", "rollback", "proceed"),
    ((), 300.0, "pause", "rollback", "proceed"),
]


@pytest.mark.parametrize(("readings", "seconds", "pause", "rollback", "proceed"), COURSES)
def test_what_ends_an_analysis(readings: tuple[Reading, ...], seconds: float, pause: str, rollback: str, proceed: str) -> None:
    for rule, expected in (("pause", pause), ("rollback", rollback), ("proceed", proceed)):
        assert course(judging(a_canary(on_inconclusive=rule), *readings), seconds) == expected


@pytest.mark.parametrize(
    ("readings", "problems", "words"),
    [
        ((OPEN,), (), "inconclusive after 5m: errors new 0.00 %  old 0.11 %, ratio below 22, wanted below 2.0; it would take 4000 more requests to new hosts"),
        ((Reading(new=0, old=0),), (), "inconclusive after 5m: errors: 0 requests to new hosts, 0 to old ones"),
        ((Reading(new=0, old=900),), (), "inconclusive after 5m: errors: 0 requests to new hosts, 900 to old ones"),
        ((), ("lb01/shop gave no counts: no answer",), "inconclusive after 5m: nothing was counted; lb01/shop gave no counts: no answer"),
    ],
)
def test_the_sentence_says_what_is_missing(readings: tuple[Reading, ...], problems: tuple[str, ...], words: str) -> None:
    run = judging(None, *readings, problems=problems)
    assert standing_of(run.environment, run.state, STEP, run.now, run.now + 300.0).words == words


def test_new_and_old_hosts_are_those_that_are_so_now() -> None:
    run = judging()
    assert sides_of(run.state) == (frozenset({"web01"}), frozenset(f"web{number:02}" for number in range(2, 11)))
    say(run, cmd.Skip(host="web01"))
    run.turn()
    assert sides_of(run.state)[0] == frozenset()
    assert "no host has the new release" in standing_of(run.environment, run.state, STEP, run.now, run.now + 300.0).words


def test_blocks_are_short_and_there_are_not_too_many() -> None:
    assert block_seconds(a_canary(), is_scraped=False) == 2.0
    assert block_seconds(a_canary(analysis=3600.0), is_scraped=False) == 12.0
    scraped = changed(a_canary(), metrics=Metrics("http://x/", 10.0, CountedMetric("error_rate", counter="c")))
    assert block_seconds(scraped, is_scraped=True) == 10.0


# -- what a run makes of it ------------------------------------------------------------------------------------------------------------------------


def ended(run: Simulation, status: str, words: str = "said") -> None:
    """The step ends so."""
    run.record(ev.StepFinished(step=STEP.name, attempt=1, status=status, detail=SafeText(words)))  # type: ignore[arg-type]


@pytest.mark.parametrize("on_failure", ["rollback", "pause", "stop"])
def test_a_release_that_is_worse_goes_back_from_its_new_hosts_alone(on_failure: str) -> None:
    environment = a_canary()
    run = judging(changed(environment, rolling=changed(environment.rolling, on_failure=on_failure)))
    ended(run, "failed", "new hosts are worse than old ones: errors new 5.0 %")
    run.run()
    (began,) = [event for event in run.events if isinstance(event, ev.RollbackBegan)]
    assert began.reason == "new hosts are worse than old ones: errors new 5.0 %"
    assert {step.about for step in began.plan.steps} == {"web01"}
    assert (run.state.exit, run.state.outcome) == (4, "rolled-back")
    assert "new hosts are worse" in run.state.reason


def test_one_that_is_not_goes_on() -> None:
    run = judging()
    ended(run, "done")
    run.run()
    assert (run.state.exit, run.state.outcome) == (0, "succeeded")


def test_time_that_is_over_pauses_the_run_and_the_analysis_runs_on() -> None:
    run = judging(None, OPEN)
    run.record(ev.Paused(reason=SafeText("inconclusive after 5m"), cause="inconclusive"))
    assert run.turn() is False
    assert [step.name for step in running_steps(run.state)] == [STEP.name]
    run.now += 400.0
    assert course(run, 0.0) == "goes-on" if run.state.continued else True
    say(run, cmd.Continue())
    assert standing_of(run.environment, run.state, STEP, 0.0, run.now + 299.0).course == "goes-on"
    assert standing_of(run.environment, run.state, STEP, 0.0, run.now + 300.0).course == "pause"


@pytest.mark.parametrize("pausing", [None, "operator", "inconclusive"])
def test_a_person_promotes_it_in_every_pause_that_is_theirs(pausing: str | None) -> None:
    run = judging(None, OPEN)
    if pausing:
        run.record(ev.Paused(reason=SafeText("x"), cause=pausing))  # type: ignore[arg-type]
    assert say(run, cmd.Promote()) is None
    assert run.state.pausing is None
    assert standing_of(run.environment, run.state, STEP, run.now, run.now).course == "passed"
    refusal = may(cmd.Promote(), run.state)
    assert refusal is not None
    assert "ada was first and promoted it" in refusal.message


@pytest.mark.parametrize("cause", ["failure", "network", "taken-up"])
def test_nobody_promotes_over_a_pause_of_another_kind(cause: str) -> None:
    run = judging(None, OPEN)
    run.record(ev.Paused(reason=SafeText("two hosts are lost"), cause=cause))  # type: ignore[arg-type]
    answer = accept(run.environment, cmd.Promote(), run.state, ADA)
    assert isinstance(answer, Refusal)
    assert "two hosts are lost" in answer.message


@pytest.mark.parametrize("environment", [an_environment(3), a_canary()])
def test_nothing_is_promoted_where_nothing_is_judged(environment: Environment) -> None:
    run = run_of(environment)
    assert say(run, cmd.Promote()) is not None


def test_hold_leaves_the_analysis_running_and_begins_no_host() -> None:
    run = judging(None, OPEN)
    assert say(run, cmd.Pause()) is None
    ended(run, "done")
    run.run()
    assert run.state.pausing is not None
    assert run.state.hosts["web02"].condition == "old"
    say(run, cmd.Continue())
    while run.state.hosts["web02"].condition == "old":
        run.turn() or run.finish(running_steps(run.state)[0])


def test_a_roll_back_and_an_abort_end_the_analysis() -> None:
    for command in (cmd.RollBack(), cmd.Abort()):
        run = judging(None, OPEN)
        assert say(run, command) is None
        run.run()
        assert run.state.exit == 4
        assert run.state.steps[STEP.name].status == "cancelled"


def test_the_record_keeps_every_block_in_order() -> None:
    run = judging()
    blocks = [Block(2.0, number, 0, 10 * number, 0) for number in range(1, 4)]
    for block in blocks:
        run.record(ev.AnalysisSeen(step=STEP.name, blocks={"error_rate": (block,)}, readings=(OPEN,)))
    run.record(ev.AnalysisSeen(step=STEP.name, problems=(SafeText("lb01 gave no counts"),)))
    assert run.state.analyses[STEP.name] == AnalysisState({"error_rate": tuple(blocks)}, (OPEN,), (SafeText("lb01 gave no counts"),))


def test_a_new_engine_goes_on_with_the_analysis_before_anybody_continues() -> None:
    run = judging(None, OPEN)
    run.record(ev.TakenUp(epoch=2, by=ADA))
    run.turn()
    assert [step.name for step in running_steps(run.state)] == [STEP.name]
    assert run.state.analyses[STEP.name].blocks
    assert run.state.pausing is not None


# -- words -----------------------------------------------------------------------------------------------------------------------------------------

READINGS = [
    (Reading(new=100_000, new_bad=120, old=900_000, old_bad=900, low=0.6, high=1.9, seconds=40.0, more=9), "errors new 0.12 %  old 0.10 %, ratio 0.6-1.9, wanted below 2.0; about 40s more"),
    (WORSE, "errors new 5.00 %  old 0.11 %, ratio above 4.6, more than 1.0"),
    (EQUAL, "errors new 0.10 %  old 0.10 %, ratio 0.1-1.9, wanted below 2.0"),
    (changed(EQUAL, high=None, limit=0.005), "errors new 0.10 %  old 0.10 %, ratio above 0.1; below 0.5% on new hosts, which is good enough"),
    (changed(EQUAL, limit=0.005), "errors new 0.10 %  old 0.10 %, ratio 0.1-1.9, wanted below 2.0"),
    (changed(OPEN, seconds=None), "errors new 0.00 %  old 0.11 %, ratio below 22, wanted below 2.0; no end in sight at these rates"),
    (changed(OPEN, metric="latency", bound=0.25), "slower than 250ms new 0.00 %  old 0.11 %, ratio below 22, wanted below 2.0; about 41s more"),
    (Reading(new=1, old=0), "errors: 1 request to new hosts, 0 to old ones"),
]  # fmt: skip


@pytest.mark.parametrize(("reading", "words"), READINGS)
def test_readings_in_words(reading: Reading, words: str) -> None:
    assert reading_words((reading,)) == words


def test_no_reading_in_words() -> None:
    assert reading_words(()) == "nothing was counted yet"


def test_several_readings_stand_behind_each_other() -> None:
    few = Reading(new=1, old=0)
    assert reading_words((few, changed(few, metric="queue"))) == "errors: 1 request to new hosts, 0 to old ones; queue: 1 request to new hosts, 0 to old ones"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, 0), (0.2, 1), (59.1, 60), (60.0, 60), (60.5, 70), (61.0, 70), (100.0, 100), (599.0, 600), (600.0, 600), (600.5, 660), (601.0, 660)],
)
def test_an_estimate_is_no_finer_than_it_is(seconds: float, shown: int) -> None:
    assert rounded_up(seconds) == shown


RATES = "errors new 0.00 %  old 0.11 %, ratio below 22, wanted below 2.0"
UNDECIDED = Reading(new=10, new_bad=0, old=900, old_bad=1, verdict="inconclusive", high=22.0)


@pytest.mark.parametrize(
    ("readings", "problems", "has_new", "words"),
    [
        ((), (), False, "no host has the new release and serves"),
        ((), (), True, "nothing was counted"),
        ((EQUAL,), ("lb01 gave no counts",), True, "nothing was counted; lb01 gave no counts"),
        ((changed(UNDECIDED, new=0),), (), True, "errors: 0 requests to new hosts, 900 to old ones"),
        (
            (UNDECIDED, changed(UNDECIDED, more=1)), (), True, f"{RATES}; it would not end at these rates; {RATES}; it would take 1 more request to new hosts",
        ),
    ],
)  # fmt: skip
def test_what_it_would_take(readings: tuple[Reading, ...], problems: tuple[str, ...], has_new: bool, words: str) -> None:
    assert missing_words(readings, tuple(map(SafeText, problems)), has_new=has_new) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "0.00 %"),
        (0.001, "0.10 %"),
        (0.0012, "0.12 %"),
        (0.05, "5.00 %"),
        (0.5, "50.0 %"),
        (0.0001, "0.010 %"),
        (1e-6, "0.00010 %"),
        (1.0, "100.0 %"),
        (0.1, "10.0 %"),
        (0.00095, "0.10 %"),
        (1e-9, "0.000000 %"),
    ],
)
def test_small_shares_are_not_called_none(rate: float, words: str) -> None:
    assert percent(rate) == words


@pytest.mark.parametrize(("low", "high", "words"), [(None, None, "unknown"), (0.62, 1.9, "0.62-1.9"), (None, 3.0, "below 3"), (12.0, None, "above 12")])
def test_ratios_in_words(low: float | None, high: float | None, words: str) -> None:
    assert ratio_words(low, high) == words


def test_a_person_is_asked_while_the_analysis_runs_on_and_promotion_is_an_answer() -> None:
    run = judging(None, OPEN)
    assert question(run.state) is None
    run.record(ev.Paused(reason=SafeText("inconclusive after 5m"), cause="inconclusive"))
    asked = question(run.state)
    assert asked is not None
    assert [choice.equivalent for choice in asked.choices[:2]] == ["deploy continue r1", "deploy promote r1"]
    assert command_to_go_on(run.state) == "deploy promote r1"


@pytest.mark.parametrize(
    ("judge", "metric", "asked"),
    [
        (("error_rate",), "error_rate", (2.0, 0.01, 0.005)),
        (("error_rate", "latency"), "error_rate", (2.0, 0.005, 0.005)),
        (("error_rate", "latency"), "latency", (2.0, 0.005, None)),
    ],
)
def test_few_errors_are_good_enough_and_alarms_are_shared_among_metrics(judge: tuple[MetricName, ...], metric: str, asked: tuple[float, ...]):
    metrics = Metrics(error_rate=CountedMetric("error_rate", "requests_total", {"status": "5.."}), latency=CountedMetric("latency", histogram="seconds"))
    found = criteria_of(changed(an_environment(1), metrics=metrics, canary=Canary(judge=judge)), metric)
    assert (found.not_worse, found.false_alarm, found.limit) == asked


@pytest.mark.parametrize(
    ("thresholds", "limit"),
    [
        ((), 0.005),
        ((Threshold("latency", above=0.3), Threshold("error_rate", above_old=0.5)), 0.005),
        ((Threshold("error_rate", above=0.01),), 0.01),
        ((Threshold("error_rate", above=0.03), Threshold("error_rate", above=0.02, then="warn")), 0.02),
        ((Threshold("error_rate", above=0.0),), 0.005),
    ],
    ids=["none", "of other things", "one", "the strictest", "none at all"],
)
def test_what_a_threshold_of_errors_allows_is_good_enough_for_a_canary(thresholds: tuple[Threshold, ...], limit: float):
    environment = changed(an_environment(1), thresholds=thresholds)
    assert criteria_of(environment, "error_rate").limit == limit
    assert criteria_of(environment, "latency").limit is None
