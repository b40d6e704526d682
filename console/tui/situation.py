"""What is on the screen when a key is pressed, and what makes sense there; whether it may be done is the run's to say."""

from dataclasses import dataclass
from typing import Literal

from console.core.kinds import goes_back
from console.model.state import HostState, RunState
from console.typed import as_typed
from console.views.waits import can_retry, go_allowed

Place = Literal["home", "prepare", "run", "host", "runs", "record", "compare", "replay"]
"""The screen that a key is pressed on."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is on the screen when a key is pressed."""

    state: RunState
    """The run that is shown; at home the last one that changed the fleet."""
    host: str = ""
    """The host that a host's key acts on."""
    zoomed: int = 0
    read_only: bool = False
    helm: str = ""
    """Who has the helm and is there, when it is not who sits here: GO and continue are theirs."""
    has_station: bool = False
    """Runs can be begun from here: the next release, and the way back from one that has ended."""
    place: Place = "run"
    busy: bool = False
    """A run goes on in the environment, whatever is shown here."""
    is_last: bool = True
    """No run changed the fleet after this one."""
    over_home: bool = False
    """The run's screen was opened from home, and `q` goes there."""
    closed: str = ""
    """Where a release is prepared: why GO may not be pressed; empty: it may."""

    @property
    def chosen(self) -> HostState | None:
        """The host's state."""
        return self.state.hosts.get(self.host)


def goes(now: Situation) -> bool:
    """Return whether the run goes on and may be steered from here."""
    return now.state.phase in ("locking", "running") and not now.read_only


def may_go(now: Situation) -> bool:
    """Return whether GO may be pressed."""
    return go_allowed(now.state) and not now.read_only and not now.helm


def go_refusal(now: Situation) -> str:
    """Return why GO may not be pressed."""
    if now.state.phase not in ("preflight", "deciding"):
        return "choose a host to open (arrows)"
    return f"{now.helm} has the helm and says GO: h takes it" if go_allowed(now.state) and now.helm else "GO is not open: see what blocks"


def may_continue(now: Situation) -> bool:
    """Return whether a pause may be ended from here."""
    return goes(now) and now.state.pausing is not None and not now.helm


def continue_refusal(now: Situation) -> str:
    """Return why it may not."""
    return f"{now.helm} has the helm and continues: h takes it" if now.helm and now.state.pausing is not None else "it is not paused"


def may_take_helm(now: Situation) -> bool:
    """Return whether somebody else has a helm that can be taken."""
    return bool(now.helm) and not now.read_only and now.state.phase != "ended"


def helm_refusal(now: Situation) -> str:
    """Return why the helm is not to be taken."""
    if now.read_only:
        return "you only look on: the helm is not for you"
    return "the run has ended: nothing is left to answer" if now.state.phase == "ended" else "you have the helm"


def may_roll_back(now: Situation) -> bool:
    """Return whether there is something to roll back, as far as the screen can tell."""
    state = now.state
    ended_live = now.has_station and state.phase == "ended" and _left_live(state) and now.is_last
    return not now.read_only and now.place != "replay" and state.changed and goes_back(state.kind) and (state.phase == "running" or ended_live)


def _left_live(state: RunState) -> bool:
    """Whether the run left its release live, and there was one before it."""
    return state.kind == "deploy" and state.exit in (0, 5, 8) and any(host.before for host in state.hosts.values())


def record_refusal(now: Situation) -> str:
    """Return why a run on record is not rolled back."""
    if not now.read_only and _left_live(now.state) and not now.is_last:
        return as_typed("a later run changed the fleet: deploy rollback, which undoes that one")
    return "this run left nothing live that could go back"


def may_restore(now: Situation) -> bool:
    """Return whether the run that is shown took a backup that the database can be brought back from."""
    over = now.state.phase == "ended" and not now.busy
    return now.has_station and not now.read_only and over and now.state.backup is not None


def restore_refusal(now: Situation) -> str:
    """Return why the database is not brought back."""
    if now.read_only:
        return "you only look on: nothing is changed from here"
    if now.state.backup is None:
        return "this run took no backup that the database could go back to"
    return "no hosts.toml is known here: deploy -c FILE" if not now.has_station else "a run goes on"


def may_retry(now: Situation) -> bool:
    """Return whether the chosen host can be tried again."""
    return can_retry(now.chosen) and now.state.phase in ("running", "rolling-back") and not now.read_only


def retry_refusal(now: Situation) -> str:
    """Return why the chosen host is not tried again."""
    host = now.chosen
    if host is not None and host.condition in ("returning", "updating"):
        return f"{host.name} is still being {'taken back' if host.condition == 'returning' else 'updated'}: wait for its end"
    return "choose a host that failed (arrows)"


def may_skip(now: Situation) -> bool:
    """Return whether the chosen host can be left on its old release."""
    host = now.chosen
    settled = ("new", "back", "skipped", "owed", "left-out")
    return host is not None and host.condition not in settled and now.state.phase == "running" and not now.read_only


def rests(now: Situation) -> bool:
    """Return whether nothing runs, and a run of one host may be begun from here."""
    over = now.state.phase == "ended" or not now.state.run
    return now.has_station and not now.read_only and not now.busy and over and bool(now.host)


def _is_back_already(now: Situation) -> bool:
    return now.chosen is not None and now.chosen.condition in ("back", "skipped")


def goes_back_alone(now: Situation) -> bool:
    """Return whether the chosen host has the release of a run that goes on, and can go back without the others."""
    host, state = now.chosen, now.state
    return host is not None and host.condition == "new" and state.kind == "deploy" and state.phase == "running" and not now.read_only


def may_take_back(now: Situation) -> bool:
    """Return whether the chosen host alone can be taken back to the release that it had."""
    return goes_back_alone(now) or (rests(now) and not _is_back_already(now))


def one_host_refusal(now: Situation) -> str:
    """Return why nothing is begun for one host."""
    if now.read_only:
        return "you only look on: nothing is changed from here"
    if not now.host:
        return "which host? arrows choose it, then the same key" if now.place == "home" else "choose a host (tab, arrows)"
    if not now.has_station:
        return "no hosts.toml is known here: deploy -c FILE"
    return "a run goes on" if now.place == "home" or now.state.phase != "ended" or now.busy else "nothing to do on this host"


def back_refusal(now: Situation) -> str:
    """Return why the chosen host is not taken back."""
    host = now.chosen
    if host is not None and now.state.phase == "running" and not now.read_only:
        return f"{host.name} does not have the new release: x leaves it on its old one"
    if host is not None and _is_back_already(now):
        return f"{host.name} is back already"
    return one_host_refusal(now)


def may_visit(now: Situation) -> bool:
    """Return whether a shell can be opened on the host."""
    return now.has_station and not now.read_only and bool(now.host)


def has_plot(now: Situation) -> bool:
    """Return whether the metrics have the whole screen."""
    return now.zoomed == 3 and bool(now.state.go)


def may_tick(now: Situation) -> bool:
    """Return whether a manual check waits for somebody to tick it off."""
    state = now.state
    return state.phase in ("preflight", "deciding") and not now.read_only and any(check.is_open for check in state.checks)


def may_deploy(now: Situation) -> bool:
    """Return whether another release may be prepared."""
    return now.has_station and not now.read_only and (now.place != "run" or now.state.phase == "ended")
