"""The maintenance page around a change that takes the service down: on before the first change, off behind the last gate, or behind the way back. Pure.

Each is one step of the whole run. It switches on what is off, and off what it has switched on: what was on before the run stays on.
"""

from console.core.database_state import MIGRATE
from console.core.maintenance_state import OFF, ON, hosts_with_page, is_configured, without_end
from console.model.configured_environment import Environment
from console.model.plan import Step
from console.model.state import RunState
from console.model.values import changed
from console.safe_text import SafeText

PAGE_ON, PAGE_OFF = "maintenance/on", "maintenance/off"
BACK_ON, BACK_OFF = "back/maintenance-on", "back/maintenance-off"
BALANCERS = 180.0
"""Seconds for balancers, which find hosts well by checks of their own, and for looking at every host before and after."""


def shows_page(environment: Environment, strategy: str, downtime: float | None) -> bool:
    """Whether a release has users shown the page: it takes the service down, by its strategy or by what is declared (seconds), and there is a page to show."""
    return (strategy == "recreate" or bool(downtime)) and is_configured(environment) and not without_end(environment)


def page_on(environment: Environment, needs: tuple[str, ...], *, back: bool = False) -> Step:
    """Switch it on, before anything changes. Where that fails, nothing is taken down."""
    title = SafeText("maintenance on: users are shown the maintenance page")
    name, timeout = BACK_ON if back else PAGE_ON, _seconds(environment, ON)
    phase, fatal = ("rollback", False) if back else ("prepare", True)
    return Step(name, "maintain", phase, title, needs=needs, timeout=timeout, idempotent=True, changes=True, fatal=fatal)  # type: ignore[arg-type] # they are phases


def page_off(environment: Environment, needs: tuple[str, ...], *, back: bool = False) -> Step:
    """Switch it off, once every host serves."""
    name, phase = (BACK_OFF, "rollback") if back else (PAGE_OFF, "verify")
    title = SafeText("maintenance off, as it was before")
    return Step(name, "maintain", phase, title, needs=needs, timeout=_seconds(environment, OFF), idempotent=True, fatal=False)  # type: ignore[arg-type]


def _seconds(environment: Environment, name: str) -> float:
    return max((command.timeout for host in hosts_with_page(environment) if (command := environment.command(host, name))), default=0.0) + BALANCERS


def behind_page(on: Step, database: tuple[Step, ...]) -> tuple[Step, ...]:
    """Put the page between a backup and the migration: the one changes nothing, and may take long."""
    moved = tuple(changed(step, needs=(*step.needs, on.name)) if step.name == MIGRATE else step for step in database)
    before = tuple(step for step in moved if step.name != MIGRATE)
    return (*before, changed(on, needs=(before[-1:] and (before[-1].name,)) or on.needs), *(step for step in moved if step.name == MIGRATE))


def has_shown(state: RunState) -> bool:
    """Whether the run has begun to switch the page on."""
    known = state.steps.get(PAGE_ON)
    return known is not None and known.attempt > 0


def left_on(state: RunState) -> bool:
    """Whether the run has switched the page on, or may have, and it is not known to be off again."""
    return state.maintenance.run == state.run if state.maintenance is not None else may_be_on(state)


def may_be_on(state: RunState) -> bool:
    """Whether nobody has seen how the step ended that shows the page, and none has taken it away since."""

    def is_one(names: tuple[str, str], statuses: frozenset[str]) -> bool:
        return any((known := state.steps.get(name)) is not None and known.status in statuses for name in names)

    return is_one((PAGE_ON, BACK_ON), _IN_DOUBT) and not is_one((PAGE_OFF, BACK_OFF), frozenset({"done"}))


_IN_DOUBT = frozenset({"unknown", "unreachable", "cancelled"})
