"""Tables and sets of hosts are what dicts and sets are, in order; no change reaches one that was there before."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.host_set import HostSet
from console.model.paged_table import PAGE, Table

NAMES = st.sampled_from([f"n{number}" for number in range(3 * PAGE)])
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "put_all", "without", "back"]), st.lists(NAMES, max_size=2 * PAGE, unique=True), st.integers(0, 9)), max_size=12
)


@given(st.lists(NAMES, unique=True), CHANGES)
def test_a_table_is_a_dict_and_every_one_that_it_came_from_stays(names: list[str], changes):
    """`back` goes on from an older one, beside what was made of it since."""
    made = [(Table((name, 0) for name in names), dict.fromkeys(names, 0))]
    for act, chosen, value in changes:
        table, plain = made[-1]
        match act:
            case "put":
                for name in chosen:
                    table, plain = table.put(name, value), {**plain, name: value}
            case "put_all":
                table, plain = table.put_all(dict.fromkeys(chosen, value)), {**plain, **dict.fromkeys(chosen, value)}
            case "without":
                table, plain = table.without(chosen), {name: one for name, one in plain.items() if name not in chosen}
            case _:
                table, plain = made[value % len(made)]
        made.append((table, plain))
    for table, plain in made:
        assert list(table.items()) == list(plain.items())
        assert (list(table), list(table.values()), len(table), table) == (list(plain), list(plain.values()), len(plain), plain)
        assert all((name in table, table.get(name)) == (name in plain, plain.get(name)) for name in [*names, "n0", "n1", "none"])
        assert deepcopy(table) == table


def test_what_is_not_there_is_said_to_be():
    longer = Table({"a": 1}).put("b", 2)
    shorter = Table({"a": 1})
    with pytest.raises(KeyError):
        shorter["b"]
    assert (1 in longer, longer == {"a": 1, "b": 2}, longer == shorter, longer == 3) == (False, True, False, False)
    assert repr(longer) == "Table({'a': 1, 'b': 2})"


def test_names_may_be_looked_at_while_another_table_takes_more():
    table = Table({"a": 1})
    for number, _ in enumerate(table):
        table.put(f"b{number}", 2)
    assert dict(table) == {"a": 1}


def test_a_change_copies_a_page_and_shares_the_others():
    before = Table((f"n{number}", number) for number in range(4 * PAGE))
    after = before.put("n0", 7)
    assert [one is other for one, other in zip(before._pages, after._pages, strict=True)] == [False, True, True, True]


FLEET = [f"web{number}" for number in range(100)]
HOSTS = st.lists(st.sampled_from(FLEET), unique=True)


@given(HOSTS, HOSTS)
def test_a_set_of_hosts_is_a_set_in_the_order_of_the_fleet(some: list[str], others: list[str]):
    nobody = HostSet(FLEET)
    one, other = nobody.only(some), nobody.only(others)
    assert list(one) == [name for name in FLEET if name in some]
    assert (len(one), bool(one), set(one)) == (len(some), bool(some), set(some))
    assert set(one & other) == set(some) & set(others)
    assert set(one | other) == set(some) | set(others)
    assert set(one - other) == set(some) - set(others)
    assert (one == other) == (set(some) == set(others))


@given(HOSTS, st.sampled_from(FLEET), st.booleans())
def test_a_host_is_put_in_and_taken_out(some: list[str], name: str, there: bool):
    before = HostSet(FLEET).only(some)
    after = before.put(name, there=there)
    assert set(after) == (set(some) | {name} if there else set(some) - {name})
    assert (name in after, set(before)) == (there, set(some))


def test_who_is_no_host_of_the_fleet_is_in_no_set():
    every = HostSet(FLEET).only([*FLEET, "db01"])
    assert (list(every), "db01" in every, 3 in every) == (FLEET, False, False)


@given(st.lists(NAMES, unique=True), st.data())
def test_names_are_told_in_the_order_of_the_table(names: list[str], data: st.DataObject):
    table = Table((name, 0) for name in names)
    chosen = data.draw(st.permutations(names)) if names else []
    assert table.in_order(chosen[1:]) == tuple(name for name in names if name in chosen[1:])
