"""The port `DatabaseView`: what PostgreSQL says through a host, what its parser and squawk say here, and a folder on the database's host for its commands.

psycopg is imported when the first question is asked.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import ModuleType

from console.adapters.attended_commands import run_attended
from console.adapters.database.migration_reader import read_texts
from console.adapters.database.squawk import lint
from console.core.host.dump_scripts import kept_script, look_script, read_kept, read_look
from console.core.host.shell import quote
from console.model.database_facts import DumpLook, Migration, MigrationText, TableFacts
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.model.values import changed
from console.ports.hosts import Transport, Unreached
from console.ports.lock import HostLock
from console.ports.steps import StepResult
from console.safe_text import SafeText, safe_end

ENTERING = 20.0
"""Seconds to make the folder on the host."""
UNREAD = "the database could not be read"


def _postgres() -> ModuleType:
    from console.adapters.database import postgres_facts

    return postgres_facts


class PostgresView:
    """Asks by the environment's URL; `url` reveals it when it is needed, and is empty where there is none."""

    def __init__(self, transport: Transport, locks: HostLock, url: Callable[[], str]) -> None:
        self._transport = transport
        self._locks = locks
        self._url = url

    async def review(self, texts: tuple[MigrationText, ...], *, deadline: float) -> tuple[tuple[Migration, ...], tuple[SafeText, ...]]:
        """Read migrations for what they lock; what could be read is linted too."""
        read = await read_texts(texts, deadline)
        lintable = {one.migration.path: one.lintable for one in read if one.lintable}
        found = await lint(lintable, deadline) if lintable else {}
        findings = {} if isinstance(found, SafeText) else found
        migrations = tuple(changed(one.migration, findings=one.migration.findings + findings.get(one.migration.path, ())) for one in read)
        return migrations, ((found,) if isinstance(found, SafeText) else ())

    async def dump(self, host: Host, name: str, *, deadline: float) -> DumpLook:
        """What a dump of the console's own would meet on that host, seen with its login and its programs."""
        variables = self.variables()
        if isinstance(variables, SafeText):
            return DumpLook(host.name, problem=variables)
        said = await self._said(host, look_script(name, variables), deadline)
        return DumpLook(host.name, problem=said) if isinstance(said, SafeText) else read_look(host.name, said)

    async def is_kept(self, host: Host, name: str, path: str, *, deadline: float) -> bool | SafeText:
        """Whether that dump is still there, as the login sees it."""
        said = await self._said(host, kept_script(name, path), deadline)
        return said if isinstance(said, SafeText) else read_kept(said)

    async def _said(self, host: Host, script: str, deadline: float) -> str | SafeText:
        """What that script prints on that host; a SafeText: why it was not run to its end."""
        reached = await self._transport.connect(host)
        if isinstance(reached, Unreached):
            return reached.message
        ran = await run_attended(self._transport, host, script, "", deadline=deadline)
        if ran.status != 0:
            words = ran.problem.message if ran.problem else safe_end(b" ".join(ran.err.split()), 200)
            return words or SafeText(f"its shell ended with {ran.status}")
        return ran.out.decode("utf-8", "replace")

    def variables(self) -> Mapping[str, str] | SafeText:
        """The URL as libpq's variables."""
        if not self._url():
            return SafeText("the file names no url of the database")
        from console.adapters.database import database_link

        try:
            found: dict[str, str] = database_link.libpq_variables(self._url())
        except database_link.NotRead as fault:
            return SafeText(str(fault))
        return found

    async def tables(self, host: Host, names: tuple[str, ...], *, deadline: float) -> tuple[TableFacts, ...] | SafeText:
        """How large those tables are, and who works on them now."""
        if not self._url():
            return SafeText("the tables were not looked at: the file names no url of the database")
        postgres = _postgres()
        try:
            found: tuple[TableFacts, ...] = await postgres.read_tables(self._transport, host, self._url(), names, deadline)
        except postgres.NotRead as fault:
            return SafeText(f"{UNREAD}: {fault}")
        return found

    async def schema(self, host: Host, *, deadline: float) -> str | SafeText:
        """A digest of the schema."""
        if not self._url():
            return SafeText("the file names no url of the database")
        postgres = _postgres()
        try:
            return str(await postgres.read_schema(self._transport, host, self._url(), deadline))
        except postgres.NotRead as fault:
            return SafeText(f"{UNREAD}: {fault}")

    async def waits(self, host: Host, application: str, *, deadline: float) -> AsyncIterator[tuple[SafeText, ...]]:
        """Who waits for whom, again and again."""
        if not self._url():
            return
        postgres = _postgres()
        try:
            async with contextlib.aclosing(postgres.watch_waits(self._transport, host, self._url(), application, deadline)) as looks:
                async for rows in looks:
                    yield rows
        except postgres.NotRead as fault:
            yield (SafeText(f"locks are not watched: {fault}"),)

    async def end(self, host: Host, application: str, *, deadline: float) -> SafeText:
        """End the sessions of that application."""
        if not self._url():
            return SafeText("the file names no url of the database")
        postgres = _postgres()
        try:
            await postgres.end_sessions(self._transport, host, self._url(), application, deadline)
        except postgres.NotRead as fault:
            return SafeText(str(fault))
        return SafeText("")

    async def enter(self, host: Host, name: str, holder: LockHolder, is_over: Callable[[str], Awaitable[bool]]) -> str | StepResult:
        """Hold a folder below the login's home on that host."""
        reached = await self._transport.connect(host)
        if isinstance(reached, Unreached):
            return StepResult("unreachable", detail=reached.message, hint=reached.hint)
        script = f'umask 077; d="$HOME/.deploy-console"/{quote(name)}; mkdir -p "$d" && cd "$d" && pwd -P'
        made = await self._transport.run(host, script, deadline=ENTERING)
        path = made.out.decode("utf-8", "replace").strip()
        if made.status != 0 or not path.startswith("/"):
            words = made.problem.message if made.problem else safe_end(made.err, 200)
            return StepResult("failed", detail=SafeText(f"no folder could be made on {host.name} for the database's commands: {words}"))
        held = await self._locks.take(host, path, holder)
        if isinstance(held, LockHolder) and held.run != holder.run and await is_over(held.run):
            held = await self._locks.clear(host, path, held.run) or await self._locks.take(host, path, holder)
        if isinstance(held, LockHolder) and held.run == holder.run:
            held = None if held.epoch == holder.epoch else await self._locks.take_over(host, path, held.epoch, holder.epoch)
        if isinstance(held, LockHolder):
            return StepResult("failed", detail=SafeText(f"the database's commands on {host.name} are held by {held.run or held.by}"))
        if isinstance(held, Unreached):
            return StepResult("unreachable", detail=held.message, hint=held.hint)
        return path

    async def leave(self, host: Host, path: str, epoch: str) -> None:
        """Let go of the folder; where that fails the next run of the same application takes it over or says who holds it."""
        await self._locks.release(host, path, epoch)
