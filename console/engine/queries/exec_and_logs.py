"""`deploy exec` and `deploy logs`, as an engine answers them: which hosts, whether they may be touched, and what is written down.

An answer is the name of a feed; what is asked for begins when somebody follows it, and ends with them. An exec is a run of its own kind in the
journal: who, what, where, and each host's exit code.
"""

import logging
import secrets as randomness
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from console.core.checks.fleet import in_environment, unlocking
from console.core.host_selection import meant_hosts
from console.engine.context import QueryContext
from console.engine.queries.inspect import look_at
from console.engine.queries.remote_command import MergedOutput, RemoteCommand, Settled, remote_command_for
from console.engine.run.run_lease import RunLease
from console.engine.run.run_names import new_run
from console.engine.run.run_record import RunRecord
from console.engine.run.step_attempt import variables_of
from console.engine.tasks import Background
from console.errors import Locked, NoGo, Problem, RecordAway, UsageFault
from console.exit_codes import Exit
from console.model.events import RunEnded, RunOpened, StepFinished, StepStarted, StepStatus
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts
from console.model.request import Person, Request
from console.ports.feed import Heard, Output
from console.safe_text import SafeText

log = logging.getLogger(__name__)

LONGEST = 86_400.0
"""Seconds that an exec may take."""
WATCHED = 7 * 86_400.0
"""Seconds that logs are followed at most."""
STEP = "exec"


async def answer_exec(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Have a command ready for those hosts. Raises NoGo for one that is not reached or has no release, Locked for one that is held."""
    environment = fleet.environment
    request = Request(
        kind="exec", hosts=str(argument["hosts"]), yes=True, command=str(SafeText(str(argument["command"])))
    )  # fmt: skip
    variables = variables_of(environment, fleet.secrets)
    facts = await look_at(fleet, meant_hosts(environment, request))
    _judge(facts, environment.name, locks=not argument.get("read_only"))
    command = Command(str(argument["command"]))
    commands = tuple(remote_command_for(environment, fact, command, variables, timeout=LONGEST, fill=False) for fact in facts)
    run = await new_run(fleet.journal, fleet.clock, environment.name)
    fleet.feeds[run] = lambda: _executed(fleet, run, request, commands, person)
    return {"feed": run, "hosts": [fact.host for fact in facts]}


def _judge(facts: tuple[HostFacts, ...], environment: str, *, locks: bool) -> None:
    away = [Problem(f"{fact.host} is not reached: {fact.problem}", str(fact.hint)) for fact in facts if fact.problem]
    if away:
        raise NoGo(away[0].message, "", (*away, Problem("nothing was run on any host", "--hosts with '!' in front of what is away")))
    for fact in facts if locks else ():
        held = fact.lock or fact.closed
        if held:
            who = f"held by run {held.run}" if held.run else f"closed by {held.by}: {held.reason}"
            opens = in_environment(unlocking((fact,)), environment)
            raise Locked(f"{fact.host} is {who}; nothing was run on any host", f"{opens}; or exec with --read-only, where the command changes nothing")
    bare = [fact.host for fact in facts if not fact.current]
    if bare:
        raise NoGo(f"no release is live on {', '.join(bare[:5])}; nothing was run on any host", "deploy status")


async def _executed(fleet: QueryContext, run: str, request: Request, commands: tuple[RemoteCommand, ...], person: Person) -> AsyncIterator[Heard]:
    """Run it everywhere, written down before it is sent and as it ends."""
    environment = fleet.environment
    await _end_forgotten(fleet)
    record = RunRecord(fleet.journal, fleet.clock)
    hosts = tuple(command.host.name for command in commands)
    opened = RunOpened(
        run=run, kind="exec", app=environment.app, environment=environment.name, protected=environment.protected, by=person, request=request,
        config_digest=fleet.digest, hosts=hosts, path=environment.path,
    )  # fmt: skip
    codes: list[int | None] = []
    async with _leased(fleet, run, record):
        try:
            for event in await record.write(opened, *(StepStarted(step=STEP, host=host) for host in hosts)):
                yield event
            output = MergedOutput(fleet.outside.attended, lambda: _now(fleet)).lines_of(commands)
            async with aclosing(output) as items:  # type: ignore[type-var] # it is a generator
                async for item in items:
                    if isinstance(item, Output):
                        yield item
                        continue
                    codes.append(item.code)
                    for event in await record.write(_finished(item)):
                        yield event
            for event in await record.write(_ended(codes)):
                yield event
        finally:
            if record.state.phase != "ended":
                reason = SafeText("its console left, and what still ran was ended")
                await record.write(RunEnded(exit=int(Exit.INTERRUPTED), outcome="interrupted", reason=reason))


@asynccontextmanager
async def _leased(fleet: QueryContext, run: str, record: RunRecord) -> AsyncIterator[None]:
    """Say to machines that share the record that this engine has the run: else one of them ends it in the record as a forgotten one.

    What somebody else has to write into its record (a note, what was refused) goes by this one.
    """
    lease, keeping = RunLease(fleet.journal, run, fleet.here), Background()
    await lease.take()
    keeping.start(lambda: lease.keep(lambda other: log.error("run %s, which goes on here, was taken up by %s", run, other)))
    try:
        with fleet.writing(run, record):
            yield
    finally:
        await keeping.stop()
        await lease.end()


def _finished(item: Settled) -> StepFinished:
    status: StepStatus = "unknown" if item.code is None else "failed" if item.code else "done"
    detail = item.problem or SafeText(f"exit code {item.code}" if item.code else "")
    return StepFinished(step=STEP, host=item.host, status=status, code=item.code, seconds=item.seconds, detail=detail, hint=item.hint)


def _ended(codes: list[int | None]) -> RunEnded:
    bad = sum(code != 0 for code in codes)
    if not bad:
        return RunEnded(exit=int(Exit.DONE), outcome="succeeded")
    return RunEnded(exit=int(Exit.FAILED), outcome="failed", reason=SafeText(f"the command failed on {bad} of {len(codes)} hosts"))


async def _end_forgotten(fleet: QueryContext) -> None:
    """End what an engine that is gone was running: it ended with it."""
    for one in await fleet.journal.runs(fleet.environment.app, fleet.environment.name, limit=50):
        if one.kind == "exec" and one.outcome is None and one.run not in fleet.carried and not await _may_go_on_elsewhere(fleet, one.run):
            ended = RunEnded(exit=int(Exit.INTERRUPTED), outcome="interrupted", reason=SafeText("its engine ended, and what it ran with it"))
            async with fleet.writing_idle:
                record = await RunRecord.of(fleet.journal, fleet.clock, one.run)
                if record.state.phase != "ended":
                    await record.write(ended)


async def _may_go_on_elsewhere(fleet: QueryContext, run: str) -> bool:
    """Whether an engine of another machine has the run, or may: while the record is away that is not known."""
    try:
        return await fleet.carrier(run) is not None
    except RecordAway:
        return True


async def answer_logs(fleet: QueryContext, argument: Mapping[str, Any], person: Person) -> object:
    """Have the application's own `logs` or `logs_follow` ready for those hosts. Raises UsageFault where none of them has it."""
    environment, name = fleet.environment, "logs_follow" if argument.get("follow") else "logs"
    hosts = meant_hosts(environment, Request(hosts=str(argument.get("hosts", ""))))
    having = tuple(host for host in hosts if environment.command(host, name))
    if not having:
        raise UsageFault(
            f"{environment.app} has no command {name} in {environment.file or 'hosts.toml'}", f'[app.commands] {name} = "…", what prints the logs on a host'
        )
    feed = f"logs-{randomness.token_hex(8)}"
    fleet.feeds[feed] = lambda: _logged(fleet, having, name)
    return {"feed": feed, "hosts": [host.name for host in having], "without": [host.name for host in hosts if host not in having]}


async def _logged(fleet: QueryContext, hosts: tuple[Host, ...], name: str) -> AsyncIterator[Heard]:
    facts = await look_at(fleet, hosts)
    for fact in facts:
        if fact.problem:
            yield StepFinished(step="logs", host=fact.host, status="unreachable", detail=fact.problem, hint=fact.hint)
    commands = []
    for host, fact in zip(hosts, facts, strict=True):
        command = fleet.environment.command(host, name)
        if command and not fact.problem:
            timeout = WATCHED if name == "logs_follow" else command.timeout
            commands.append(remote_command_for(fleet.environment, fact, command, variables_of(fleet.environment, fleet.secrets), timeout=timeout, fill=True))
    async with aclosing(MergedOutput(fleet.outside.attended, lambda: _now(fleet)).lines_of(tuple(commands))) as items:  # type: ignore[type-var] # it is a generator
        async for item in items:
            yield item if isinstance(item, Output) else _finished(item)


def _now(fleet: QueryContext) -> str:
    return fleet.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
