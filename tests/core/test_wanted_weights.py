"""What a canary by weight wants of its balancers, at each step that it comes to: the share that is in force, whose it is, and who is still to come."""

import pytest

from console.core.traffic.shares import STRANGER, Wanted, loads_of, own_weight, wanted_weights
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.state import RunState, StepState
from console.model.traffic import BalancerProblem, BalancerSeen, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import a_state, a_step, ended
from tests.core.simulation import an_environment

TENTH, HALF = 0.1, 0.5
STEPS = {
    step.name: step
    for step in (
        a_step("wave-1/web01/weigh", "weigh", about="web01", share=TENTH),
        a_step("wave-1/web02/weigh", "weigh", about="web02", share=TENTH),
        a_step("step-1/weigh", "weigh", share=TENTH),
        a_step("wave-2/web03/weigh", "weigh", about="web03", share=HALF),
        a_step("step-2/weigh", "weigh", share=HALF),
        a_step("weights/back", "weigh", share=1.0),
        a_step("wave-1/web01/switch", "switch", about="web01"),
        a_step("back/web01/weigh", "weigh", "rollback", about="web01", share=1.0),
        a_step("back/weights", "weigh", "rollback", share=1.0),
    )
}
"""A tenth of the traffic is web01's and web02's, half of it theirs and web03's; web04 has the release last, once every server has its own weight again."""


def at(*conditions: str, done: str = "", **steps: str) -> RunState:
    """A run with hosts in those conditions. `done`: steps about no host that are over; `web01="running"`: how far the weighing of that host is."""
    known: dict[str, StepState] = {name: ended("done") for name in done.split()}
    weighed = {step.about: step.name for step in STEPS.values() if step.kind == "weigh" and step.phase == "release" and step.about}
    state = a_state(*conditions, index=STEPS, steps=known)
    hosts = {name: changed(host, steps={weighed[name]: ended(steps[name])} if name in steps else {}) for name, host in state.hosts.items()}
    return changed(state, hosts=hosts)


def wanted(share: float, new: str = "", coming: str = "") -> Wanted:
    return Wanted(share, frozenset(new.split()), frozenset(coming.split()))


ONE_BY_ONE = [
    ("the first host is to get requests", at("updating", "old", "old", "old", web01="running"), "wave-1/web01/weigh", wanted(TENTH, "web01", "web02")),
    ("the second one too", at("new", "updating", "old", "old", web01="done", web02="running"), "wave-1/web02/weigh", wanted(TENTH, "web01 web02")),
    ("one that waits for its balancer is to get them still", at("updating", "old", "old", "old", web01="held"), "wave-1/web01/weigh", wanted(TENTH, "web01", "web02")),
    ("one that was weighed waits for its admission", at("updating", "updating", "old", "old", web01="done", web02="running"), "wave-1/web02/weigh", wanted(TENTH, "web01 web02")),
    ("both have it", at("new", "new", "old", "old", web01="done", web02="done"), "step-1/weigh", wanted(TENTH, "web01 web02")),
    ("one of them failed", at("new", "failed", "old", "old", web01="done"), "step-1/weigh", wanted(TENTH, "web01")),
    ("one of them is left out", at("new", "skipped", "old", "old", web01="done"), "step-1/weigh", wanted(TENTH, "web01")),
    ("one of them is lost", at("unreachable", "new", "old", "old", web02="done"), "step-1/weigh", wanted(TENTH, "web02")),
    (
        "a host of the next step", at("new", "new", "updating", "old", done="step-1/weigh", web01="done", web02="done", web03="running"), "wave-2/web03/weigh",
        wanted(HALF, "web01 web02 web03"),
    ),
    (
        "the next step as a whole", at("new", "new", "new", "old", done="step-1/weigh", web01="done", web02="done", web03="done"), "step-2/weigh",
        wanted(HALF, "web01 web02 web03"),
    ),
    (
        "one that was updated and waits behind its gate is coming", at("new", "updating", "old", "old", web01="done", web02="pending"), "wave-1/web01/weigh",
        wanted(TENTH, "web01", "web02"),
    ),
]  # fmt: skip
LATE = [
    (
        "a host of the first step is tried again in the second", at("updating", "new", "new", "old", done="step-1/weigh step-2/weigh", web01="running"),
        "wave-1/web01/weigh", wanted(HALF, "web01 web02 web03"),
    ),
    (
        "one is tried again behind the last step", at("updating", "new", "new", "old", done="step-1/weigh step-2/weigh weights/back", web01="running"),
        "wave-1/web01/weigh", wanted(1.0),
    ),
    ("every server gets its own weight", at("new", "new", "new", "old", done="step-1/weigh step-2/weigh"), "weights/back", wanted(1.0)),
]  # fmt: skip
BACK = [
    ("all go back", at("returning", "returning", "old", "old", done="step-1/weigh", web01="done"), "back/weights", wanted(1.0)),
    (
        "one goes back alone: the others keep their share", at("returning", "new", "old", "old", done="step-1/weigh", web01="done", web02="done"), "back/web01/weigh",
        wanted(TENTH, "web02"),
    ),
    (
        "one goes back in the middle of the first step", at("returning", "new", "old", "old", web01="done", web02="done"), "back/web01/weigh",
        wanted(TENTH, "web02"),
    ),
    ("one goes back before any weight was changed", at("returning", "old", "old", "old"), "back/web01/weigh", wanted(1.0, "", "web02 web03")),
    (
        "one goes back in the middle of the second step",
        at("returning", "new", "new", "old", done="step-1/weigh", web01="done", web02="done", web03="done"), "back/web01/weigh", wanted(TENTH, "web02"),
    ),
    ("one goes back behind the last step", at("returning", "new", "new", "new", done="step-1/weigh step-2/weigh weights/back"), "back/web01/weigh", wanted(1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("state", "step", "want"), [pytest.param(*row[1:], id=row[0]) for row in (*ONE_BY_ONE, *LATE, *BACK)])
def test_what_is_wanted_when_the_run_comes_to_a_step(state: RunState, step: str, want: Wanted):
    assert wanted_weights(state, STEPS[step]) == want


def test_a_step_that_changes_what_is_in_service_gives_no_share():
    """Only steps that weigh count: a switch that was done says nothing of weights."""
    state = at("updating", "old", "old", "old", done="wave-1/web01/switch", web01="running")
    assert wanted_weights(state, STEPS["wave-1/web01/weigh"]) == wanted(TENTH, "web01", "web02")


def test_steps_of_the_way_back_are_no_share_that_was_reached():
    state = at("updating", "old", "old", "old", done="back/weights", web01="running")
    assert wanted_weights(state, STEPS["wave-1/web01/weigh"]) == wanted(TENTH, "web01", "web02")


# A server's own weight: what it had before the console, unless somebody else has changed it since.
SET = OwnWeight(before=100, now=25, was=50)
OWN = [
    ("the console never touched it", 80, {}, 80),
    ("its configuration says nothing", None, {}, 1),
    ("it is out by its weight", 0, {}, 0),
    ("as the console left it", 25, {"web01": SET}, 100),
    ("as it was before the last change, which was not carried out", 50, {"web01": SET}, 100),
    ("put back already", 100, {"web01": SET}, 100),
    ("somebody else has changed it", 70, {"web01": SET}, 70),
    ("another server's is known", 80, {"web02": SET}, 80),
]


@pytest.mark.parametrize(("weight", "own", "found"), [pytest.param(*row[1:], id=row[0]) for row in OWN])
def test_a_server_s_own_weight(weight: int | None, own: dict[str, OwnWeight], found: int):
    assert own_weight(ServerTraffic("web01", "web01", "in", True, 0, weight), own) == found


def a_look(name: str, *weights: int, others: tuple[int, ...] = ()) -> BalancerSeen:
    servers = tuple(ServerTraffic(f"web{number:02}", f"web{number:02}", "in", True, 0, weight) for number, weight in enumerate(weights, 1))
    return BalancerSeen(name, servers, (), tuple(ServerTraffic("", f"other{number}", "in", True, 0, weight) for number, weight in enumerate(others)))


def test_a_balancer_without_an_answer_treats_its_hosts_alike_and_the_next_one_speaks_for_itself():
    two = tuple(Balancer("haproxy", Host(name), backend="shop") for name in ("lb01", "lb02"))
    environment = changed(an_environment(2), balancers=two)
    silent = BalancerProblem("lb01/shop", SafeText("no answer"))
    own = {"lb02/shop": {"web01": SET}, "lb01/shop": {"web02": SET}}
    found = loads_of(environment, (silent, a_look("lb02/shop", 25, 25, others=(10, 5))), own)
    assert found == {"lb01/shop": {"web01": 1, "web02": 1}, "lb02/shop": {"web01": 100, "web02": 25, STRANGER: 15}}
