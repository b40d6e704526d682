"""What an environment's record answers: debts with what comes of each, the run that failed, locks that are left, hosts that are well, how long steps take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.environment.record_queries import Leftover, debts_of, failed_run, healthy_hosts, leftovers, owed_now, usual_seconds
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.debt import Debt
from console.model.environment_record import Debts, EnvironmentRecord, HostRecord, Live, OwedHost, Unclear, Unverified
from console.model.fleet_snapshot import LastRun
from console.model.host import Host
from console.model.host_facts import HostFacts, HostRelease
from console.model.release_facts import Release
from console.model.values import changed
from console.safe_text import SafeText

LIVE, NAMELESS = Live(Release("r2", SafeText("v2"), "b" * 40)), Live(Release("r2", SafeText(""), ""))
ASKED = Unclear("run r7 left its hosts on different releases")
LOST = Debt("web02", "r1", SafeText("no route"))
LEFT_OUT = changed(LOST, left_out=True)


def owing(*debts: Debt, live: Live | Unclear = LIVE) -> EnvironmentRecord:
    return EnvironmentRecord(live=live, debts=Debts(tuple(OwedHost(number, debt) for number, debt in enumerate(debts, 1))))


NEXT = [
    ("a host that was lost", LOST, LIVE, "", "it gets v2 once it answers again"),
    ("a host that was left out", LEFT_OUT, LIVE, "", "it gets v2 with the next release, or when it reconnects"),
    ("a release without a version", LOST, NAMELESS, "", "it gets r2 once it answers again"),
    ("an engine that pays nothing", LOST, LIVE, "no secrets", "it gets v2 with the next release; not by itself: no secrets"),
    (
        "an engine that pays nothing, and a release without a version",
        LOST,
        NAMELESS,
        "no secrets",
        "it gets r2 with the next release; not by itself: no secrets",
    ),
    ("an environment that nobody can name", LOST, ASKED, "", "a person must decide which release it gets: run r7 left its hosts on different releases"),
    (
        "an engine that pays nothing of what nobody can name",
        LOST,
        ASKED,
        "no secrets",
        "a person must decide which release it gets: run r7 left its hosts on different releases",
    ),
]


@pytest.mark.parametrize(("debt", "live", "unpaid", "words"), [pytest.param(*row[1:], id=row[0]) for row in NEXT])
def test_what_comes_of_a_debt(debt: Debt, live: Live | Unclear, unpaid: str, words: str):
    assert owed_now(owing(debt, live=live), unpaid) == (changed(debt, next=SafeText(words)),)
    assert debts_of(owing(debt, live=live)) == (debt,)


def test_debts_stand_in_the_order_of_the_record():
    other = changed(LOST, host="web03")
    assert debts_of(owing(other, LOST)) == (other, LOST)
    assert owed_now(EnvironmentRecord()) == ()


def a_failure(run: str, **fields: object) -> Unverified:
    return Unverified(LastRun(run, "deploy", "failed", 5), **{"hosts": ("web01", "web02"), **fields})  # type: ignore[arg-type]


FAILED = [
    ("none", (), ""),
    ("one with a host that is not verified", (a_failure("r1", bad=("web01",)),), "r1"),
    ("one whose hosts are verified", (a_failure("r1", bad=("web01",), good=("web01",)),), ""),
    ("the newest of two", (a_failure("r1", bad=("web01",)), a_failure("r2", bad=("web01",))), "r2"),
    ("the older of two, where the newer is made good", (a_failure("r1", bad=("web01",)), a_failure("r2", bad=("web02",), good=("web02",))), "r1"),
    ("one that left a host as it was", (a_failure("r1", stayed=("web02",), good=("web01",)),), "r1"),
    ("one that left a host as it was, which is verified", (a_failure("r1", stayed=("web02",), good=("web02",)),), ""),
    ("a bad host before one that stayed", (a_failure("r1", bad=("web01",), stayed=("web02",), good=("web01",)),), ""),
    ("one that failed on no host", (a_failure("r1", good=("web01",)),), "r1"),
    ("one that failed on no host, with all verified", (a_failure("r1", good=("web01", "web02")),), ""),
]


@pytest.mark.parametrize(("unverified", "run"), [pytest.param(*row[1:], id=row[0]) for row in FAILED])
def test_which_run_left_the_environment_unverified(unverified: tuple[Unverified, ...], run: str):
    found = failed_run(EnvironmentRecord(unverified=unverified))
    assert (found.run if found else "") == run


def held(run: str, left: bool = True) -> HostRecord:
    return HostRecord(locked_by=run, lock_left=left)


HELD = [
    ("nothing", {}, ()),
    ("a lock of a run that goes on", {"web01": held("r1", left=False)}, ()),
    ("a lock that is left", {"web01": held("r1")}, (Leftover("r1", ("web01",)),)),
    ("two of one run, by name", {"web02": held("r1"), "web01": held("r1")}, (Leftover("r1", ("web01", "web02")),)),
    ("two of two runs, the newest first", {"web01": held("r1"), "web02": held("r2")}, (Leftover("r2", ("web02",)), Leftover("r1", ("web01",)))),
    ("one on a host that is not asked about", {"job01": held("r1")}, ()),
]


@pytest.mark.parametrize(("hosts", "left"), [pytest.param(*row[1:], id=row[0]) for row in HELD])
def test_which_locks_are_left(hosts: dict[str, HostRecord], left: tuple[Leftover, ...]):
    assert leftovers(EnvironmentRecord(hosts=hosts), ("web02", "web01", "web09")) == left


GATED = Environment(
    "shop",
    "production",
    "/srv",
    (Host("web01"), Host("job01", tags=("jobs",))),
    health=(HealthCheck("web", "tcp", tags=("web",)), HealthCheck("jobs", "tcp", tags=("jobs",))),
)
BARE = HostRelease("r2")


def well(host: str, verdict: str, *debts: Debt, known: bool = True, **fields: object) -> bool | None:
    record = changed(owing(*debts), hosts={host: HostRecord(verdict=verdict)} if known else {})  # type: ignore[arg-type]
    fact = HostFacts(host, **{"current": "r2", "releases": (BARE,), **fields})  # type: ignore[arg-type]
    return healthy_hosts(record, GATED, (fact,))[host]


WELL = [
    ("a gate that passed", "job01", "passed", True),
    ("a gate that failed", "job01", "failed", False),
    ("a restart behind which a gate would speak", "job01", "restarted", None),
    ("a restart where no gate speaks", "web01", "restarted", True),
    ("nothing that is known", "job01", "unknown", None),
    ("no run that worked on it", "job01", "", None),
]


@pytest.mark.parametrize(("host", "verdict", "healthy"), [pytest.param(*row[1:], id=row[0]) for row in WELL])
def test_a_host_is_well_by_what_runs_said_of_it(host: str, verdict: str, healthy: bool | None):
    assert well(host, verdict) is healthy


def test_a_host_that_is_owed_or_not_known_is_not_called_well():
    assert well("job01", "passed", changed(LOST, host="job01")) is None
    assert well("job01", "passed", LOST) is True
    assert well("job01", "passed", known=False) is None
    assert well("job01", "", releases=(HostRelease("r2", healthy=True),)) is True
    assert well("job01", "passed", problem=SafeText("no route")) is None


def test_every_host_that_was_seen_has_an_answer():
    facts = tuple(HostFacts(name, current="r2", releases=(BARE,)) for name in ("web01", "job01", "web09"))
    record = EnvironmentRecord(hosts={"web01": HostRecord(verdict="failed")})
    assert healthy_hosts(record, GATED, facts) == {"web01": False, "job01": None, "web09": None}


@pytest.mark.parametrize(
    ("runs", "usual"),
    [
        ((), {}),
        (({"switch": (1.0, 3.0)},), {"switch": 2.0}),
        (({"switch": (1.0,)}, {"switch": (2.0, 9.0), "gate": (4.0,)}), {"switch": 2.0, "gate": 4.0}),
        (({"switch": (1.23456,)},), {"switch": 1.235}),
    ],
    ids=["no run", "one run", "two runs", "milliseconds"],
)
def test_how_long_steps_took_in_the_last_runs(runs: tuple[dict[str, tuple[float, ...]], ...], usual: dict[str, float]):
    assert usual_seconds(EnvironmentRecord(usual=runs)) == usual


@given(
    st.lists(st.sampled_from(["web01", "web02", "web03"]), unique=True),
    st.dictionaries(st.sampled_from(["web01", "web02", "web03"]), st.tuples(st.sampled_from(["r1", "r2"]), st.booleans())),
)
def test_each_lock_that_is_left_is_told_once(asked: list[str], locks: dict[str, tuple[str, bool]]):
    found = leftovers(EnvironmentRecord(hosts={name: held(run, left=left) for name, (run, left) in locks.items()}), asked)
    told = [(one.run, name) for one in found for name in one.hosts]
    assert sorted(told) == sorted((locks[name][0], name) for name in asked if name in locks and locks[name][1])
