"""A run's row in the history: it never outgrows its room, says how it ended at every width, and how long it took."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model.debt import Debt
from console.model.fleet_snapshot import FleetSnapshot, SnapshotHost
from console.model.run_summary import RunSummary
from console.model.values import changed
from console.safe_text import SafeText
from console.views.fleet_rows import counts_in_words, host_words
from console.views.home_summary import home_lines, resting_state, run_row
from console.views.styled_text import text, width
from console.views.times import seconds_between

RUN = RunSummary(
    "20261124T071407Z-production-3f2a", "shop", "production", "deploy", "v1.4.2", "3f2a91c" * 5, "rolling", "ada",
    "2026-11-24T07:14:07Z", "2026-11-24T07:19:37Z", "succeeded", 0,
)  # fmt: skip
WORDS = st.text("ab漢-é", max_size=40)


@given(WORDS, WORDS, st.sampled_from([None, "succeeded", "rolled-back", "failed"]), st.integers(30, 200))
def test_a_row_keeps_its_room_and_says_how_it_ended(version: str, by: str, outcome: str | None, room: int) -> None:
    row = run_row(replace(RUN, version=version, by=by, outcome=outcome, ended=RUN.ended if outcome else None), room, UTC)
    assert width(row) <= room
    assert (outcome or "goes on") in text(row)


@pytest.mark.parametrize(("room", "words"), [
    (76, "11-24 07:14 succeeded v1.4.2 05:30 ada 20261124T071…"),
    (120, "11-24 07:14 succeeded v1.4.2 05:30 rolling 3f2a91c ada 20261124T071407Z-production-3f2a"),
])  # fmt: skip
def test_more_room_says_more(room: int, words: str) -> None:
    assert text(run_row(RUN, room, UTC)).split() == words.split()
    assert text(run_row(replace(RUN, kind="rollback"), room, UTC)).split()[3:5] == ["rollback", "v1.4.2"]
    back = text(run_row(replace(RUN, kind="rollback", from_version="v1.5.0"), room, UTC)).split()
    assert back[3:7] == ["rollback", "→", "v1.4.2", "05:30"]
    gone = replace(RUN, from_version="v1.5.0", outcome="rolled-back", asked="automatic", reason="web01 failed")
    assert "v1.5.0 → v1.4.2" in text(run_row(gone, room, UTC))
    assert text(run_row(gone, 200, UTC)).endswith(f"{RUN.run}  automatic: web01 failed")


@given(st.datetimes().filter(lambda moment: moment.year < 3000), st.integers(0, 10**6))
def test_the_seconds_between_two_moments(started: datetime, seconds: int) -> None:
    assert seconds_between(f"{started.isoformat()}Z", f"{(started + timedelta(seconds=seconds)).isoformat()}Z") == seconds


def test_no_moment_has_no_seconds() -> None:
    assert seconds_between("", "2026-11-24T07:14:07Z") == 0.0
    assert seconds_between("2026-11-24T07:14:07Z", "2026-11-24T07:14:08.500Z") == 1.5
    assert seconds_between("2026-11-24T07:14:08Z", "2026-11-24T07:14:07Z") == 0.0


OWED = Debt("web03", "r1", SafeText("not reached"), next=SafeText("it gets v2 once it answers again"))


def a_board(away: tuple[str, ...] = (), owed: tuple[Debt, ...] = (OWED,)) -> FleetSnapshot:
    hosts = tuple(SnapshotHost(name, reachable=name not in away, version=SafeText("v2")) for name in ("web01", "web02", "web03"))
    return FleetSnapshot("production", "shop", hosts=hosts, owed=owed)


def test_what_is_owed_is_said_with_what_comes_of_it():
    assert text(home_lines(a_board(("web03",)), "", 120)[-1]) == " owed, not reached: web03; it gets v2 once it answers again"
    assert text(home_lines(a_board(), "", 120)[-1]) == " owed: web03; it gets v2 once it answers again"
    assert text(home_lines(a_board(("web02",)), "", 120)[-1]) == " not reached: web02"
    assert text(home_lines(a_board(owed=()), "", 120)[-1]) == " all quiet"


def test_a_record_that_is_away_is_said_before_what_hosts_are():
    board = changed(a_board(("web02",)), record_away=SafeText("the journal db does not answer"))
    assert text(home_lines(board, "", 120)[-1]) == " the shared record is away, and nothing begins but a rollback: the journal db does not answer"
    assert "nothing runs" not in text(home_lines(board, "", 120)[0])
    assert "nothing runs" in text(home_lines(changed(board, record_away=SafeText("")), "", 120)[0])
    of_run = " the shared record is away: whether run r5 goes on is not known, and nothing begins but a rollback: the journal db does not answer"
    assert [text(home_lines(board, "r5", 160, behind=behind)[-1]) for behind in (False, True)] == [of_run] * 2
    assert text(home_lines(changed(board, run="r5"), "r5", 160)[-1]) == " run r5 goes on   enter joins it"


def test_a_host_whose_gate_failed_is_said_to_be_unhealthy_and_one_that_nobody_verified_is_not():
    hosts = tuple(SnapshotHost(name, release="r2", version=SafeText("v2"), healthy=well) for name, well in (("web01", False), ("web02", True), ("web03", None)))
    board = FleetSnapshot("production", "shop", hosts=hosts)
    assert text(home_lines(board, "", 120)[-1]) == " not healthy: web01"
    assert counts_in_words(resting_state(board)) == "3 hosts: 1 not healthy, 1 live, 1 not verified"


def test_a_host_that_a_run_has_taken_out_of_the_traffic_is_not_said_to_serve():
    hosts = tuple(SnapshotHost(name, release=name, version=SafeText(name), healthy=True, drained=name == "v2") for name in ("v1", "v2"))
    state = resting_state(FleetSnapshot("production", "shop", hosts=hosts))
    assert [host_words(state, host, 0.0) for host in state.hosts.values()] == [("live", "v1"), ("live, no requests", "v2")]
    assert counts_in_words(state) == "2 hosts: 2 live, 1 without requests"


def test_a_fleet_is_quiet_only_where_every_host_is_verified():
    def attention(*well: bool | None) -> str:
        hosts = tuple(SnapshotHost(f"web{number:02}", release="r2", healthy=one) for number, one in enumerate(well, 1))
        return text(home_lines(FleetSnapshot("production", "shop", hosts=hosts), "", 120)[-1])

    assert attention(True, True) == " all quiet"
    assert attention(True, None) == " not verified: web02; no run has checked it"
    assert attention(*[None] * 12) == " not verified: web01, web02, web03 and 9 more; no run has checked them"
