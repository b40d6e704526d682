"""The verdict on balancers: who must be in service, what is an error and what only a note."""

from collections.abc import Callable

import pytest

from console.core.checks.balancers import assess_balancers, assess_sides, shown_only
from console.core.traffic.bluegreen_sides import Sides
from console.core.traffic.serving import in_words, is_balanced, out_of
from console.errors import Problem
from console.model.balancer import Balancer
from console.model.checks import Check
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.traffic import BalancerProblem, BalancerSeen, ServerTraffic
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import an_environment

NAMES = ("web01", "web02", "web03")
HOSTS = tuple(map(Host, NAMES))
WAVES = (HOSTS[:1], HOSTS[1:])
FIRST = Balancer("haproxy", Host("lb01"), backend="shop")
SECOND = Balancer("haproxy", Host("lb02"), backend="shop")


def seen(balancer="lb01/shop", *, warnings=(), names=NAMES, **servers):
    """Servers by host: what each was told, or that with its health."""
    states = {**dict.fromkeys(names, "in"), **servers}
    rows = [(host, state) if isinstance(state, tuple) else (host, (state, True)) for host, state in states.items()]
    return BalancerSeen(balancer, tuple(ServerTraffic(host, host, *state) for host, state in rows), tuple(map(SafeText, warnings)))


def away(message="no answer within 10 s", *, reached=False):
    return BalancerProblem("lb01/shop", SafeText(message), SafeText("systemctl status haproxy"), reached)


DOWN = ("in", False)
ROWS = [
    ("all in", [seen()], "passed", "lb01/shop: 3 of 3 hosts serve", ""),
    ("two that agree", [seen(), seen("lb02/shop")], "passed", "lb02/shop: 3 of 3 hosts serve", ""),
    ("not asked for health", [seen(web01=("in", None))], "passed", "3 of 3", ""),
    ("one is out, and stays out", [seen(web02="out")], "warning", "web02 is out of lb01/shop and stays so", ""),
    ("one is drained", [seen(web02="drained")], "warning", "web02 is out of lb01/shop and stays so", ""),
    ("one is down", [seen(web02=DOWN)], "warning", "web02 is down at lb01/shop", ""),
    ("none is up, as before a first release", [seen(web01=DOWN, web02=DOWN, web03=DOWN)], "warning", "no server is well", ""),
    ("its configuration", [seen(warnings=["no redispatch"])], "warning", "lb01/shop: no redispatch", ""),
    ("they do not agree", [seen(), seen("lb02/shop", web03="out")], "warning", "web03 is out of lb02/shop and stays so", ""),
    ("it is away", [away()], "error", "lb01/shop: no answer within 10 s", "systemctl status haproxy"),
    ("it is away beside one that answers", [seen("lb02/shop"), away()], "error", "lb01/shop: no answer", "systemctl"),
    ("it answers something else", [away("level operator", reached=True)], "failed", "lb01/shop: level operator", "systemctl"),
    ("it was not asked", [], "error", "no host could be asked", "deploy check ENV"),
    ("it has no such server", [seen(names=NAMES[:2])], "failed", "no server for web03", 'server = "'),
    ("a wave takes all", [seen(web01="out")], "failed", "nothing would serve while web02, web03 change", "--override balancer=REASON"),
    ("a wave takes all that are up", [seen(web01=DOWN)], "failed", "nothing would serve while web02, web03", "--override balancer=REASON"),
]


@pytest.mark.parametrize(("looks", "status", "words", "remedy"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_what_the_balancers_said(looks, status, words, remedy):
    environment = Environment("shop", "production", "/srv/shop", HOSTS, balancers=(FIRST, SECOND)[: max(1, len(looks))])
    (check,) = assess_balancers(environment, HOSTS, looks, WAVES, out_of(looks))
    assert (check.id, check.status, check.blocks) == ("balancer", status, status in ("failed", "error"))
    assert words in check.detail
    assert remedy in check.remedy
    assert check.firm == (check.blocks and "--override" not in check.remedy)
    (shown,) = shown_only((check,))
    assert (shown.blocks, shown.status) == (False, "warning" if status == "failed" else status)


def test_without_balancers_there_is_nothing_to_say():
    assert assess_balancers(Environment("shop", "production", "/srv/shop", HOSTS), HOSTS, [], WAVES, {}) == ()


def test_names_of_balancers_are_cut_and_a_host_is_balanced_where_one_sends_it_requests():
    assert in_words(("a", "b", "c")) == "a, b, c"
    assert in_words(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"
    tagged = (Host("web01", tags=("web",)), Host("job01", tags=("jobs",)))
    environment = changed(an_environment(1), hosts=tagged, balancers=(Balancer("haproxy", backend="shop", tags=("web",)),))
    assert [is_balanced(environment, name) for name in ("web01", "job01", "gone")] == [True, False, False]


BOTH = changed(an_environment(3), hosts=HOSTS, balancers=(FIRST, SECOND))
SIDES = changed(BOTH, hosts=tuple(Host(f"web{number:02}", color="blue" if number < 3 else "green") for number in range(1, 10)), strategy="bluegreen")
LACKING = 'name it there, or say what it is called there: server = "…" in the host\'s table'
NO_WAVE = "put another server into its traffic, make batch smaller, or --override balancer=REASON"
GREEN = "web03, web04, web05, web06, web07"
WHOLE = [
    (
        "two that are away, of which one says what to do",
        lambda: assess_balancers(BOTH, HOSTS, (away(), BalancerProblem("lb02/shop", SafeText("gone"))), WAVES, {}),
        Check("balancer", SafeText("Balancers"), "error", True, SafeText("lb01/shop: no answer within 10 s; lb02/shop: gone"), SafeText("systemctl status haproxy"), firm=True),
    ),
    (
        "no server for a host",
        lambda: assess_balancers(BOTH, HOSTS, (seen(), seen("lb02/shop", names=NAMES[:2])), WAVES, {}),
        Check("balancer", SafeText("Balancers"), "failed", True, SafeText("lb02/shop: no server for web03"), SafeText(LACKING), firm=True),
    ),
    (
        "two that a wave empties, one of them by one host",
        lambda: assess_balancers(BOTH, HOSTS, (seen(web02="out", web03="out"), seen("lb02/shop", web01="out")), WAVES, {}),
        Check("balancer", SafeText("Balancers"), "failed", True,
            SafeText("lb01/shop: nothing would serve while web01 changes; lb02/shop: nothing would serve while web02, web03 change"), SafeText(NO_WAVE),
        ),
    ),
    (
        "one that serves, one without weight, one that is out of two",
        lambda: assess_balancers(
            changed(BOTH, balancers=(FIRST,)), HOSTS, (BalancerSeen("lb01/shop", (
                ServerTraffic("web01", "web01", "in"), ServerTraffic("web02", "web02", "in", weight=0), ServerTraffic("web03", "web03", "out"),
            )),), (), {"web03": frozenset({"lb02/shop", "lb01/shop"}), "web09": frozenset({"lb01/shop"})},
        ),
        Check("balancer", SafeText("Balancers"), "warning", True,
            SafeText("lb01/shop: 1 of 3 hosts serves; web03 is out of lb01/shop, lb02/shop and stays so; web02 is without weight at lb01/shop"),
        ),
    ),
    ("sides that are not known", lambda: (assess_sides(SIDES, None, NAMES),), Check("balancer", SafeText("Balancers"), "failed", True, SafeText("which side is live is not known"), SafeText("deploy check ENV"), firm=True,
    )),
    ("sides that cannot be told apart", lambda: (assess_sides(SIDES, Problem("both serve", "take one out"), NAMES),), Check("balancer", SafeText("Balancers"), "failed", True, SafeText("both serve"), SafeText("take one out"), firm=True,
    )),
    ("a part of them", lambda: (assess_sides(SIDES, Sides("blue", "green"), NAMES[:2]),), Check("balancer", SafeText("Balancers"), "failed", True, SafeText(f"a blue/green release is one of both sides; not among its hosts: {GREEN}"),
        SafeText("leave --hosts out, or --strategy rolling"), firm=True,
    )),
    ("all of them", lambda: (assess_sides(SIDES, Sides("blue", "green"), [host.name for host in SIDES.hosts]),), Check("balancer", SafeText("Balancers"), "passed", True, SafeText(f"blue is live; green ({GREEN}) gets the release, and then the traffic"),
    )),
    ("both serve", lambda: (assess_sides(SIDES, Sides("blue", "green", ("web03",)), [host.name for host in SIDES.hosts]),), Check("balancer", SafeText("Balancers"), "warning", True,
        SafeText(f"both sides get requests: green ({GREEN}) is drained, gets the release, and then the traffic; blue serves alone meanwhile, and one side alone from then on"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("found", "whole"), [pytest.param(*row[1:], id=row[0]) for row in WHOLE])
def test_a_verdict_is_this(found: Callable[[], tuple[Check, ...]], whole: Check):
    assert found() == (whole,)
