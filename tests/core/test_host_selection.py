import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_ranges import MOST, expand
from console.core.host_selection import chosen_hosts, meant_hosts, select
from console.core.words.nearest_name import nearest
from console.errors import Problem, UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.request import Request

FLEET = (
    Host("web01", tags=("web", "canary")),
    Host("web02", tags=("web",)),
    Host("web03", tags=("web",)),
    Host("job01", tags=("jobs",)),
    Host("db.example.net"),
)


def names(pattern: str) -> list[str]:
    found = select(pattern, FLEET)
    assert not isinstance(found, Problem), found
    return [host.name for host in found]


def problem(pattern: str) -> Problem:
    found = select(pattern, FLEET)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("web[01-03].example.net", ["web01.example.net", "web02.example.net", "web03.example.net"]),
        ("web[8-11]", ["web8", "web9", "web10", "web11"]),
        ("db[a-c]", ["dba", "dbb", "dbc"]),
        ("n[1,3]", ["n1", "n3"]),
        ("n[1-2,x,07-08]", ["n1", "n2", "nx", "n07", "n08"]),
        ("[a-b][1-2]", ["a1", "a2", "b1", "b2"]),
        ("plain", ["plain"]),
        ("n[5-5]", ["n5"]),
    ],
)
def test_ranges_expand_in_order(pattern: str, expected: list[str]) -> None:
    assert expand(pattern) == tuple(expected)


BAD = [
    "n[3-1]", "n[]", "n[a-", "n]", "n[a-F]", "n[1-]", "n[1,,2]", "n[[1-2]]", "n[aa-bb]", f"n[0-{MOST}]", "[1-200][1-200]",
    "n[1-99999999999]",
]  # fmt: skip


@pytest.mark.parametrize("pattern", BAD)
def test_what_is_no_range_is_a_problem(pattern: str) -> None:
    found = expand(pattern)
    assert isinstance(found, Problem)
    assert found.hint


@given(st.integers(0, 999), st.integers(0, 50), st.integers(1, 4))
def test_a_numeric_range_has_every_number_once_with_its_padding(low: int, more: int, width: int) -> None:
    first = str(low).zfill(width)
    found = expand(f"h[{first}-{low + more}]")
    assert isinstance(found, tuple)
    assert [int(name[1:]) for name in found] == list(range(low, low + more + 1))
    assert all(len(name) - 1 >= len(first) for name in found)


@given(st.text(alphabet="ab0123[],-*?!:. ", max_size=20))
def test_any_pattern_is_answered(pattern: str) -> None:
    found = select(pattern, FLEET)
    assert isinstance(found, Problem) or (found and set(found) <= set(FLEET))


def test_each_form_selects_in_the_order_of_the_fleet() -> None:
    assert names("web03,web01") == ["web01", "web03"]
    assert names("web*") == ["web01", "web02", "web03"]
    assert names("web0?") == ["web01", "web02", "web03"]
    assert names("web[02-03]") == ["web02", "web03"]
    assert names("[w,j]*[1,3]") == ["web01", "web03", "job01"]
    assert names("tag:jobs, web01") == ["web01", "job01"]
    assert names("") == [host.name for host in FLEET]


def test_an_exclamation_mark_takes_out() -> None:
    assert names("!tag:web") == ["job01", "db.example.net"]
    assert names("tag:web,!web02") == ["web01", "web03"]
    assert names("!web[01-02],web*") == ["web03"]


def test_no_match_is_a_problem_that_names_the_nearest() -> None:
    assert "web1: no such host" in problem("web01,web1").message
    assert "web01" in problem("web1").hint
    assert problem("db").hint == "did you mean db.example.net?"
    assert problem("tag:job").hint == "did you mean jobs?"
    assert "web04" in problem("web[01-04]").message
    assert "no such host" in problem("!web9").message
    assert "leaves no host" in problem("web01,!tag:web").message
    assert "empty part" in problem("web01,,web02").message


def test_nearest_is_empty_when_nothing_is_like_it() -> None:
    assert nearest("zzz", ("web01",)) == ""


RANGE = "a range is [01-12], [a-f] or [1,3]"


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("n[1", "n[1: a bracket without its other half", RANGE), ("n]", "n]: a bracket without its other half", RANGE), ("n[[1-2]]", "n[[1-2]]: a bracket without its other half", RANGE),
        ("n[1]x]", "n[1]x]: a bracket without its other half", RANGE), ("n[0000000001-5]", "n[0000000001-5]: [0000000001-5] is no range", RANGE),
        ("n[]", "n[]: [] is no range", RANGE), ("n[-]", "n[-]: [] is no range", RANGE), ("n[1-]", "n[1-]: [1] is no range", RANGE), ("n[1,,2]", "n[1,,2]: [] is no range", RANGE),
        ("n[3-1]", "n[3-1]: [3-1] is no range", RANGE), ("n[c-a]", "n[c-a]: [c-a] is no range", RANGE), ("n[a-F]", "n[a-F]: [a-F] is no range", RANGE),
        ("n[A-f]", "n[A-f]: [A-f] is no range", RANGE), ("n[aa-bb]", "n[aa-bb]: [aa-bb] is no range", RANGE), ("n[a-bb]", "n[a-bb]: [a-bb] is no range", RANGE),
        ("n[1-b]", "n[1-b]: [1-b] is no range", RANGE), ("n[ä-ö]", "n[ä-ö]: [ä-ö] is no range", RANGE), ("n[ä]", "n[ä]: [ä] is no range", RANGE), ("n[1-٣]", "n[1-٣]: [1-٣] is no range", RANGE),
        ("n[1-2-3]", "n[1-2-3]: [1-2-3] is no range", RANGE), ("n[.]", "n[.]: [.] is no range", RANGE), ("n[1-1234567890]", "n[1-1234567890]: [1-1234567890] is no range", RANGE),
        ("n[0-10000]", "n[0-10000]: [0-10000] is more than 10000 names", "give fewer, or several patterns"),
        ("[1-200][1-200]", "[1-200][1-200]: more than 10000 names", "give fewer, or several patterns"),
    ],
)  # fmt: skip
def test_why_a_pattern_is_none(pattern: str, message: str, hint: str) -> None:
    assert expand(pattern) == Problem(message, hint)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ("",)), ("XX", ("XX",)), ("n[A-C]", ("nA", "nB", "nC")), ("n[ 1 , 3 ]", ("n1", "n3")), ("n[09-11]", ("n09", "n10", "n11")), ("n[9-11]", ("n9", "n10", "n11")),
        ("n[ab,c]", ("nab", "nc")), ("n[007]", ("n007",)), ("[1-2]x[a,b]y", ("1xay", "1xby", "2xay", "2xby")), ("n[1,1]", ("n1", "n1")), ("n[0-000]", ("n0",)),
        ("n[a-a]", ("na",)), ("n[999999999]", ("n999999999",)), ("n[999999999-999999999]", ("n999999999",)),
    ],
)  # fmt: skip
def test_what_a_pattern_stands_for(pattern: str, expected: tuple[str, ...]) -> None:
    assert expand(pattern) == expected


def test_ten_thousand_names_and_no_more() -> None:
    assert MOST == 10_000
    assert len(expand("n[1-10000]")) == MOST
    assert len(expand("[1-100][1-100]")) == MOST
    assert isinstance(expand("n[1-10000][1,2]"), Problem)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("  ", ["web01", "web02", "web03", "job01", "db.example.net"]), (" web01 , web02 ", ["web01", "web02"]), ("! web01,web*", ["web02", "web03"]),
        ("web0[1,3]", ["web01", "web03"]), ("web01,web01", ["web01"]), ("*", ["web01", "web02", "web03", "job01", "db.example.net"]), ("*.net", ["db.example.net"]),
        ("???01", ["web01", "job01"]), ("tag:canary", ["web01"]), ("tag:web,!tag:canary", ["web02", "web03"]), ("!web01,!web02", ["web03", "job01", "db.example.net"]),
        ("[web,job]01", ["web01", "job01"]), ("w*[2-3]", ["web02", "web03"]), ("web0[1-2],job*,!web01", ["web02", "job01"]),
    ],
)  # fmt: skip
def test_which_hosts_are_meant(pattern: str, expected: list[str]) -> None:
    assert names(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("web9", "web9: no such host", "did you mean web03?"), ("x", "x: no such host", "hosts: web01, web02, web03, job01, db.example.net"),
        ("x*", "x*: no such host", "hosts: web01, web02, web03, job01, db.example.net"), ("web[01-09]", "web04, web05, web06, web07, web08 and 1 more: no such host", "did you mean web03?"),
        ("web[01-08]", "web04, web05, web06, web07, web08: no such host", "did you mean web03?"), ("db.example", "db.example: no such host", "did you mean db.example.net?"),
        ("job01.example.net", "job01.example.net: no such host", "did you mean job01?"), ("tag:x", "tag:x: no host has that tag", "tags: web, canary, jobs"),
        ("tag:canari", "tag:canari: no host has that tag", "did you mean canary?"), ("tag:", "tag:: no host has that tag", "tags: web, canary, jobs"),
        (",", "an empty part in the host pattern", "names, globs, ranges, tag:x, separated by commas"), ("!", "an empty part in the host pattern", "names, globs, ranges, tag:x, separated by commas"),
        ("!*", "!*: leaves no host", "loosen the part with !"), ("web01,!web01", "web01,!web01: leaves no host", "loosen the part with !"), ("WEB01", "WEB01: no such host", None),
        ("!nothing", "!nothing: no such host", None), ("n[3-1],web01", "n[3-1]: [3-1] is no range", RANGE),
    ],
)  # fmt: skip
def test_why_no_host_is_meant(pattern: str, message: str, hint: str | None) -> None:
    found = problem(pattern)
    assert found.message == message.replace("!nothing:", "nothing:")
    assert hint is None or found.hint == hint


def test_of_many_hosts_eight_are_named() -> None:
    for count, end in ((8, "h7"), (9, "h7 …")):
        found = select("zz", tuple(Host(f"h{number}") for number in range(count)))
        assert isinstance(found, Problem)
        assert found.hint == "hosts: h0, h1, h2, h3, h4, h5, h6, " + end


def test_a_fleet_of_nobody_has_no_hosts_and_no_tags() -> None:
    assert select("x", ()) == Problem("x: no such host", "there are no hosts")
    assert select("tag:x", FLEET[4:]) == Problem("tag:x: no host has that tag", "there are no tags")
    assert select("", ()) == ()


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("web1", ("web01", "job01"), "web01"), ("db", ("dbx", "db.example.net"), "db.example.net"), ("db.example.net", ("db", "other"), "db"), ("", ("a",), ""), ("x", (), ""),
        ("abcde", ("vwxyz",), ""), ("web", ("website.net", "web.net"), "web.net"),
    ],
)  # fmt: skip
def test_the_name_that_is_most_like_it(name: str, known: tuple[str, ...], found: str) -> None:
    assert nearest(name, known) == found


SHOP = Environment("shop", "production", "/srv/shop", FLEET)


def test_a_request_means_its_hosts_and_is_for_those_that_it_does_not_leave_out() -> None:
    request = Request(hosts="web*", without=(("web02", "away"), ("job01", "busy")))
    assert [host.name for host in meant_hosts(SHOP, request)] == ["web01", "web02", "web03"]
    assert [host.name for host in chosen_hosts(SHOP, request)] == ["web01", "web03"]
    assert chosen_hosts(SHOP, Request()) == FLEET


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        (Request(hosts="x"), "x: no such host", "hosts: web01, web02, web03, job01, db.example.net"),
        (Request(without=(("zz", "a"), ("aa", "b"), ("web01", "c"))), "--without names no host of production: aa, zz", "deploy status"),
        (Request(hosts="web01", without=(("web01", "away"),)), "no host is left to work on", "deploy status"),
    ],
    ids=["no host", "left out and not there", "all left out"],
)
def test_a_request_that_no_host_is_left_for_is_refused(request_: Request, message: str, hint: str) -> None:
    with pytest.raises(UsageFault) as fault:
        chosen_hosts(SHOP, request_)
    assert (fault.value.message, fault.value.hint) == (message, hint)


@given(st.sets(st.sampled_from([host.name for host in FLEET])), st.sets(st.sampled_from([host.name for host in FLEET]), max_size=4))
def test_what_is_left_out_is_never_chosen_whatever_the_order(wanted: set[str], unwanted: set[str]) -> None:
    parts = [*sorted(wanted), *(f"!{name}" for name in sorted(unwanted))]
    found = select(",".join(parts), FLEET)
    expected = [host.name for host in FLEET if (host.name in wanted or not wanted) and host.name not in unwanted]
    assert [host.name for host in found] == expected if not isinstance(found, Problem) else not expected
