"""The ticket of a release: closed once, where the release is live on the fleet, and said where it is not."""

import pytest

from console.core.environment.record import recorded
from console.core.run.evolve import evolve
from console.core.run.outcome import loose_ends
from console.core.run.sentences import sentence
from console.core.run.ticket import close_words, closes_ticket, is_url, ticket_object, ticket_problems, ticket_values
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Ticket
from console.model.environment_record import EnvironmentRecord
from console.model.release_facts import Release, Revision
from console.model.request import Request
from console.model.secret import SecretRef
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.builders import ADA
from tests.core.plans import a_run, failing, run_of, say, until_runs
from tests.core.simulation import an_environment

WITH = changed(an_environment(3), ticket=Ticket("bin/close {version}"))
LIVE = RunState(
    run="r1", kind="deploy", app="shop", environment="production", by=ADA, phase="ended", exit=0, outcome="succeeded", opened_at="12:00", ended_at="12:04",
    revision=Revision("ab" * 20, SafeText("v2 x")), release=Release("20261124T120000Z-abababa", SafeText("v2 x"), "ab" * 20), changes=(SafeText("fix: basket"),),
    ticket="open",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "code", "hosts", "closes"),
    [
        ("deploy", 0, "", True), ("deploy", 8, "", True), ("deploy", 4, "", False), ("deploy", 5, "", False), ("deploy", 3, "", False), ("deploy", 130, "", False),
        ("deploy", 0, "web01", False), ("rollback", 0, "", False), ("restart", 0, "", False), ("catch-up", 0, "", False),
    ],
)  # fmt: skip
def test_a_release_that_is_live_on_the_fleet_closes_it(kind: str, code: int, hosts: str, closes: bool):
    state = changed(LIVE, kind=kind, request=Request(hosts=hosts))
    assert closes_ticket(WITH, state, code) is closes
    assert not closes_ticket(an_environment(3), state, code)


def test_a_run_says_at_its_end_that_its_ticket_is_to_be_closed():
    good = run_of(WITH)
    good.run()
    assert (good.state.exit, good.state.ticket) == (0, "open")
    bad = run_of(WITH, failing("web01"))
    bad.run()
    assert (bad.state.exit, bad.state.ticket) == (4, "")
    without = a_run(2)
    without.run()
    assert (without.state.exit, without.state.ticket) == (0, "")


def test_a_rollback_of_a_run_closes_none():
    run = until_runs(run_of(WITH), "wave-2/web02/restart")
    assert say(run, cmd.RollBack()) is None
    run.run()
    assert (run.state.exit, run.state.ticket) == (4, "")


def test_what_it_is_told():
    assert ticket_values(LIVE) == {"version": "v2 x", "commit": "ab" * 20, "release": "20261124T120000Z-abababa", "run": "r1", "env": "production"}
    told = ticket_object(LIVE)
    assert (told["outcome"], told["exit"], told["by"], told["changes"], told["ended"]) == ("succeeded", 0, "ada", ["fix: basket"], "12:04")
    assert len(ticket_object(changed(LIVE, changes=(SafeText("x"),) * 99))["changes"]) == 30


@pytest.mark.parametrize(
    ("close", "words"),
    [
        ("bin/close {version} --in {env}", "bin/close 'v2 x' --in production"),
        ("https://ada:s3cret@tickets.example/close/{run}?key=hush", "https://tickets.example"),
        ("http://tickets:8080", "http://tickets:8080"),
        (SecretRef("env", "CLOSE"), "what $CLOSE says"),
        (SecretRef("file", "/etc/close"), "what /etc/close says"),
        ("x" * 200, "x" * 59 + "…"),
    ],
)  # fmt: skip
def test_how_it_is_closed_is_shown_without_secrets(close: str | SecretRef, words: str):
    assert close_words(close, LIVE) == words


def test_a_url_is_told_from_a_command():
    assert [is_url(one) for one in ("https://x", "http://x", "bin/http://x", "httpd", "ftp://x")] == [True, True, False, False, False]


CLOSED = ev.TicketClosed(close=SafeText("bin/close v2"))
FAILED = ev.TicketClosed(close=SafeText("bin/close v2"), tries=2, problem=SafeText("exit code 3"))


@pytest.mark.parametrize(
    ("event", "ticket", "problem", "words"),
    [
        (CLOSED, "closed", "", "ticket closed by bin/close v2"),
        (FAILED, "failed", "the ticket of v2 x is not closed, close it by hand: exit code 3", "the ticket is not closed after 2 tries of bin/close v2: exit code 3"),
        (changed(FAILED, tries=1), "failed", "the ticket of v2 x is not closed, close it by hand: exit code 3", "the ticket is not closed after 1 try of bin/close v2: exit code 3"),
    ],
)  # fmt: skip
def test_what_came_of_it_is_said_and_changes_no_outcome(event: ev.TicketClosed, ticket: str, problem: str, words: str):
    state = evolve(LIVE, event)
    assert (state.ticket, state.exit, state.outcome) == (ticket, 0, "succeeded")
    assert [one.message for one in loose_ends(state)] == ([problem] if problem else [])
    assert sentence(event) == words


def test_one_that_is_still_open_names_what_has_it_closed():
    (problem,) = ticket_problems(LIVE)
    assert (problem.message, problem.hint) == ("the ticket of v2 x is still to be closed", "deploy status production")
    assert ticket_problems(changed(LIVE, phase="running")) == ()
    assert ticket_problems(changed(LIVE, ticket="")) == ()


def test_the_record_keeps_what_is_open_until_it_is_done():
    record = recorded(EnvironmentRecord(tickets=("r0",)), 3, (ev.RunEnded(exit=0, outcome="succeeded", ticket=True),), LIVE)
    assert record.tickets == ("r0", "r1")
    assert recorded(record, 3, (ev.NoteAdded(by=ADA, text=SafeText("x")),), LIVE).tickets == ("r0", "r1")
    for event in (CLOSED, FAILED):
        assert recorded(record, 3, (event,), evolve(LIVE, event)).tickets == ("r0",)
    assert recorded(EnvironmentRecord(), 3, (ev.RunEnded(exit=0, outcome="succeeded"),), LIVE).tickets == ()


def test_a_url_is_told_the_whole_of_it():
    assert ticket_object(changed(LIVE, changes=tuple(SafeText(f"fix {number}") for number in range(31)))) == {
        "app": "shop", "environment": "production", "run": "r1", "version": "v2 x", "commit": "ab" * 20, "by": "ada", "outcome": "succeeded", "exit": 0,
        "started": "12:00", "ended": "12:04", "changes": [f"fix {number}" for number in range(30)],
    }  # fmt: skip
    bare = changed(LIVE, revision=None, release=None)
    assert ticket_values(bare) == {"version": "", "commit": "", "release": "", "run": "r1", "env": "production"}
    assert [str(problem.message) for problem in ticket_problems(bare)] == ["the ticket of r1 is still to be closed"]


def test_where_a_url_leads_is_shown_though_it_has_another_one_in_it():
    assert close_words("https://ada:secret@tickets.example.com/close?to=https://other.example.com/x", LIVE) == "https://tickets.example.com"
