"""What is true on the hosts of a simulated run, whatever its record says: each step does to its host what it is for, or not, by how it ends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from console.core.plan.maintenance_steps import PAGE_ON
from console.core.traffic.shares import ALL, wanted_weights
from console.model import events as ev
from console.model.maintenance_mode import Maintenance
from console.model.plan import Step
from console.model.traffic import OwnWeight
from console.safe_text import SafeText
from tests.core.balanced import NAME, BalancedRun
from tests.core.simulation import ADA, LOST

IN_DOUBT = 0.5
"""How often a step that did not end well has done its work all the same."""


@dataclass
class Machine:
    """One host."""

    live: str
    """What `current` points at; empty: nothing."""
    runs: str
    """The release that its application was started from; empty: it does not run."""
    well: bool = True
    """The application answers its health checks."""


@dataclass
class MachinesRun(BalancedRun):
    """A run whose steps work on machines."""

    chance: Random = field(default_factory=Random)
    machines: dict[str, Machine] = field(default_factory=dict)
    fell: set[str] = field(default_factory=set)
    """Hosts that were not well where they had come to."""
    page: bool = False
    """Users are shown the maintenance page of the run."""
    weighed: bool = False
    """Servers weigh something else than before the run."""

    def finish(self, step: Step) -> None:
        status, drawn = self._status(step), self.ending
        self._act(step, status)
        self.ending = lambda *_: status
        super().finish(step)
        self.ending = drawn

    def cancelled(self, step: Step, status: str) -> None:
        self._act(step, status)

    def take_out(self, hosts: tuple[str, ...]) -> None:
        if self.environment.balancers:
            super().take_out(hosts)

    def _status(self, step: Step) -> str:
        """How it ends: what is dead does nothing, what has no balancer is told nothing, and no gate passes where nothing runs, or another release does."""
        if step.place in self.dead:
            return "unreachable"
        status = self.ending(step, self.state.step_state(step).attempt)
        machine = self.machines.get(step.about)
        if machine is not None and status == "done" and step.kind == "gate" and not (machine.well and machine.runs and machine.runs == machine.live):
            return "failed"
        return "failed" if status == "done" and step.kind == "admit" and step.about in self.dead else status

    def _act(self, step: Step, status: str) -> None:
        """Do what the step is for. One that is not known to have ended well may have done it."""
        if status == "held" or (status != "done" and (step.place in self.dead or self.chance.random() < IN_DOUBT)):
            return
        machine = self.machines.get(step.about)
        match step.kind:
            case "stop" if machine:
                machine.runs = ""
            case "switch" | "remove" if machine:
                machine.live = step.release
            case "restart" if machine:
                machine.runs, machine.well = (machine.live if status == "done" else self.chance.choice((machine.live, ""))), True
            case "maintain":
                self._show(step, status)
            case "weigh" if status == "done":
                self._weigh(step)
            case _:
                return

    def _show(self, step: Step, status: str) -> None:
        self.page = step.name in (PAGE_ON, "back/maintenance-on")
        if status not in LOST:
            now = Maintenance(SafeText("ada"), SafeText("noon"), run=self.state.run) if self.page else None
            self.record(ev.MaintenanceChanged(by=ADA, now=now))

    def _weigh(self, step: Step) -> None:
        want = wanted_weights(self.state, step)
        self.weighed = want.share < ALL
        if not self.weighed:
            self.record(ev.WeightsChanged(balancer=NAME, mark="restored"))
            return
        own = {name: OwnWeight(1, 100, 1) for name in self.machines}
        self.record(ev.WeightsChanged(balancer=NAME, mark="setting", own=own), ev.WeightsChanged(balancer=NAME, mark="set", own=own, share=want.share))

    def fall(self, name: str, condition: str) -> None:
        """A host that had come to where it was told to go is not well there."""
        self.machines[name].well = condition != "failed"
        self.fell.add(name)
        self.record(ev.HostFailed(host=name, condition=condition, reason=SafeText("unwell")))  # type: ignore[arg-type]

    def lose(self, names: Iterable[str]) -> None:
        """Those give no answer any more."""
        fresh = [name for name in names if name not in self.dead]
        self.dead.update(fresh)
        self.record(*(ev.LinkLost(host=name) for name in fresh))

    def regain(self) -> None:
        """All of them do again."""
        back, self.dead = sorted(self.dead), set()
        self.record(*(ev.LinkRestored(host=name) for name in back))
