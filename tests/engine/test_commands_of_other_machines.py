"""What people say to a run on other machines, as the engine hears it that carries the run. The record is scripted."""

import asyncio
from types import SimpleNamespace
from typing import Any

from console.engine.run.run_lease import RunLease
from console.errors import RecordAway
from console.model.carrier import Carrier
from console.model.commands import Accepted, Decide, Note, Refusal, RollBack
from console.model.request import Person
from console.ports.sharing_machines import SentCommand
from console.safe_text import SafeText

ADA = Person("ada", 1)


class Machines:
    """A record in which commands wait, and that cannot take the first answer."""

    def __init__(self, *commands: Any) -> None:
        self.waiting = tuple(SentCommand(number, command, ADA) for number, command in enumerate(commands, 1))
        self.answers: dict[int, Any] = {}
        self.came = asyncio.Event()

    async def news(self, run: str, seconds: float, heard: int) -> int:
        await asyncio.sleep(0)
        return heard

    async def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        taken, self.waiting = self.waiting, ()
        return taken

    async def answer_command(self, run: str, number: int, answer: Any) -> None:
        if number == 1:
            raise RecordAway("the database does not answer")
        self.answers[number] = answer
        self.came.set()


async def heard(machines: Machines, submit: Any, answers: int) -> None:
    journal: Any = SimpleNamespace(machines=machines)
    hearing = asyncio.create_task(RunLease(journal, "r1", Carrier()).hear(submit))
    async with asyncio.timeout(30):
        while len(machines.answers) < answers:
            await machines.came.wait()
            machines.came.clear()
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def test_an_answer_that_cannot_be_written_and_a_mistake_leave_the_commands_behind_it_heard():
    async def submit(run: str, sent: SentCommand) -> Accepted | Refusal:
        if sent.number == 2:
            raise RuntimeError("a bug")
        return Accepted(7)

    machines = Machines(*(Note(text=SafeText(str(number))) for number in range(3)))
    await heard(machines, submit, 2)
    assert machines.answers[3] == Accepted(7)
    assert machines.answers[2].message == "the engine failed: RuntimeError: a bug"


async def test_a_go_that_looks_at_the_hosts_again_holds_up_no_roll_back():
    async def submit(run: str, sent: SentCommand) -> Accepted | Refusal:
        if isinstance(sent.command, Decide):
            await asyncio.Event().wait()
        return Accepted(7)

    machines = Machines(Note(text=SafeText("first")), Decide(go=True), RollBack())
    await heard(machines, submit, 1)
    assert machines.answers == {3: Accepted(7)}
