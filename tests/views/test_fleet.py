"""The fleet at every density: nobody is lost, the room is kept, arrows lead somewhere sensible, what changed is found."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.paged_table import Table
from console.model.state import HostState, RunState, StepState
from console.model.thresholds import Breached, Threshold, ThresholdState
from console.model.traffic import HostTraffic
from console.model.values import changed
from console.safe_text import SafeText
from console.views.condition_marks import host_mark
from console.views.filter import parse
from console.views.fleet_letters import legend, letter_lines, sign_of
from console.views.fleet_rows import counts_in_words, fleet_lines, host_line, host_words, kept_names
from console.views.grid import grid_for
from console.views.styled_text import Span, changed_cells, line, text, width
from tests.core.builders import a_step, counted, hosts_of

CONDITIONS = ("old", "updating", "new", "returning", "back", "failed", "unreachable", "unknown", "skipped", "owed", "left-out")


def a_fleet(conditions: list[str]) -> RunState:
    hosts = {
        f"web{number:04}": HostState(f"web{number:04}", condition, version=SafeText("v1.2.3"))  # type: ignore[arg-type]
        for number, condition in enumerate(conditions)
    }
    return msgspec.structs.replace(RunState(), run="r1", hosts=hosts)


fleets = st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=400).map(a_fleet)
rooms = st.tuples(st.integers(1, 200), st.integers(1, 48))


@given(fleets, rooms, st.data())
def test_every_host_has_a_place_of_its_own_and_the_room_is_kept(state: RunState, room: tuple[int, int], data: st.DataObject):
    names = tuple(state.hosts)
    grid = grid_for(names, *room)
    chosen = data.draw(st.sampled_from(names))
    lines = fleet_lines(state, names, *room, 5.0, chosen)
    assert len(lines) == grid.rows <= room[1]
    assert all(width(one) <= room[0] for one in lines)
    words = "\n".join(map(text, lines))
    if grid.mode in ("rows", "cells"):
        assert all(words.count(name) == 1 for name in names)
    else:
        assert len(words.replace("\n", "")) == -(-len(names) // grid.each)
    assert sum(span.tone == "selected" for one in lines for span in one) == 1


@given(fleets, rooms)
def test_what_stands_under_a_cell_is_what_was_put_there(state: RunState, room: tuple[int, int]):
    names = tuple(state.hosts)
    grid = grid_for(names, *room)
    step = 1 if grid.mode in ("heat", "groups") else grid.cells + 3
    for index in range(len(names)):
        row, column = grid.place(index)
        assert grid.index_at(column * step, row) == index // grid.each * grid.each


@given(fleets, rooms, st.lists(st.sampled_from(["up", "down", "left", "right", "pageup", "pagedown"]), max_size=30), st.data())
def test_arrows_stay_in_the_fleet_and_lead_back(state: RunState, room: tuple[int, int], pressed: list[str], data: st.DataObject):
    names = tuple(state.hosts)
    grid = grid_for(names, *room)
    index = data.draw(st.integers(0, len(names) - 1))
    back = {"up": "down", "down": "up", "left": "right", "right": "left"}
    for key in pressed:
        moved = grid.move(index, key)
        assert 0 <= moved < len(names)
        if key in back and moved != index:
            assert grid.move(moved, back[key]) == index
        index = moved


@given(fleets, st.integers(0, 160))
def test_the_legend_counts_every_host(state: RunState, room: int):
    told = legend(state, tuple(state.hosts), room)
    counts = told.partition(": ")[2] or told
    counted = sum(int(number.replace(",", "")) for number in re.findall(r"[0-9][0-9,]*(?![0-9,])", counts.replace(", ", " ")))
    assert counted == len(state.hosts)


def test_a_group_shows_the_worst_of_its_states():
    state = a_fleet(["old"] * 30 + ["failed"] + ["new"] * 29)
    names = tuple(state.hosts)
    grid = grid_for(names, 6, 2)
    assert (grid.mode, grid.each) == ("groups", 5)
    assert [text(one) for one in letter_lines(state, names, grid)] == ["······", "FNNNNN"]


def test_no_two_states_share_a_letter():
    letters = [sign_of(state, host)[0] for state in (a_fleet(list(CONDITIONS)),) for host in state.hosts.values()]
    assert len(set(letters)) == len(CONDITIONS)


def test_full_rows_have_the_load_where_there_is_room():
    state = a_fleet(["new", "old"])
    told = text(fleet_lines(state, tuple(state.hosts), 90, 4, 0.0, load=lambda host: (0.12, None))[0])
    assert "v1.2.3" in told
    assert "cpu  12 %" in told
    assert "mem" not in told


def test_the_chosen_host_is_named_with_its_state():
    assert host_line(a_fleet(["failed"]), "web0000", 0.0) == "web0000 failed, v1.2.3"


def test_a_state_word_filters_the_fleet():
    state = a_fleet(["failed", "new", "failed", "old"])
    assert kept_names(state, parse("failed")) == ("web0000", "web0002")
    assert kept_names(state, parse("!failed host:*1")) == ("web0001",)


spans = st.lists(st.builds(Span, st.text("ab ·", min_size=1, max_size=4), st.sampled_from(["plain", "good"])), max_size=6).map(tuple)


def cells(spans: tuple[Span, ...]) -> list[tuple[str, str]]:
    return [(letter, span.tone) for span in spans for letter in span.text]


@given(spans, spans)
def test_what_changed_lies_within_what_is_painted_again(before: tuple[Span, ...], after: tuple[Span, ...]):
    old, new = cells(before), cells(after)
    length = max(len(old), len(new))
    old += [(" ", "none")] * (length - len(old))
    new += [(" ", "none")] * (length - len(new))
    differ = [at for at in range(length) if old[at] != new[at]]
    found = changed_cells(before, after)
    if differ:
        assert found is not None
        assert found[0] <= differ[0]
        assert differ[-1] < found[0] + found[1]


def test_one_letter_among_many_is_painted_alone():
    assert changed_cells(line("···", Span("u", "busy"), "····"), line("···", Span("N", "good"), "····")) == (3, 1)
    assert changed_cells(line("········"), line("···", Span("u", "busy"), "····")) == (3, 1)


def test_a_host_on_another_version_than_most_stands_out_at_rest():
    versions = {"web01": "v1.4.0", "web02": "v1.1.0", "web03": "v1.4.0"}
    hosts = {name: HostState(name=name, condition="new", version=SafeText(version)) for name, version in versions.items()}
    words = {name: host_words(RunState(hosts=hosts), host, 0.0)[0] for name, host in hosts.items()}
    assert words == {"web01": "live", "web02": "live v1.1.0", "web03": "live"}
    assert host_words(RunState(run="r1", hosts=hosts), hosts["web02"], 0.0)[0] == "new"
    assert host_line(RunState(hosts=hosts), "web02", 0.0) == "web02 live, v1.1.0"


def test_at_rest_a_host_without_a_release_has_none_live_and_is_not_called_unverified():
    bare, unproven = HostState("web01"), HostState("web02", release="20261124T120000Z-abcdef0", version=SafeText("v1"))
    state = msgspec.structs.replace(RunState(), hosts={"web01": bare, "web02": unproven})
    assert host_words(state, bare, 0.0)[0] == "none live"
    assert host_words(state, unproven, 0.0)[0] == "not verified"
    assert counts_in_words(state) == "2 hosts: 1 none live, 1 not verified"
    assert host_line(state, "web01", 0.0) == "web01 none live"
    assert host_line(state, "web02", 0.0) == "web02 not verified, v1"


def test_a_step_that_runs_has_its_usual_time_beside_it_and_stands_out_once_it_is_late():
    step = a_step("wave-1/web01/restart", "restart", about="web01")
    host = HostState("web01", "updating", step=step.name, steps={step.name: StepState("running", 1, started=10.0)})
    state = msgspec.structs.replace(RunState(), run="r1", hosts=Table({"web01": host}), index=Table({step.name: step}), usual={"restart": 3.0})
    (row,) = fleet_lines(state, ("web01",), 100, 3, 12.0)
    assert "usual 3 s, now 2 s" in text(row)
    assert host_line(state, "web01", 12.0) == "web01 updating: restarting, 2 s (usual 3 s)"
    tones = [
        next(span.tone for span in fleet_lines(state, ("web01",), 100, 3, now)[0] if f"now {told}" in span.text)
        for now, told in ((12.0, "2 s"), (51.0, "41 s"))
    ]
    assert tones == ["dim", "warn"]
    unknown = msgspec.structs.replace(state, usual={})
    assert "usual" not in text(fleet_lines(unknown, ("web01",), 100, 3, 12.0)[0])


def test_in_a_cell_a_way_back_to_the_traffic_is_said_in_fewer_words():
    step = a_step("wave-1/web01/admit", "admit", about="web01")
    host = HostState("web01", "updating", step=step.name, steps={step.name: StepState("running", 1)})
    others = {f"web{number:02}": HostState(f"web{number:02}", "old") for number in range(2, 13)}
    state = msgspec.structs.replace(RunState(), run="r1", hosts=Table({"web01": host, **others}), index=Table({step.name: step}))
    assert any("to traffic" in text(row) and "…" not in text(row) for row in fleet_lines(state, tuple(state.hosts), 48, 7, 1.0))


def test_a_new_host_that_a_metric_above_its_limit_was_measured_on_is_not_ticked():
    state = a_fleet(["new", "new", "old"])
    breached = ThresholdState(Threshold("error_rate", above=0.01), Breached(hosts=("web0000", "web0002")), 0.0)
    state = changed(state, phase="running", thresholds={"x": breached})
    host, other, old = state.hosts.values()
    assert (host_mark(state, host).text, host_words(state, host, 9.0)[0], sign_of(state, host)[0]) == ("!", "new, errors high", "A")
    assert (host_mark(state, other).text, sign_of(state, other)[0]) == ("✓", "N")
    assert sign_of(state, old)[0] == "·"
    ended = changed(state, phase="ended")
    assert host_mark(ended, host).text == "✓"


def a_host_at(name: str, step: str, kind: str) -> RunState:
    """A run in which that step runs on one host for a second."""
    planned = a_step(step, kind, about=name, timeout=30.0)
    host = HostState(name, "updating", step=step, steps=Table({step: StepState("running", started=0.0)}))
    return msgspec.structs.replace(RunState(), run="r1", hosts=Table({name: host}), index=Table({step: planned}))


def test_no_words_of_a_state_are_cut_beside_a_long_name():
    name = "web01.example.net"
    admit = a_host_at(name, "wave-1/admit", "admit")
    short, long = (text(fleet_lines(admit, (name,), cells, 8, 1.0)[0]) for cells in (48, 104))
    assert short.split() == [name, "◐", "to", "traffic", "1", "s"]
    assert "returning to traffic " in long
    drain = a_host_at(name, "wave-1/drain", "drain")
    assert text(fleet_lines(drain, (name,), 48, 8, 1.0)[0]).endswith("draining      1 s, over 0 s")
    busy = {"lb": HostTraffic("drained", sessions=12)}
    busy_host = changed(drain.hosts[name], traffic=Table(busy))
    busy_drain = changed(drain, hosts=Table({name: busy_host}), index=Table({"wave-1/drain": a_step("wave-1/drain", "drain", about=name, timeout=90.0)}))
    assert text(fleet_lines(busy_drain, (name,), 46, 8, 1.0)[0]).endswith("draining, 12 left     1 s")


def test_a_host_whose_way_back_has_not_begun_is_not_said_to_do_what_it_did_last():
    state = a_host_at("web01", "wave-1/admit", "admit")
    done = changed(state.hosts["web01"], condition="returning", since=3.0, steps=Table({"wave-1/admit": StepState("done", started=0.0)}))
    assert host_words(changed(state, hosts=Table({"web01": done})), done, 5.0) == ("going back", "2 s")
    back = a_step("back/web01/admit", "admit", "rollback", about="web01")
    there = changed(done, step=back.name, steps=Table({back.name: StepState("done", started=3.0)}))
    assert host_words(changed(state, hosts=Table({"web01": there}), index=Table({back.name: back})), there, 5.0)[0] == "returning to traffic"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (HostState("web01", condition="new", release="r1", version=SafeText("v1.4.0"), traffic={"": HostTraffic("drained")}), "no requests"),
        (HostState("web01", condition="new", release="r1", version=SafeText("v1.4.0")), "live"),
    ],
)
def test_words_keep_a_gap_to_the_version_and_do_not_say_it_twice(host: HostState, told: str):
    """At 48 cells, the panel of a screen of 80: `live, no requ…v1.4.0`, and `live v1.4.0   v1.4.0`."""
    others = [HostState(name, condition="new", release="r0", version=SafeText("v1.0.0")) for name in ("web02", "web03")]
    row = text(fleet_lines(counted(RunState(environment="production", phase="ended", hosts=hosts_of(host, *others))), ("web01",), 48, 4, 0.0)[0])
    assert row.split() == ["web01", "✓", *told.split(), "v1.4.0"]
