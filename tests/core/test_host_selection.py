import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host_selection import MOST, expand, nearest, select
from console.errors import Problem
from console.model.fleet import Host

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
