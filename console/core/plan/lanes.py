"""What happens on one host, in order: the parts of a lane that planner and rollback share. Pure."""

from dataclasses import dataclass, field

from console.core.host_selection import applies
from console.core.traffic.serving import OutBefore, balancers_of, in_words
from console.core.traffic.shares import ALL, share_words
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command, Hook, HookPlace
from console.model.plan import Phase, Step, StepKind
from console.model.values import changed
from console.safe_text import SafeText

ASKING = 60.0
"""Seconds for what a balancer is told, beside the time that requests have to end."""
ADMITTING = 120.0
"""Seconds for a balancer to find a host well, and to give it requests."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One host's part in a phase of the plan; it names the steps that are laid into it."""

    environment: Environment
    host: Host
    phase: Phase
    prefix: str
    release: str
    wave: int = 0
    leads: bool = False
    """The first host of the plan: `once` hooks run here."""
    out: OutBefore = field(default_factory=dict)
    """Hosts that somebody else has taken out of the traffic."""

    def step(
        self, name: str, kind: StepKind, title: str, timeout: float, *, command: Command | None = None, idempotent: bool = False,
        changes: bool = False, fatal: bool = True, place: str | None = None,
    ) -> Step:  # fmt: skip
        """Make a step of this lane, named `PREFIX/NAME`."""
        return Step(
            name=f"{self.prefix}/{name}", kind=kind, phase=self.phase, title=SafeText(title), about=self.host.name,
            place=self.host.name if place is None else place, wave=self.wave, command=command, release=self.release,
            timeout=timeout, idempotent=idempotent, changes=changes, fatal=fatal,
        )  # fmt: skip

    def run(self, kind: StepKind, command: Command | None, *, changes: bool = True) -> tuple[Step, ...]:
        """The step that runs one of the file's commands, if there is that command."""
        if command is None:
            return ()
        return (self.step(kind, kind, f"{kind} on {self.host.name}", command.timeout, command=command, changes=changes),)

    def confirm(self) -> tuple[Step, ...]:
        """The step that asks the host whether it has the version, where a release has no files."""
        has = self.environment.command(self.host, "has") if self.environment.ship == "none" else None
        return (self.step("has", "fetch", f"confirm that {self.host.name} has the version", has.timeout, command=has),) if has else ()

    def switch(self) -> Step:
        """Make the step that points `current` to the release."""
        title = f"switch {self.host.name} to {self.release}"
        return self.step("switch", "switch", title, 30.0, idempotent=True, changes=True)

    def remove(self) -> Step:
        """Make the step that removes `current`: nothing is live then."""
        return self.step("remove", "remove", f"remove current on {self.host.name}", 30.0, idempotent=True, changes=True)

    def restart(self, *, first: bool) -> tuple[Step, ...]:
        """Bring the application to what is live: start it where it never ran, else restart it, or start it after its stop."""
        start, restart = self.environment.command(self.host, "start"), self.environment.command(self.host, "restart")
        return self.run("restart", (start or restart) if first else (restart or start))

    def stop(self) -> tuple[Step, ...]:
        """Stop the application before the switch, where it has no restart of its own."""
        if self.environment.command(self.host, "restart"):
            return ()
        return self.run("stop", self.environment.command(self.host, "stop"))

    def gate(self) -> tuple[Step, ...]:
        """The gate after an update, where the host has health checks."""
        checks = gates_of(self.environment, self.host)
        if not checks:
            return ()
        names = ", ".join(check.name for check in checks)
        timeout = max(check.deadline for check in checks)
        return (self.step("gate", "gate", f"health of {self.host.name}: {names}", timeout, idempotent=True),)

    def drain(self) -> tuple[Step, ...]:
        """Take the host out of the traffic and wait for the requests that are under way there. On a way back nothing waits for a balancer."""
        balancers = balancers_of(self.environment, self.host)
        if not balancers:
            return ()
        title = f"drain {self.host.name} at {self._at(stays=False)}" if self._comes_back() else f"{self.host.name} is out of {self._at(stays=True)} already"
        timeout = max(one.drain_timeout for one in balancers) + ASKING
        return (self.step("drain", "drain", title, timeout, idempotent=True, changes=True, fatal=self.phase != "rollback", place=""),)

    def admit(self, *, drained: bool = True) -> tuple[Step, ...]:
        """Give the host requests again at every balancer that it was in before. `drained`: the lane takes it out first; else it is told only where something
        else in the record has."""
        if not balancers_of(self.environment, self.host):
            return ()
        there, comes = self._comes_back(), f"return {self.host.name} to" if drained else f"see that {self.host.name} is in"
        title = f"{comes} {self._at(stays=False)}" if there else f"{self.host.name} stays out of {self._at(stays=True)}, as it was before"
        return (self.step("admit", "admit", title, ADMITTING, idempotent=True, changes=True, place=""),)

    def weigh(self, share: float) -> tuple[Step, ...]:
        """Give the host the weight that it is to have before it gets requests again. `share`: of the traffic, for all hosts with the new release."""
        if not balancers_of(self.environment, self.host):
            return ()
        title = f"weigh {self.host.name}: " + ("as an old host" if share == ALL else f"{share_words(share)} of the traffic for new hosts")
        step = self.step("weigh", "weigh", title, ASKING, idempotent=True, changes=True, fatal=self.phase != "rollback", place="")
        return (changed(step, share=share),)

    def _comes_back(self) -> bool:
        return bool({one.name for one in balancers_of(self.environment, self.host)} - self.out.get(self.host.name, frozenset()))

    def _at(self, *, stays: bool) -> str:
        out = self.out.get(self.host.name, frozenset())
        return in_words(one.name for one in balancers_of(self.environment, self.host) if (one.name in out) == stays)

    def hooks(self, at: HookPlace) -> tuple[Step, ...]:
        """The file's hooks at that place, for this host."""
        numbered = enumerate(self.environment.hooks, start=1)
        return tuple(self._hook(hook, number) for number, hook in numbered if hook.at == at and self._has(hook))

    def _has(self, hook: Hook) -> bool:
        return applies(hook.tags, self.host) and (self.leads or not hook.once)

    def _hook(self, hook: Hook, number: int) -> Step:
        title = f"{hook.at} on {self.host.name}: {hook.command.run}"
        changes = hook.at not in ("before release", "after release")
        return self.step(f"hook-{number}", "hook", title, hook.command.timeout, command=hook.command, changes=changes, fatal=hook.fatal)


def gates_of(environment: Environment, host: Host) -> tuple[HealthCheck, ...]:
    """The health checks that this host has to pass."""
    return tuple(check for check in environment.health if applies(check.tags, host))


def chained(steps: tuple[Step, ...], needs: tuple[str, ...]) -> tuple[Step, ...]:
    """Return the steps so that each needs the one before it, and the first what was given."""
    result: list[Step] = []
    for step in steps:
        result.append(changed(step, needs=(result[-1].name,) if result else needs))
    return tuple(result)
