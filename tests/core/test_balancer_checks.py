"""The verdict on balancers: who must be in service, what is an error and what only a note."""

import pytest

from console.core.checks.balancers import assess_balancers, shown_only
from console.core.traffic.serving import in_words, is_balanced, out_of
from console.model.balancer import Balancer
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
