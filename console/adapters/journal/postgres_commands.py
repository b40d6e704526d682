"""What is said to a run by way of the record, from a machine that does not carry it: a row for each command, taken once, answered once.

Knows SQL; not what a command means, nor who may give it.
"""

import sqlalchemy as sa

from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.request import Person
from console.ports.sharing_machines import SentCommand
from console.safe_text import SafeText
from console.wire.codec import decoder, encode, gated
from console.wire.frames import DecodeError

FRESH = 15
"""Seconds after which a command that nobody took is not carried out any more: whoever gave it was told so."""
KEPT = 1
"""Days after which a command is forgotten: whoever gave it has waited a few seconds for the answer. What became of it is in the run's events."""
ROOM = 1000
"""Rows that are forgotten at once, so that nobody waits for long who comes to a record in which they have gathered for years."""
COMMANDS = sa.Table(
    "commands",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("sent", sa.DateTime(timezone=True), nullable=False),
    sa.Column("taken", sa.DateTime(timezone=True)),
    sa.Column("answer", sa.Text),
    sa.Column("login", sa.String, nullable=False, server_default=""),
)
sa.Index("commands_by_run", COMMANDS.c.run)
_person, _command, _answer = decoder(Person), decoder(AnyCommand), decoder(Accepted | Refusal)
_TAKE = sa.text(
    "UPDATE commands SET taken = clock_timestamp() WHERE run = :run AND taken IS NULL AND answer IS NULL"
    " AND sent > clock_timestamp() - make_interval(secs => :fresh) RETURNING number, person, command, login"
)
_FORGET = sa.text(
    "DELETE FROM commands WHERE number IN (SELECT number FROM commands WHERE sent < clock_timestamp() - make_interval(days => :kept)"
    " LIMIT :room FOR UPDATE SKIP LOCKED)"
)
_OLDER = SafeText("use the same version of the console on both machines")


def send(connection: sa.Connection, run: str, command: AnyCommand, person: Person) -> int:
    """Leave a command for whoever carries the run, and forget old ones; its number."""
    connection.execute(_FORGET, {"kept": KEPT, "room": ROOM})
    row = {"run": run, "person": encode(person).decode(), "command": encode(gated(command)).decode(), "sent": sa.func.clock_timestamp()}
    return int(connection.execute(sa.insert(COMMANDS).values(row).returning(COMMANDS.c.number)).scalar_one())


def take(connection: sa.Connection, run: str) -> tuple[SentCommand, ...]:
    """Take the commands that wait for a run, in their order: nobody else gets them. One that cannot be read is refused, and keeps no other waiting."""
    found = list[SentCommand]()
    for row in sorted(connection.execute(_TAKE, {"run": run, "fresh": FRESH}).all(), key=lambda row: row.number):
        try:
            found.append(SentCommand(row.number, _command(row.command.encode()), _person(row.person.encode()), row.login))
        except DecodeError as fault:
            answer(connection, row.number, Refusal(SafeText(f"the engine that carries the run cannot read this command: {fault.message}"), _OLDER))
    return tuple(found)


def answer(connection: sa.Connection, number: int, said: Accepted | Refusal) -> None:
    """Say what became of a command."""
    connection.execute(sa.update(COMMANDS).where(COMMANDS.c.number == number).values(answer=encode(said).decode()))


def answered(connection: sa.Connection, number: int) -> Accepted | Refusal | None:
    """Return what became of a command; None: nothing was said yet."""
    said = connection.execute(sa.select(COMMANDS.c.answer).where(COMMANDS.c.number == number)).scalar()
    found: Accepted | Refusal | None = _answer(said.encode()) if said else None
    return found


def withdraw(connection: sa.Connection, number: int) -> bool:
    """Take a command back; whether nobody had taken it."""
    waits = sa.and_(COMMANDS.c.number == number, COMMANDS.c.taken.is_(None))
    return bool(connection.execute(sa.delete(COMMANDS).where(waits)).rowcount)
