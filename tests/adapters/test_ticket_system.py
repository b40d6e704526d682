"""The port `TicketSystem`: a real command on this machine, and a real HTTP server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.adapters.ask_health_gates import check_command
from console.adapters.this_machine import LocalTransport
from console.adapters.ticket_system import ConfiguredTickets
from console.model.values import changed
from tests.core.simulation import an_environment
from tests.receiver import Receiver

VALUES = {"version": "v2'; rm -rf x", "commit": "abc", "release": "r", "run": "run1", "env": "production"}


def tickets(close: str | None, folder: Path | None = None) -> ConfiguredTickets:
    here = LocalTransport()
    environment = changed(an_environment(1), file=f"{folder}/hosts.toml" if folder else "")
    return ConfiguredTickets(here, check_command(here, environment, lambda: {"TOKEN": "t"}), lambda: close)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


async def test_a_command_is_run_beside_the_file_with_its_placeholders_quoted(tmp_path: Path):
    found = await tickets('printf "%s|" {version} "$DEPLOY_RUN" "$TOKEN" > closed', tmp_path).close_ticket(VALUES, {}, deadline=60)
    assert (found, (tmp_path / "closed").read_text()) == ("", "v2'; rm -rf x|run1|t|")


@pytest.mark.parametrize(
    ("command", "why"),
    [("echo first; echo no such ticket >&2; exit 3", "exit code 3: no such ticket"), ("exit 4", "exit code 4"), ("sleep 9", "no answer within 0.2 s")],
)
async def test_a_command_that_fails_says_why(command: str, why: str, tmp_path: Path):
    assert await tickets(command, tmp_path).close_ticket(VALUES, {}, deadline=0.2 if "sleep" in command else 10) == why


async def test_a_url_is_posted_the_object(receiver: Receiver):
    url = receiver.address.replace("json://", "http://")
    assert await tickets(f"{url}/{{run}}").close_ticket(VALUES, {"version": "v2"}, deadline=60) == ""
    assert receiver.messages == [{"version": "v2"}]
    receiver.status = 503
    found = await tickets(url).close_ticket(VALUES, {}, deadline=60)
    assert found.startswith("the server answered 503")
    assert "s3cret" not in found


async def test_one_that_nobody_answers_and_one_whose_secret_is_away_are_said(receiver: Receiver):
    assert await tickets("http://127.0.0.1:1/").close_ticket(VALUES, {}, deadline=60) == "127.0.0.1:1: Connection refused"
    assert await tickets(None).close_ticket(VALUES, {}, deadline=60) == "the secret that says how was not handed over"
    receiver.delay = 1.0
    late = await tickets(receiver.address.replace("json://", "http://")).close_ticket(VALUES, {}, deadline=0.2)
    assert late == "no answer within 0.2 s"
