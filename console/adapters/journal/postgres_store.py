"""The record of runs in PostgreSQL, which several machines write to. Owns who writes when; how its tables are written is `record_store`'s.

A transaction takes the lock of each environment that it writes to, and for a new run the lock of the numbers, and holds them to its commit. So what is
numbered lower is never seen later, no number is left out, and whoever reads on from where it was misses nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa

from console.adapters.journal import postgres_bastions, postgres_commands, postgres_leases, postgres_onlookers
from console.adapters.journal.environment_rows import Place
from console.adapters.journal.machines_by_rows import MachinesByRows
from console.adapters.journal.postgres_address import address_of
from console.adapters.journal.postgres_record import PATIENCE, opened, told
from console.adapters.journal.postgres_schema import verify_schema
from console.adapters.journal.record_store import Asks, Entry, OutOfOrder, RecordStore, Tip, next_number
from console.model.bastions import Bastion
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.onlooker import Onlooker, SeenElsewhere
from console.model.request import Person
from console.ports.sharing_machines import SentCommand

CHANNEL = "deploy_journal"
"""Where a commit says which runs have new events. It says "look": the rows hold what there is."""


def lock_key(*names: str) -> int:
    """Return the key of an advisory lock."""
    return int.from_bytes(hashlib.sha256("\0".join(("deploy-console", *names)).encode()).digest()[:8], signed=True)


NUMBERS = lock_key("numbers")


class PostgresStore(RecordStore):
    """The record at that address. One connection writes, another reads; each is made again after it was lost."""

    is_shared = True
    patience = PATIENCE

    def __init__(self, address: str, *, connects: bool = True) -> None:
        """Connect, or do so later. Raises JournalAway where it does not answer, UsageFault where its tables are not this console's."""
        self.address = address_of(address)
        super().__init__(self.address.label)
        self._said: dict[str, tuple[Onlooker, ...]] = {}
        """Whom this process has said to look on, by run."""
        self._writer, self._reader = opened(self.address, writes=True), opened(self.address, writes=False)
        self.writers: dict[int, int] = {}
        """The server's processes that this store's writing connections have now, by connection: what they say is nothing new here."""
        sa.event.listen(self._writer, "connect", self._connected)
        sa.event.listen(self._writer, "close", lambda closed, _: self.writers.pop(id(closed), None))
        sa.event.listen(self._reader, "connect", lambda *_: self._looks.forget())
        self._tokens: dict[str, tuple[str, int]] = {}
        """Of the leases that this engine took, by run, each with the engine's mark."""
        try:
            if connects:
                self.verify()
        except BaseException:
            self.close()
            raise

    def _connected(self, made: Any, _: object) -> None:  # noqa: ANN401 (a connection of the driver)
        self.writers[id(made)] = made.info.backend_pid
        self._environments.forget()

    def verify(self) -> None:
        """See that it answers. Raises JournalAway where it does not, UsageFault where its tables are not this console's."""
        with self._told(), self._reading() as connection:
            verify_schema(connection, self.path)

    def close(self) -> None:
        """Close the writing and the reading connection; what was sent and not committed is undone by the database."""
        self._writer.dispose()
        self._reader.dispose()

    def _told(self) -> AbstractContextManager[None]:
        return told(self.path)

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._reader.connect()

    @contextmanager
    def _transaction(self, places: Iterable[Place]) -> Iterator[sa.Connection]:
        with self._writer.begin() as connection:
            for key in sorted({lock_key("environment", *place) for place in places}):
                _locked(connection, key)
            yield connection

    def _take_number(self, connection: sa.Connection) -> int:
        _locked(connection, NUMBERS)
        return next_number(connection)

    def _insert(self, connection: sa.Connection, entry: Entry) -> Tip:
        """Insert, unless another engine has the run's lease by now: whatever this one has not heard of, it writes nothing any more."""
        _, token = self._tokens.get(entry.run, ("", 0))
        if token and (other := postgres_leases.taken_since(connection, entry.run, token)):
            raise OutOfOrder(f"run {entry.run} was taken up by {other}", f"deploy attach {entry.run}")
        return super()._insert(connection, entry)

    def take_lease(self, run: str, carrier: Carrier) -> Carrier | None:
        """Take or renew the lease of a run; None: this engine has it."""
        with self._told(), self._writer.begin() as connection:
            found = postgres_leases.take(connection, run, carrier, renews=self._tokens.get(run, ("", 0))[0] == carrier.mark)
        if isinstance(found, Carrier):
            return found
        self._tokens[run] = carrier.mark, found
        return None

    def end_lease(self, run: str, carrier: Carrier) -> None:
        """Let the lease of a run go."""
        with self._told(), self._writer.begin() as connection:
            postgres_leases.end(connection, run, carrier)
        self._tokens.pop(run, None)

    def carried(self) -> dict[str, Carrier]:
        """Return who carries which run, by their leases."""
        with self._told(), self._reading() as connection:
            return postgres_leases.carried(connection)

    def machines(self, asks: Asks) -> MachinesByRows:
        """Return what is done with other machines by rows of this database."""
        return MachinesByRows(self, asks)

    def send_command(self, run: str, command: AnyCommand, person: Person) -> int:
        """Leave a command for the engine that carries a run, and wake it; the command's number."""
        with self._told(), self._writer.begin() as connection:
            number = postgres_commands.send(connection, run, command, person)
            _notify(connection, run)
        return number

    def take_commands(self, run: str) -> tuple[SentCommand, ...]:
        """Take the commands that wait for a run."""
        with self._told(), self._writer.begin() as connection:
            return postgres_commands.take(connection, run)

    def answer_command(self, run: str, number: int, answer: Accepted | Refusal) -> None:
        """Say what became of a command, and wake who waits for that."""
        with self._told(), self._writer.begin() as connection:
            postgres_commands.answer(connection, number, answer)
            _notify(connection, run)

    def command_answer(self, number: int) -> Accepted | Refusal | None:
        """Return what became of a command; None: that is not known yet."""
        with self._told(), self._reading() as connection:
            return postgres_commands.answered(connection, number)

    def withdraw_command(self, number: int) -> bool:
        """Take a command back; whether nobody had taken it."""
        with self._told(), self._writer.begin() as connection:
            return postgres_commands.withdraw(connection, number)

    def login(self) -> str:
        """Return the login by which this process writes, as the server knows it."""
        with self._told(), self._reading() as connection:
            return str(connection.execute(sa.text("SELECT session_user")).scalar_one())

    def tell_reach(self, place: Place, bastion: Bastion) -> tuple[Bastion, ...]:
        """Say how hosts of an environment are reached from a machine; what other machines say."""
        with self._told(), self._writer.begin() as connection:
            return postgres_bastions.told(connection, self.path, place, bastion)

    def look_on(self, run: str, engine: Carrier, people: tuple[Onlooker, ...], items: str = "", place: int = 0) -> SeenElsewhere:
        """Say who looks on here and show `items`, and wake who waits for that; what other machines say. Where there is nothing to say nothing is written."""
        if not people and not items and not self._said.get(run):
            with self._told(), self._reading() as connection:
                return postgres_onlookers.seen(connection, run, engine.mark, place)
        with self._told(), self._writer.begin() as connection:
            postgres_onlookers.say(connection, run, engine.mark, people, items)
            if items or self._said.get(run, ()) != people:
                _notify(connection, run)
            found = postgres_onlookers.seen(connection, run, engine.mark, place)
        self._said.pop(run, None)
        if people:
            self._said[run] = people
        return found

    def _before_commit(self, connection: sa.Connection, tips: Sequence[Tip]) -> None:
        """Tell whoever listens, at the commit, which runs have new events."""
        for run in dict.fromkeys(tip.run for tip in tips):
            _notify(connection, run)

    def _after_commit(self, tips: Sequence[Tip]) -> None:
        """Do nothing: the server keeps what is committed."""


def _notify(connection: sa.Connection, run: str) -> None:
    """Have those who listen look at the run once this transaction is committed."""
    connection.execute(sa.select(sa.func.pg_notify(CHANNEL, run)))


def _locked(connection: sa.Connection, key: int) -> None:
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(key, sa.BigInteger))))
