"""Shares of the traffic: which hosts carry a step, what weights give it to them, and whose weights stay."""

import pytest

from console.core.traffic.shares import STRANGER, Loads, Wanted, loads_of, own_weight, share_of, share_words, traffic_steps, weighing
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.number_of_hosts import NumberOfHosts
from console.model.strategy import Canary
from console.model.traffic import BalancerProblem, BalancerSeen, BalancerWeights, OwnWeight, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import an_environment

NAMES = tuple(f"web{number:02}" for number in range(1, 13))
NOTHING = BalancerWeights("restored")


def seen(weights: tuple[int, ...], others: tuple[int, ...] = (), out: tuple[str, ...] = ()) -> BalancerSeen:
    """A balancer's look: hosts with those weights, and servers that are no hosts."""
    servers = tuple(ServerTraffic(name, name, "drained" if name in out else "in", True, 0, weight) for name, weight in zip(NAMES, weights, strict=False))
    return BalancerSeen("lb01/shop", servers, (), tuple(ServerTraffic("", f"other{number}", "in", True, 0, weight) for number, weight in enumerate(others)))


def after(before: BalancerSeen, weights: dict[str, int]) -> BalancerSeen:
    """The look once those weights are set."""
    servers, others = (tuple(changed(one, weight=weights.get(one.server, one.weight)) for one in part) for part in (before.servers, before.others))
    return changed(before, servers=servers, others=others)


def carried(loads: Loads, hosts: list[str]) -> float:
    """The share of the traffic that those hosts have when every weight is its own, at the balancer where it is smallest."""
    return min(sum(weights.get(name, 0) for name in hosts) / sum(weights.values()) for weights in loads.values())


def fleet(hosts: int, tagged: tuple[str, ...] = ()) -> tuple[Host, ...]:
    return tuple(Host(name, tags=("canary",) if name in tagged else ()) for name in NAMES[:hosts])


# Weights of the hosts, steps, tags; the hosts of each step by number.
STEPS = [
    ((1,) * 12, (0.1, 0.5, 1.0), (), [2, 6]),
    ((1,) * 10, (0.1, 0.5, 1.0), (), [1, 5]),
    ((1,) * 3, (0.05, 0.2, 1.0), (), [1, 1]),
    ((1,) * 3, (0.1, 0.5, 1.0), (), [1, 2]),
    ((1,) * 2, (0.1, 0.6, 1.0), (), [1]),  # 60 % would be every host
    ((1,), (0.1, 1.0), (), []),
    ((1, 9, 10), (0.1, 0.2), (), [2, 2]),  # a small host cannot carry 10 % alone
    ((1,) * 10, (0.1, 0.5), ("web03", "web07"), [2, 5]),
    ((1,) * 4, (0.25,), ("web02",), [1]),
]


@pytest.mark.parametrize(("weights", "steps", "tagged", "sizes"), STEPS)
def test_a_step_has_the_fewest_hosts_that_carry_its_share(weights: tuple[int, ...], steps: tuple[float, ...], tagged: tuple[str, ...], sizes: list[int]):
    hosts = fleet(len(weights), tagged)
    loads = loads_of(changed(an_environment(len(weights)), hosts=hosts, balancers=(Balancer("haproxy", Host("lb01"), backend="shop"),)), (seen(weights),), {})
    canary = Canary(tags=("canary",) if tagged else (), steps=tuple(NumberOfHosts(share=one) for one in steps), by="weight")
    found = traffic_steps(canary, hosts, loads)
    assert [len(step.hosts) for step in found] == sizes
    for step in found:
        assert carried(loads, [host.name for host in step.hosts]) >= step.share - 1e-9
        assert set(tagged) <= {host.name for host in step.hosts}


def test_hosts_out_of_the_traffic_carry_nothing_and_servers_that_are_no_hosts_do():
    environment = changed(an_environment(3), balancers=(Balancer("haproxy", Host("lb01"), backend="shop"),))
    loads = loads_of(environment, (seen((1, 1, 1), (3,), ("web01",)),), {})
    assert loads == {"lb01/shop": {"web02": 1, "web03": 1, STRANGER: 3}}
    found = traffic_steps(Canary(steps=(NumberOfHosts(share=0.2), NumberOfHosts(share=0.4)), by="weight"), environment.hosts, loads)
    assert [[host.name for host in step.hosts] for step in found] == [["web02"]], "40 % would be every host that serves"
    silent = loads_of(environment, (BalancerProblem("lb01/shop", SafeText("no answer")),), {})
    assert silent == {"lb01/shop": {"web01": 1, "web02": 1, "web03": 1}}


def test_two_balancers_each_have_to_have_the_share():
    loads = {"a/shop": {"web01": 1, "web02": 1}, "b/shop": {"web03": 1, "web04": 1, "web05": 1}}
    found = traffic_steps(Canary(steps=(NumberOfHosts(share=0.1),), by="weight"), fleet(5), loads)
    assert [host.name for host in found[0].hosts] == ["web01", "web02", "web03"], "in the order of the fleet"


# Weights of hosts and of others, how many hosts are new, how many of the step are still to come, the share that is asked for; the weights.
TABLE = [
    ((1,) * 10, (), 1, 0, 0.1, [1] * 10),  # what it has by itself
    ((1,) * 3, (), 1, 0, 0.05, [11, 100, 100]),
    ((1,) * 3, (), 1, 0, 0.1, [22, 100, 100]),
    ((1,) * 3, (), 1, 0, 0.5, [1, 1, 1]),  # more than it carries: its own weight
    ((1,) * 12, (), 2, 0, 0.1, [56, 56, *[100] * 10]),
    ((1,) * 12, (), 1, 1, 0.1, [56, *[100] * 11]),
    ((1,) * 3, (3,), 1, 0, 0.1, [47, 85, 85]),
    ((256, 256), (), 1, 0, 0.1, [28, 256]),
    ((1, 256), (), 1, 0, 0.001, [1, 256]),  # never nothing
    ((0, 1, 1), (), 1, 0, 0.1, [0, 1, 1]),  # of nothing
    ((50, 100, 100), (), 1, 0, 0.1, [44, 200, 200]),
    ((1,) * 3, (), 0, 1, 0.1, [1, 1, 1]),
]


@pytest.mark.parametrize(("weights", "others", "new", "coming", "share", "wanted"), TABLE)
def test_new_hosts_are_given_the_share(weights: tuple[int, ...], others: tuple[int, ...], new: int, coming: int, share: float, wanted: list[int]):
    look, names = seen(weights, others), NAMES[:new]
    found = weighing(look, NOTHING, Wanted(share, frozenset(names), frozenset(NAMES[new : new + coming])), 256)
    assert [found.weights[one.server] for one in look.servers] == wanted
    assert found.theirs == {}
    got = share_of(after(look, found.weights), names)
    if new and not coming and weights[0] and carried({"": dict(zip(NAMES, weights, strict=False)) | {STRANGER: sum(others)}}, names) >= share > 0.001:
        assert got == pytest.approx(share, abs=0.003)


def own(look: BalancerSeen, weights: dict[str, int]) -> BalancerWeights:
    return BalancerWeights("set", {one.server: OwnWeight(one.weight or 0, weights[one.server], one.weight or 0) for one in look.servers})


def test_back_is_what_was_before_and_what_somebody_else_set_stays():
    look = seen((1, 2, 3))
    given = weighing(look, NOTHING, Wanted(0.05, frozenset({"web01"})), 256).weights
    known, now = own(look, given), after(look, given)
    assert weighing(now, known, Wanted(1.0), 256).weights == {"web01": 1, "web02": 2, "web03": 3}
    assert weighing(look, known, Wanted(1.0), 256).weights == {"web01": 1, "web02": 2, "web03": 3}, "a reload has put them back"
    meddled = after(now, {"web02": 7})
    back = weighing(meddled, known, Wanted(1.0), 256)
    assert (back.weights, back.theirs) == ({"web01": 1, "web03": 3}, {"web02": 7})
    more = weighing(meddled, known, Wanted(0.1, frozenset({"web01"})), 256)
    assert (more.weights["web03"], more.theirs) == (255, {"web02": 7})
    later = changed(known, own={name: one for name, one in known.own.items() if name != "web02"}, theirs={"web02": 7})
    assert weighing(after(meddled, {"web02": 9}), later, Wanted(0.1, frozenset({"web01"})), 256).theirs == {"web02": 9}, "theirs until the run's end"


def test_a_weight_that_was_about_to_be_set_is_ours_either_way():
    known = {"web01": OwnWeight(1, 40, 11)}
    assert [own_weight(ServerTraffic("web01", "web01", "in", weight=weight), known) for weight in (1, 11, 40, 7)] == [1, 1, 1, 7]


def test_nobody_has_a_share_where_nobody_serves():
    assert share_of(seen((0, 0)), ("web01",)) is None
    assert traffic_steps(Canary(by="weight"), fleet(2), {"a/shop": {}}) == ()


@pytest.mark.parametrize(("share", "words"), [(0.1, "10 %"), (0.025, "2.5 %"), (0.1234, "12.3 %"), (1.0, "100 %"), (0.0, "0 %")])
def test_a_share_is_said_as_people_say_it(share: float, words: str):
    assert share_words(share) == words


def test_what_serves_nothing_has_no_part_in_a_share_and_a_new_host_has_one_once_it_is_admitted():
    look = seen((1, 1, 2, 4), out=("web01", "web04"))
    assert share_of(look, {"web02"}) == pytest.approx(1 / 3)
    assert share_of(look, {"web01"}) == pytest.approx(1 / 4)
    assert share_of(seen((0, 0)), {"web01"}) is None


def test_a_host_of_which_one_balancer_knows_nothing_carries_nothing_there():
    loads = {"a/shop": {"web01": 1, "web02": 1, "web03": 2}, "b/shop": {"web02": 1, "web03": 1}}
    found = traffic_steps(Canary(steps=(NumberOfHosts(share=0.2),), by="weight"), fleet(3), loads)
    assert [host.name for host in found[0].hosts] == ["web01", "web02"], "web01 has nothing of b's traffic"


def test_a_balancer_that_sends_nothing_anywhere_is_asked_for_no_share():
    loads: dict[str, dict[str, int]] = {"a/shop": {"web01": 0, "web02": 0}}
    found = traffic_steps(Canary(steps=(NumberOfHosts(share=0.5),), by="weight"), fleet(2), loads)
    assert [len(step.hosts) for step in found] == []
