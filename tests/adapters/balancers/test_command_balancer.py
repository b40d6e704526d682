"""A balancer of commands: what they may print, how often they are run, and that a word is never guessed."""

import pytest

from console.adapters.balancers.command_balancer import CommandBalancer
from console.adapters.this_machine import LocalTransport
from console.core.secrets.masking import Masking
from console.model.balancer import Balancer as Spec
from console.model.host import Host
from console.model.host_commands import Command
from console.model.traffic import BalancerProblem, BalancerSeen
from console.safe_text import hide

HOSTS = (Host("web01", address="10.0.0.1"), Host("web02", server="two's"))


@pytest.fixture
def made(tmp_path):
    def begin(state='cat "$DEPLOY_HOST"', drain="echo drained > {host}", restore="echo in > {host}", **more):
        for host in HOSTS:
            (tmp_path / host.name).write_text("in 3\n")
        commands = {
            "drain": Command(f"cd {tmp_path}; {drain}", **more),
            "restore": Command(f"cd {tmp_path}; {restore}"),
            "state": Command(f"cd {tmp_path}; {state}"),
        }
        return CommandBalancer(Spec("command", **commands), HOSTS, LocalTransport(), "production")

    return begin


SAID = [
    ("echo in", "in", None), ("echo drained 4", "drained", 4), ("echo out 0", "out", 0), ("echo hello; echo in 12", "in", 12), ("printf in", "in", None),
    ("echo 'in  7 '", "in", 7),
]  # fmt: skip


@pytest.mark.parametrize(("state", "admission", "sessions"), SAID)
async def test_its_last_line_is_a_word_and_maybe_a_number(made, state, admission, sessions):
    seen = await made(state).look(deadline=60)
    assert isinstance(seen, BalancerSeen)
    assert {(server.admission, server.sessions, server.up) for server in seen.servers} == {(admission, sessions, None)}


@pytest.mark.parametrize("state", ["true", "echo yes", "echo in x", "echo in -1", "echo IN", "echo in 1 2", "echo drained; echo; echo ?"])
async def test_any_other_word_is_a_problem(made, state):
    problem = await made(state).look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert (problem.reached, "expected in, drained or out" in problem.message) == (True, True)


async def test_what_to_type_next_is_the_command_as_it_was_run(made):
    problem = await made("echo maybe {server}").look(deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "echo maybe web01 on " in problem.hint


async def test_each_command_gets_what_the_host_is_called(made, tmp_path):
    balancer = made(drain='printf "%s|%s|%s|%s" {host} {address} "{server}" "$DEPLOY_ENV" > said; echo drained > {host}')
    assert isinstance(await balancer.drain(("web02",), deadline=60), BalancerSeen)
    assert (tmp_path / "said").read_text() == "web02|web02|two's|production"
    assert (tmp_path / "web01").read_text() == "in 3\n"


async def test_a_command_that_ends_well_and_does_nothing_is_no_drain(made):
    problem = await made(drain="true").drain(("web01",), deadline=0.5)
    assert isinstance(problem, BalancerProblem)
    assert "web01 still gets requests after" in problem.message


async def test_a_command_is_run_again_as_often_as_it_may_be(made, tmp_path):
    again = "echo x >> tries; [ $(wc -l < tries) -ge 3 ] || { echo busy >&2; exit 4; }; echo drained > {host}"
    problem = await made(drain=again, retries=1).drain(("web01",), deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert ("ended with 4: busy" in problem.message, "{host}" in problem.message) == (True, False)
    (tmp_path / "tries").unlink()
    assert isinstance(await made(drain=again, retries=2).drain(("web01",), deadline=60), BalancerSeen)


async def test_a_command_has_its_time(made):
    problem = await made(drain="sleep 9", timeout=0.3).drain(("web01",), deadline=60)
    assert isinstance(problem, BalancerProblem)
    assert "within 0.3 s" in problem.message


SECRET = "kJ8f0aQz77LmN2"


@pytest.mark.parametrize("where", ["state", "drain"])
async def test_what_a_command_says_passes_the_gate(made, where):
    hide(Masking([SECRET]))
    said = f"printf 'in \\033[31m %s\\n' {SECRET}; echo 'token {SECRET}' >&2; exit 3"
    answer = await made(**{where: said}).drain(("web01",), deadline=2)
    assert isinstance(answer, BalancerProblem)
    assert SECRET not in f"{answer.message}{answer.hint}"
    assert "\x1b" not in answer.message
