"""A simulated run before a simulated balancer: what it was told is what it does, and somebody may have taken hosts out before."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from console.model import events as ev
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.plan import Step
from console.model.request import RunKind
from console.model.values import changed
from console.safe_text import SafeText
from tests.core.simulation import Simulation, an_environment, opening

LB = Balancer("haproxy", socket="/run/haproxy/admin.sock", backend="shop")
NAME = LB.name
TRAFFIC = ("drain", "admit")


def balanced(hosts: int, batch: int = 1, **rolling: object) -> Environment:
    """A fleet of that size behind one balancer."""
    return changed(an_environment(hosts, batch, **rolling), balancers=(LB,))


@dataclass
class BalancedRun(Simulation):
    """Notes who gets requests, and what is done to a host while it does."""

    serves: set[str] = field(default_factory=set)
    before: frozenset[str] = frozenset()
    """Hosts that somebody else took out before the run."""
    changed_in_service: list[str] = field(default_factory=list)
    """Steps that changed what runs on a host while it got requests, though its balancer could have been told."""
    undrained: set[str] = field(default_factory=set)
    """Hosts of which the balancer would not hear on their way back."""
    reads: Callable[[str], bool] = lambda host: True
    """Whether it can be read back that a host is out."""

    def take_out(self, hosts: tuple[str, ...]) -> None:
        for host in hosts:
            if self.reads(host):
                self.serves.discard(host)
                self.record(ev.TrafficChanged(host=host, balancer=NAME, mark="left" if host in self.before else "drained"))
            else:
                self.record(ev.TrafficChanged(host=host, balancer=NAME, mark="unread", detail=SafeText("no answer")))

    def finish(self, step: Step) -> None:
        if step.kind not in TRAFFIC:
            if step.kind in ("stop", "switch", "restart") and step.about in self.serves and step.about not in self.undrained:
                self.changed_in_service.append(step.name)
            super().finish(step)
            return
        status = self._told(step, self.ending(step, self.state.step_state(step).attempt))
        ending, self.ending = self.ending, lambda *_: status
        super().finish(step)
        self.ending = ending

    def _told(self, step: Step, status: str) -> str:
        """Do what the step says if it ends well, and have the record say so before its end."""
        host, waits = step.about, step.phase != "rollback" and self.state.kind in ("deploy", "restart")
        status = "held" if status != "done" and waits else "failed" if status != "done" else status
        if step.kind == "drain" and status == "done":
            self.serves.discard(host)
            self.record(ev.TrafficChanged(host=host, balancer=NAME, mark="left" if host in self.before else "drained"))
        elif step.kind == "admit" and status == "done" and host not in self.before:
            self.serves.add(host)
            self.undrained.discard(host)
            self.record(ev.TrafficChanged(host=host, balancer=NAME, mark="in"))
        elif step.kind == "drain" and step.phase == "rollback":
            self.undrained.add(host)
        return status


def a_balanced_run(
    hosts: int = 3, ending: Callable[[Step, int], str] = lambda step, attempt: "done", batch: int = 1, *, kind: RunKind = "deploy", out: Collection[str] = (),
    **rolling: object,
) -> BalancedRun:  # fmt: skip
    """A run of a fleet of that size, after GO. `out`: hosts that somebody else took out."""
    environment = balanced(hosts, batch, **rolling)
    run = BalancedRun(environment, ending, before=frozenset(out), serves={host.name for host in environment.hosts} - set(out))
    opened, *rest = opening(environment, kind)
    run.record(opened, *(ev.TrafficChanged(host=name, balancer=NAME, mark="left") for name in out), *rest)
    return run
