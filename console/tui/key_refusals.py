"""The situation in which a key is pressed, and whether the key is offered: what `core/run/command_refusals.py` allows, less what the screen itself forbids.

The screen's own: who only looks on, whether runs can be begun from here, who has the helm, which host is meant, a run that is over.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from console.as_typed import as_typed
from console.core.run.command_refusals import ended_instead, left_live, may
from console.core.run.critical_path_verdict import open_ticks
from console.model import commands as cmd
from console.model.state import HostState, RunState
from console.safe_text import SafeText

Place = Literal["home", "prepare", "run", "host", "runs", "record", "compare", "replay"]
"""The screen that a key is pressed on."""

UNDECIDED = ("preflight", "deciding")
"""Phases of a run before its GO."""

ONLY_LOOKS = "this console is read-only: nothing can be changed from here"
NO_HOSTS_TOML = "no hosts.toml is known here: deploy -c FILE"


class Situation(NamedTuple):
    """What is on the screen when a key is pressed."""

    state: RunState
    """The run that is shown; at home the last one that changed the fleet."""
    host: str = ""
    """The host that a host's key acts on."""
    zoomed: int = 0
    read_only: bool = False
    helm: str = ""
    """Who has the helm and is there, when it is not who sits here: GO and continue are theirs."""
    can_begin_runs: bool = False
    """Runs can be begun from here: the next release, and the way back from one that has ended."""
    place: Place = "run"
    busy: bool = False
    """A run goes on in the environment, whatever is shown here."""
    is_last: bool = True
    """No run changed the fleet after this one."""
    over_home: bool = False
    """The run's screen was opened from home, and `q` goes there."""
    knows_last: bool = True
    """At home: the last run was read, or there is none."""
    closed: str = ""
    """Where a release is prepared: why GO may not be pressed; empty: it may."""

    @property
    def chosen(self) -> HostState | None:
        """The run's state of the chosen host; None: none is chosen, or it is not the run's."""
        return self.state.hosts.get(self.host)


Act = Literal["go", "acknowledge", "pause", "continue", "promote", "extend", "abort", "roll-back", "skip", "back-one", "retry", "helm", "note"]
"""What a key says to a run, by the id of its action."""


def _go(now: Situation) -> cmd.Decide:
    """GO as its question asks for it, on the plan that is shown and with the name typed."""
    return cmd.Decide(go=True, digest=now.state.plan.digest if now.state.plan else "", typed=now.state.environment)


def _tick(now: Situation) -> cmd.Acknowledge:
    names = (*open_ticks(now.state), *(check.id for check in now.state.checks if check.is_open))
    return cmd.Acknowledge(check=next(iter(names), ""))


COMMANDS: Final[dict[Act, Callable[[Situation], cmd.AnyCommand]]] = {
    "go": _go,
    "acknowledge": _tick,
    "pause": lambda _: cmd.Pause(),
    "continue": lambda _: cmd.Continue(),
    "promote": lambda _: cmd.Promote(),
    "extend": lambda _: cmd.Extend(),
    "abort": lambda _: cmd.Abort(),
    "roll-back": lambda now: ended_instead(now.state) or cmd.RollBack(),
    "skip": lambda now: cmd.Skip(host=now.host),
    "back-one": lambda now: cmd.Skip(host=now.host),
    "retry": lambda now: cmd.Retry(host=now.host),
    "helm": lambda _: cmd.TakeHelm(),
    "note": lambda _: cmd.Note(text=SafeText("")),
}
"""What each of those keys stands for, its question answered."""


def refused(act: Act, now: Situation) -> str:
    """Return why a run that goes on is not told that from here; empty: it may be."""
    if now.read_only:
        return ONLY_LOOKS
    if not now.state.run or now.state.phase == "ended":
        return "the run has ended" if now.state.run else "no run is known yet"
    refusal = may(COMMANDS[act](now), now.state)
    return _SCREENS.get(act, _nothing)(now, str(refusal.message) if refusal else "")


def _nothing(now: Situation, rule: str) -> str:
    return rule


def _without_helm(now: Situation, rule: str) -> str:
    return rule or (f"{now.helm} has the helm and decides: h takes it" if now.helm else "")


def _go_refused(now: Situation, rule: str) -> str:
    if now.state.phase not in ("preflight", "deciding"):
        return "choose a host to open (arrows)"
    return _without_helm(now, rule)


def _tick_refused(now: Situation, rule: str) -> str:
    waits = open_ticks(now.state) or any(check.is_open for check in now.state.checks)
    return rule or ("" if waits else "no manual check is waiting to be ticked off")


def _skip_refused(now: Situation, rule: str) -> str:
    if now.chosen is None:
        return "choose a host that is not done (arrows)"
    return rule or (f"{now.host} has the new release: B rolls it back" if now.chosen.condition == "new" else "")


def _back_refused(now: Situation, rule: str) -> str:
    if now.chosen is None:
        return "choose a host (tab, arrows)"
    return rule or (f"{now.host} does not have the new release: x leaves it on its old one" if now.chosen.condition != "new" else "")


def _retry_refused(now: Situation, rule: str) -> str:
    return rule if now.chosen is not None else "choose a host that failed (arrows)"


def _helm_refused(now: Situation, rule: str) -> str:
    return rule or ("" if now.helm else "you have the helm")


_SCREENS: Final[dict[Act, Callable[[Situation, str], str]]] = {
    "go": _go_refused, "continue": _without_helm, "promote": _without_helm, "acknowledge": _tick_refused, "skip": _skip_refused,
    "back-one": _back_refused, "retry": _retry_refused, "helm": _helm_refused,
}  # fmt: skip
"""What the screen adds to the rule's refusal: no host is chosen, another one has the helm, the other key is meant."""


def may_go(now: Situation) -> bool:
    """Return whether GO may be pressed."""
    return not refused("go", now)


def may_roll_back(now: Situation) -> bool:
    """Return whether there is something to roll back: in the run that goes on, or by a run of its own."""
    return not roll_back_refusal(now)


def roll_back_refusal(now: Situation) -> str:
    """Return why nothing is rolled back; empty: it may be. A run that goes on and is not shown is joined for it."""
    if now.busy and now.can_begin_runs:
        return ONLY_LOOKS if now.read_only else ""
    if not now.knows_last:
        return "the last run is still being read: r again in a moment"
    if now.state.phase != "ended":
        return refused("roll-back", now) if now.state.run else "no release is known here that could be rolled back"
    if now.read_only:
        return ONLY_LOOKS
    if not left_live(now.state):
        return "this run left no live release to roll back"
    if not now.is_last:
        return as_typed("a later run changed the fleet: deploy rollback, which undoes that one")
    return "" if now.can_begin_runs else NO_HOSTS_TOML


def may_restore(now: Situation) -> bool:
    """Return whether the run that is shown took a backup that the database can be brought back from."""
    over = now.state.phase == "ended" and not now.busy
    return now.can_begin_runs and not now.read_only and over and now.state.backup is not None


def restore_refusal(now: Situation) -> str:
    """Return why the database is not brought back."""
    if now.read_only:
        return ONLY_LOOKS
    if now.state.backup is None:
        return "this run took no backup to restore the database from"
    return NO_HOSTS_TOML if not now.can_begin_runs else "a run goes on"


def rests(now: Situation) -> bool:
    """Return whether nothing runs, and a run of one host may be begun from here."""
    over = now.state.phase == "ended" or not now.state.run
    return now.can_begin_runs and not now.read_only and not now.busy and over and bool(now.host)


def _is_back_already(now: Situation) -> bool:
    return now.chosen is not None and now.chosen.condition in ("back", "skipped")


def goes_back_alone(now: Situation) -> bool:
    """Return whether the chosen host has the release of a run that goes on, and can go back without the others."""
    return not refused("back-one", now)


def may_take_back(now: Situation) -> bool:
    """Return whether the chosen host alone can be taken back to the release that it had: as a part of its run, or by a run of its own."""
    return goes_back_alone(now) or (rests(now) and not _is_back_already(now))


def one_host_refusal(now: Situation) -> str:
    """Return why nothing is begun for one host."""
    if now.read_only:
        return ONLY_LOOKS
    if not now.host:
        return "choose a host with the arrows, then press the same key" if now.place == "home" else "choose a host (tab, arrows)"
    if not now.can_begin_runs:
        return NO_HOSTS_TOML
    return "a run goes on" if now.place == "home" or now.state.phase != "ended" or now.busy else "nothing to do on this host"


def back_refusal(now: Situation) -> str:
    """Return why the chosen host is not taken back."""
    if now.state.phase == "running" and now.host:
        return refused("back-one", now)
    return f"{now.host} is already rolled back" if _is_back_already(now) else one_host_refusal(now)


def may_visit(now: Situation) -> bool:
    """Return whether a shell can be opened on the host."""
    return now.can_begin_runs and not now.read_only and bool(now.host)


def may_maintain(now: Situation) -> bool:
    """Return whether maintenance mode may be switched from here. No run, lock or day holds it up."""
    return not maintenance_refusal(now)


def maintenance_refusal(now: Situation) -> str:
    """Return why maintenance mode is not switched from here; empty: it may be."""
    if now.read_only:
        return ONLY_LOOKS
    return "" if now.can_begin_runs else NO_HOSTS_TOML


def has_plot(now: Situation) -> bool:
    """Return whether the metrics have the whole screen."""
    return now.zoomed == 3 and bool(now.state.go)


def has_new_kinds(now: Situation) -> bool:
    """Return whether only new hosts have printed some kind of line."""
    return now.state.log_kinds_total > 0


def may_deploy(now: Situation) -> bool:
    """Return whether another release may be prepared."""
    return now.can_begin_runs and not now.read_only and (now.place != "run" or now.state.phase == "ended")
