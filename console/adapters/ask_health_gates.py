"""Health checks of hosts, asked through each host's own connection, or from the console's machine. Implements `ports.Gates`.

Owns the asking again; what each kind asks is `checks`'. When a gate is passed is `core/checks/health_gate.py`'s to say; it must not know of plans or runs.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from console.adapters.attended_commands import run_attended
from console.adapters.checks.dispatch import CONSOLE, observe
from console.adapters.checks.one_question import Asked, Reveal, RunCommand
from console.adapters.system_clock import SystemClock
from console.core.checks.health_gate import GateEnd, GateState, Observation, counted, judge, next_patience, next_wait
from console.core.host.release_scripts import user_command
from console.core.host.shell import deploy_variables, exports, filled, quote
from console.model.configured_checks import CriticalPath, HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.ports.clock import Clock
from console.ports.gates import GateResult
from console.ports.hosts import Ran, Transport, Unreached
from console.safe_text import SafeText

Heard = Callable[[str, str, Observation], None]
"""(host, check, what was seen): told of each answer."""
ONCE: dict[str, Literal["passed", "failed", "error"]] = {"ok": "passed", "bad": "failed", "error": "error"}


def place_of(environment: Environment, host: Host, check: HealthCheck | CriticalPath) -> Host:
    """Where the check is asked from: the host itself, the console's machine, or the host that it names."""
    if check.on == "host":
        return host
    if check.on == "console":
        return CONSOLE
    return environment.host(check.on) or Host(check.on)


def bare_command(transport: Transport) -> RunCommand:
    """Return a way to run a check's command as it stands, with DEPLOY_… in its environment and no other variables."""

    async def run(place: Host, command: Command, values: Mapping[str, str], seconds: float) -> Ran:
        body = f"set -eu\n{exports(deploy_variables(values))}{filled(command.run, values)}\n"
        return await run_attended(transport, place, body, command.run_as, deadline=seconds)

    return run


def release_command(transport: Transport, environment: Environment, variables: Callable[[], Mapping[str, str]]) -> RunCommand:
    """Return a way to run a check's command as the application's own: in its live release, with its variables, which travel by standard input."""

    async def run(place: Host, command: Command, values: Mapping[str, str], seconds: float) -> Ran:
        folder = f"{environment.path_on(place)}/current" if environment.host(place.name) else "/"
        body = user_command(folder, {**deploy_variables(values), **variables()}, Command(filled(command.run, values)))
        return await run_attended(transport, place, body, command.run_as, deadline=seconds)

    return run


def check_command(transport: Transport, environment: Environment, variables: Callable[[], Mapping[str, str]]) -> RunCommand:
    """Return a way to run a command of the pre-flight: on a host in its live release, where it has one; here in the folder of the file."""

    async def run(place: Host, command: Command, values: Mapping[str, str], seconds: float) -> Ran:
        is_host = environment.host(place.name) is not None
        folder = f"{environment.path_on(place)}/current" if is_host else environment.file.rpartition("/")[0] or "/"
        words = f"cd -- {quote(folder)} 2>/dev/null || :\n{filled(command.run, values)}"
        body = user_command("/", {**deploy_variables(values), **variables()}, Command(words))
        return await run_attended(transport, place, body, command.run_as, deadline=seconds)

    return run


class HostGates:
    """The gates of an environment. `run_command` knows the release's folder and variables; without it commands run as they stand."""

    def __init__(
        self, transport: Transport, clock: Clock | None = None, run_command: RunCommand | None = None, reveal: Reveal = lambda name: None,
        heard: Heard = lambda host, check, seen: None,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._clock = clock or SystemClock()
        self._run_command = run_command or bare_command(transport)
        self._reveal = reveal
        self._heard = heard

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask at the check's interval until it has passed often enough in a row, or its deadline is over."""
        place = place_of(environment, host, check)
        state, elapsed = GateState(), 0.0
        while True:
            patience, asked = next_patience(check, elapsed), self._clock.mono()
            observation = await self.ask(place, check, values, patience)
            self._heard(host.name, check.name, observation)
            took = self._clock.mono() - asked
            spent = counted(took, patience)
            if spent < took:
                observation = Observation("error", SafeText(f"the console's machine stood still for {took - spent:.0f} s"))
            elapsed += spent
            judged = judge(check, state, observation, elapsed)
            if isinstance(judged, GateEnd):
                return GateResult(judged.verdict, judged.passes, judged.needed, judged.seconds, judged.seen)
            state = judged
            wait, waited = next_wait(check, elapsed, spent), self._clock.mono()
            await self._clock.sleep(wait)
            elapsed += counted(self._clock.mono() - waited, wait)

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        """Ask a check once, without retries; for a fleet at rest."""
        seen = await self.ask(place_of(environment, host, check), check, values, check.timeout)
        self._heard(host.name, check.name, seen)
        return GateResult(ONCE[seen.kind], int(seen.kind == "ok"), 1, seen.milliseconds / 1000, seen.seen)

    async def unreached(self, host: Host) -> Unreached | None:
        """Ask whether the host answers at all, on a new connection where it has none: why it does not; None: it answers."""
        answer = await self._transport.connect(host)
        return answer if isinstance(answer, Unreached) else None

    async def ask(self, place: Host, check: HealthCheck, values: Mapping[str, str], patience: float) -> Observation:
        """Ask once from that place, within `patience` seconds."""
        began = self._clock.mono()
        seen = await observe(Asked(self._transport, place, check, values, patience, self._run_command, self._reveal))
        return Observation(seen.kind, seen.seen, 1000 * (self._clock.mono() - began))
