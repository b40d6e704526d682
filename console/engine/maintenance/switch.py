"""Switches maintenance mode on hosts, by the file's own commands, and at balancers; and reads back what they show. Knows no run, record or client.

A host that cannot be reached, or whose command fails, is a value. Whatever is begun is left on its host (`core/host/maintenance_script.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from console.core.host.maintenance_script import LEFT_AS_IT_IS, switch_maintenance
from console.core.host.release_scripts import user_command
from console.core.host.shell import deploy_variables, filled
from console.core.maintenance_state import host_seen, hosts_with_page
from console.engine.pacing import on_each
from console.engine.run.step_attempt import values_outside_run, variables_of
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import HostFacts
from console.model.maintenance_mode import Maintenance, MaintenanceVerb, PlaceSeen
from console.model.secret import Secret
from console.model.traffic import BalancerProblem
from console.ports.balancer_port import BalancerPort
from console.ports.clock import Clock
from console.ports.hosts import Ran
from console.ports.outside import Outside
from console.safe_text import Lines, SafeText, safe_end

LOOK = 20.0
"""Seconds that a host or a balancer has to say what it shows."""
GLANCE = 3.0
"""The same for a balancer where somebody only wants to know how things are: what does not answer by then is not known."""
SPARE = 10.0
"""Seconds on top of a command's own time, to reach its host."""
RETRY_AFTER = 300
"""Seconds after which users may come again, where no end is said."""

Tell = Callable[[str, SafeText], None]
"""(host, line): hears what a command prints."""


@dataclass(frozen=True)
class Switched:
    """What came of it in one place. `problem` empty: it ended well."""

    place: str
    is_balancer: bool = False
    problem: SafeText = SafeText("")
    hint: SafeText = SafeText("")
    code: int | None = None
    seconds: float = 0.0
    left: bool = False
    """It was left as it was found: it is not this run's to switch."""


class MaintenanceSwitch:
    """The maintenance pages of one environment."""

    def __init__(self, environment: Environment, outside: Outside, clock: Clock, secrets: Mapping[str, Secret]) -> None:
        self._environment = environment
        self._outside = outside
        self._clock = clock
        self._secrets = secrets

    @property
    def _balancers(self) -> tuple[BalancerPort, ...]:
        """The balancers that show a page of their own."""
        pairs = zip(self._environment.balancers, self._outside.balancers, strict=True)
        return tuple(balancer for configured, balancer in pairs if configured.maintenance)

    async def facts(self) -> tuple[HostFacts, ...]:
        """Look at every host that has a page."""
        hosts, scout = hosts_with_page(self._environment), self._outside.scout
        return tuple(await on_each(hosts, lambda host: scout.look(self._environment, host, deadline=LOOK)))

    async def look(self, facts: tuple[HostFacts, ...], seconds: float = LOOK) -> tuple[PlaceSeen, ...]:
        """Say what hosts and balancers show; `facts`: looks at hosts, others among them; `seconds`: that a balancer has."""
        with_page = {host.name for host in hosts_with_page(self._environment)}
        hosts = (host_seen(fact) for fact in facts if fact.host in with_page)
        return (*hosts, *await on_each(self._balancers, lambda balancer: self._balancer_seen(balancer, seconds)))

    async def _balancer_seen(self, balancer: BalancerPort, seconds: float) -> PlaceSeen:
        shown = await balancer.maintained(deadline=seconds)
        if isinstance(shown, BalancerProblem):
            return PlaceSeen(balancer.name, "unknown", is_balancer=True, why=shown.message, hint=shown.hint)
        if shown is None:
            return PlaceSeen(balancer.name, "unknown", is_balancer=True, why=SafeText("it has no maintenance page that the console can switch"))
        return PlaceSeen(balancer.name, "on" if shown else "off", is_balancer=True)

    async def switch(
        self, verb: MaintenanceVerb, note: Maintenance, facts: tuple[HostFacts, ...], tell: Tell, *, balancers: bool = True
    ) -> tuple[Switched, ...]:
        """Switch every host that was looked at, and (`balancers`) every balancer: what users meet first goes on first, and off last."""
        if not balancers:
            return await self._switch_hosts(verb, note, facts, tell)
        if verb == "on":
            ahead = await on_each(self._balancers, lambda one: self._switch_balancer(one, on=True))
            return (*await self._switch_hosts(verb, note, facts, tell), *ahead)
        hosts = await self._switch_hosts(verb, note, facts, tell)
        return (*hosts, *await on_each(self._balancers, lambda one: self._switch_balancer(one, on=False)))

    async def switch_balancers(self, names: tuple[str, ...], *, on: bool) -> tuple[Switched, ...]:
        """Switch those balancers alone, and no host; return what each shows afterwards, read back."""
        return tuple(await on_each([one for one in self._balancers if one.name in names], lambda one: self._switch_balancer(one, on=on)))

    async def _switch_balancer(self, balancer: BalancerPort, *, on: bool) -> Switched:
        shown = await balancer.maintain(on=on, deadline=LOOK)
        if isinstance(shown, BalancerProblem):
            return Switched(balancer.name, is_balancer=True, problem=shown.message, hint=shown.hint)
        words = "" if shown == on else f"it was told, and its maintenance page is still {'on' if shown else 'off'}"
        return Switched(balancer.name, is_balancer=True, problem=SafeText(words))

    async def _switch_hosts(self, verb: MaintenanceVerb, note: Maintenance, facts: tuple[HostFacts, ...], tell: Tell) -> tuple[Switched, ...]:
        return tuple(await on_each(facts, lambda fact: self._switch_host(verb, note, fact, tell)))

    async def _switch_host(self, verb: MaintenanceVerb, note: Maintenance, fact: HostFacts, tell: Tell) -> Switched:
        host = self._environment.host(fact.host)
        command = self._environment.command(host, f"maintenance_{verb}") if host else None
        if host is None or command is None:
            return Switched(fact.host, problem=SafeText(f"it has no command maintenance_{verb}"))
        if fact.problem:
            return Switched(fact.host, problem=fact.problem, hint=fact.hint)
        lines, printed = Lines(), list[SafeText]()

        def hear(data: bytes) -> None:
            for line in lines.feed(data):
                printed[:] = [*printed[-1:], line]
                tell(fact.host, line)

        body = switch_maintenance(self._environment.path_on(host), verb, note, self._text(verb, note, host, fact, command))
        began = self._clock.mono()
        ran = await self._outside.attended.run(host, body, "", hear, deadline=command.timeout + SPARE)
        for line in lines.end():
            printed.append(line)
            tell(fact.host, line)
        settled = _settled(fact.host, f"maintenance_{verb}", ran, printed[-1] if printed else SafeText(""))
        return replace(settled, seconds=round(self._clock.mono() - began, 3))

    def _text(self, verb: MaintenanceVerb, note: Maintenance, host: Host, fact: HostFacts, command: Command) -> str:
        """The command with its variables, as a shell is given it: in the live release's folder, or the application's where nothing is live."""
        values = values_outside_run(self._environment, host, fact)
        told = {
            "DEPLOY_MAINTENANCE": verb, "DEPLOY_MESSAGE": str(note.message), "DEPLOY_BY": str(note.by), "DEPLOY_SINCE": str(note.since),
            "DEPLOY_UNTIL": str(note.until), "DEPLOY_RETRY_AFTER": str(self._retry_after(note)),
        }  # fmt: skip
        variables = {**deploy_variables(values), **told, **variables_of(self._environment, self._secrets)}
        path = self._environment.path_on(host)
        return user_command(f"{path}/current" if fact.current else path, variables, Command(filled(command.run, values), command.run_as, command.timeout))

    def _retry_after(self, note: Maintenance) -> int:
        if not note.until:
            return RETRY_AFTER
        return max(1, int((datetime.fromisoformat(str(note.until)) - self._clock.now()).total_seconds()))


def _settled(host: str, command: str, ran: Ran, last: SafeText) -> Switched:
    if ran.ok:
        return Switched(host, code=0, left=last.startswith(LEFT_AS_IT_IS))
    if ran.status is not None:
        said = last or safe_end(ran.err, 200)
        return Switched(host, problem=SafeText(f"{command} ended with exit code {ran.status}" + (f": {said}" if said else "")), code=ran.status)
    if ran.problem is not None:
        return Switched(host, problem=ran.problem.message, hint=ran.problem.hint)
    return Switched(host, problem=SafeText(f"the link was lost while {command} ran"))
