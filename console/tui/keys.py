"""The one registry of what can be done by key: footer, help and dispatch come from it.

It knows where and when an action makes sense; whether it may be done is the run's to say.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from console.model.state import HostState, RunState
from console.views.spans import Line, Span, joined, line, spread, width
from console.views.waits import go_allowed

NEVER_BOUND = frozenset({"ctrl+a", "ctrl+b", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+s", "ctrl+z", "f1", "f10", "f11"})


Place = Literal["home", "prepare", "run", "host", "runs", "record", "compare", "replay"]
"""The screen that a key is pressed on."""

TINY = 50
"""Columns below which the footer has room for little more than the way back and the way out."""


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
    closed: str = ""
    """Where a release is prepared: why GO may not be pressed; empty: it may."""

    @property
    def chosen(self) -> HostState | None:
        """The host's state."""
        return self.state.hosts.get(self.host)


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does. `footer` is its word in the footer; empty: it is in the help alone."""

    id: str
    keys: tuple[str, ...]
    title: str
    footer: str = ""
    when: Callable[[Situation], bool] = lambda _: True
    why_not: str | Callable[[Situation], str] = ""
    """What is said when the key is pressed and it makes no sense."""
    soon: bool = False
    """Part of the console, but still to come."""
    places: tuple[Place, ...] = ("run",)


def _goes(now: Situation) -> bool:
    return now.state.phase in ("locking", "running") and not now.read_only


def may_go(now: Situation) -> bool:
    """Return whether GO may be pressed."""
    return go_allowed(now.state) and not now.read_only and not now.helm


def _go_refusal(now: Situation) -> str:
    if now.state.phase not in ("preflight", "deciding"):
        return "choose a host to open (arrows)"
    return f"{now.helm} has the helm and says GO: h takes it" if go_allowed(now.state) and now.helm else "GO is not open: see what blocks"


def _may_continue(now: Situation) -> bool:
    return _goes(now) and now.state.pausing is not None and not now.helm


def _continue_refusal(now: Situation) -> str:
    return f"{now.helm} has the helm and continues: h takes it" if now.helm and now.state.pausing is not None else "it is not paused"


def _may_take_helm(now: Situation) -> bool:
    return bool(now.helm) and not now.read_only and now.state.phase != "ended"


def _helm_refusal(now: Situation) -> str:
    if now.read_only:
        return "you only look on: the helm is not for you"
    return "the run has ended: nothing is left to answer" if now.state.phase == "ended" else "you have the helm"


def may_roll_back(now: Situation) -> bool:
    """Return whether there is something to roll back, as far as the screen can tell."""
    state = now.state
    ended_live = now.has_station and state.phase == "ended" and _left_live(state) and now.is_last
    return not now.read_only and now.place != "replay" and state.changed and (state.phase == "running" or ended_live)


def _left_live(state: RunState) -> bool:
    """Whether the run left its release live, and there was one before it."""
    return state.kind == "deploy" and state.exit in (0, 5, 8) and any(host.before for host in state.hosts.values())


def _record_refusal(now: Situation) -> str:
    if not now.read_only and _left_live(now.state) and not now.is_last:
        return "a later run changed the fleet: deploy rollback undoes that one"
    return "this run left nothing live that could go back"


def may_restore(now: Situation) -> bool:
    """Return whether the run that is shown took a backup that the database can be brought back from."""
    over = now.state.phase == "ended" and not now.busy
    return now.has_station and not now.read_only and over and now.state.backup is not None


def _restore_refusal(now: Situation) -> str:
    if now.read_only:
        return "you only look on: nothing is changed from here"
    if now.state.backup is None:
        return "this run took no backup that the database could go back to"
    return "no hosts.toml is known here: deploy -c FILE" if not now.has_station else "a run goes on"


def may_retry(now: Situation) -> bool:
    """Return whether the chosen host can be tried again."""
    host = now.chosen
    wrong = ("failed", "unknown", "unreachable", "skipped", "back")
    return host is not None and host.condition in wrong and now.state.phase in ("running", "rolling-back") and not now.read_only


def _retry_refusal(now: Situation) -> str:
    host = now.chosen
    if host is not None and host.condition in ("returning", "updating"):
        return f"{host.name} is still being {'taken back' if host.condition == 'returning' else 'updated'}: wait for its end"
    return "choose a host that failed (arrows)"


def may_skip(now: Situation) -> bool:
    """Return whether the chosen host can be left on its old release."""
    host = now.chosen
    settled = ("new", "back", "skipped", "owed", "left-out")
    return host is not None and host.condition not in settled and now.state.phase == "running" and not now.read_only


def _rests(now: Situation) -> bool:
    """Whether nothing runs, and a run of one host may be begun from here."""
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
    return goes_back_alone(now) or (_rests(now) and not _is_back_already(now))


def _one_host_refusal(now: Situation) -> str:
    if now.read_only:
        return "you only look on: nothing is changed from here"
    if not now.host:
        return "which host? arrows choose it, then the same key" if now.place == "home" else "choose a host (tab, arrows)"
    if not now.has_station:
        return "no hosts.toml is known here: deploy -c FILE"
    return "a run goes on" if now.place == "home" or now.state.phase != "ended" or now.busy else "nothing to do on this host"


def _back_refusal(now: Situation) -> str:
    host = now.chosen
    if host is not None and now.state.phase == "running" and not now.read_only:
        return f"{host.name} does not have the new release: x leaves it on its old one"
    if host is not None and _is_back_already(now):
        return f"{host.name} is back already"
    return _one_host_refusal(now)


def _may_visit(now: Situation) -> bool:
    return now.has_station and not now.read_only and bool(now.host)


def _has_plot(now: Situation) -> bool:
    """Whether the metrics have the whole screen."""
    return now.zoomed == 3 and bool(now.state.go)


def may_tick(now: Situation) -> bool:
    """Return whether a manual check waits for somebody to tick it off."""
    state = now.state
    return state.phase in ("preflight", "deciding") and not now.read_only and any(check.is_open for check in state.checks)


def may_deploy(now: Situation) -> bool:
    """Return whether another release may be prepared."""
    return now.has_station and not now.read_only and (now.place != "run" or now.state.phase == "ended")


EVERYWHERE: tuple[Place, ...] = ("home", "prepare", "run", "host", "runs", "record", "compare", "replay")
ON_HOSTS: tuple[Place, ...] = ("run", "host")
_WATCHED: tuple[Place, ...] = ("run", "replay")

_PAST: tuple[Action, ...] = (
    Action("filter", ("slash",), "list only runs with these words: rolled, v1.4, ada, 11-24, !succeeded", "filter", places=("runs",)),
    Action("compare", ("equals_sign", "b"), "mark a run; on another one: both side by side", "compare", places=("runs",)),
    Action("unzoom", ("escape",), "let go of the marked run; list every run again", places=("runs",)),
    Action("roll-back", ("r",), "roll this release back, if it is the last one", "roll back", may_roll_back, _record_refusal, places=("record",)),
    Action("restore", ("D",), "bring the database back from the backup of this run", "database back", may_restore, _restore_refusal, places=("record",)),
    Action("replay", ("v",), "replay the run: play, step, seek", "replay", places=("record",)),
    Action("panel-1", ("1",), "report on the whole screen, and back", places=("record",)),
    Action("panel-4", ("4",), "log on the whole screen, and back", places=("record",)),
    Action("filter", ("slash",), "show only lines of the log with these words, /regex/, !not, host:web*, level:error", "filter log", places=("record",)),
    Action("unzoom", ("escape",), "clear the filter, else back to both panels", places=("record",)),
    Action("play", ("space",), "play, and stop", "play", places=("replay",)),
    Action("step", ("right",), "one event on", "step", places=("replay",)),
    Action("step-back", ("left",), "one event back", places=("replay",)),
    Action("chapter", ("right_square_bracket",), "the next chapter", "chapter", places=("replay",)),
    Action("chapter-back", ("left_square_bracket",), "the chapter before", places=("replay",)),
    Action("first", ("home",), "the beginning", places=("replay",)),
    Action("last", ("end",), "the end", places=("replay",)),
    Action("faster", ("greater_than_sign",), "faster", "faster", places=("replay",)),
    Action("slower", ("less_than_sign",), "slower", places=("replay",)),
    Action(
        "acts", ("r", "p", "c", "x", "t", "a", "g", "w", "d", "m", "o", "k", "h", "s", "R", "B", "D"), "", when=lambda _: False,
        why_not="this is a replay: it acts on nothing; q goes back", places=("replay",),
    ),
)  # fmt: skip
"""What is done with runs that are over."""

ACTIONS: tuple[Action, ...] = (
    *_PAST,
    Action("go", ("enter", "g"), "GO: release it, after the last question", "GO", may_go, _go_refusal),
    Action(
        "open-run", ("g",), "GO: open the run, which asks for the last time", "GO", lambda now: not now.closed, lambda now: f"GO is closed: {now.closed}",
        places=("prepare",),
    ),
    Action(
        "roll-back", ("r",), "roll back every touched host, from every screen", "roll back", may_roll_back, "nothing is live that could go back",
        places=("home", "prepare", "run", "host"),
    ),
    Action("continue", ("c",), "continue after a pause", "continue", _may_continue, _continue_refusal, places=ON_HOSTS),
    Action(
        "pause", ("p",), "pause: begin no other host; those being updated come to their gate", "pause",
        lambda now: _goes(now) and now.state.pausing is None, "nothing goes on to pause", places=ON_HOSTS,
    ),
    Action("skip", ("x",), "leave the chosen host on its old release", "skip {host}", may_skip, "choose a host that is not done (arrows)", places=ON_HOSTS),
    Action("retry", ("t",), "try the chosen host again", "retry {host}", may_retry, _retry_refusal, places=ON_HOSTS),
    Action("abort", ("a",), "abort: all back, or all as it is", "abort", _goes, "there is nothing to abort", places=ON_HOSTS),
    Action("deploy", ("d",), "deploy: choose a version, see the checks, GO", "deploy", may_deploy, "a run goes on", places=("home", "run", "runs", "record")),
    Action("note", ("w",), "write a note into the record", "", lambda now: not now.read_only and now.state.phase != "ended", "the run has ended"),
    Action("restore", ("D",), "bring the database back from the backup of this run", "", may_restore, _restore_refusal, places=("run",)),
    Action("panel-1", ("1",), "checklist or checks on the whole screen, and back", places=_WATCHED),
    Action("panel-2", ("2",), "fleet on the whole screen, and back", places=_WATCHED),
    Action("panel-3", ("3",), "metrics or plan on the whole screen, and back", places=_WATCHED),
    Action("panel-4", ("4",), "log on the whole screen, and back", places=_WATCHED),
    Action("zoom-in", ("plus",), "more room for the panel with the focus, then the whole screen", places=_WATCHED),
    Action("zoom-out", ("underscore",), "one step back", places=_WATCHED),
    Action("unzoom", ("escape",), "clear a filter; back from a moment to now; back to all panels; back to the host that is waited for", places=_WATCHED),
    Action("moment-back", ("left",), "zoomed metrics: a moment earlier, in the log too (a line read there is marked here)", "moment", _has_plot),
    Action("moment-on", ("right",), "zoomed metrics: a moment later", "", _has_plot),
    Action("follow", ("end", "f"), "follow the end of the log"),
    Action(
        "filter", ("slash",), "filter hosts or lines by words, /regex/, !not, host:web*, level:error; tab searches", "filter",
        places=_WATCHED,
    ),
    Action(
        "host", ("enter",), "open the chosen host: its steps with times", "open {host}", lambda now: now.chosen is not None and not may_go(now), "",
        places=_WATCHED,
    ),
    Action("match", ("n",), "next match in the log", places=_WATCHED),
    Action("match-before", ("N",), "match before it", places=_WATCHED),
    Action("copy", ("y",), "copy the log's current line", places=_WATCHED),
    Action("copy-all", ("Y",), "copy the lines that the filter shows", places=_WATCHED),
    Action("save-log", ("W",), "write the lines that the filter shows into a file", places=_WATCHED),
    Action("zone", ("z",), "times local or UTC", places=_WATCHED),
    Action("open", ("enter",), "open what is chosen", "open", places=("home", "runs")),
    Action("runs", ("l",), "every run, with its outcome", "runs", lambda now: now.has_station, "there is no record to read here", places=("home",)),
    Action("environment", ("e",), "go to another environment", "", places=("home",)),
    Action("refresh", ("u",), "read again", "", places=("home", "prepare", "runs")),
    Action("fill", ("enter",), "go on to the form; there: fill in, change, or GO; at checks and plan: all of it", "open", places=("prepare",)),
    Action(
        "override", ("o",), "go on in spite of a check that is in the way: its name, and your reason", "override",
        lambda now: bool(now.closed) and not now.read_only,
        lambda now: "you only look on: nothing is changed from here" if now.read_only else "nothing is in the way", places=("prepare",),
    ),
    Action("announcement", ("w",), "the announcement as it will be sent; its notes are written there", "announcement", places=("prepare",)),
    Action("change", ("space", "right"), "the next answer of a line of the form", "", places=("prepare",)),
    Action("change-back", ("left",), "the answer before it", "", places=("prepare",)),
    Action("panel-next", ("tab",), "next panel: versions, form, checks, plan", "", places=("prepare",)),
    Action("panel-before", ("shift+tab",), "panel before it", "", places=("prepare",)),
    Action("panel-1", ("1",), "versions on the whole screen, and back", places=("prepare",)),
    Action("panel-2", ("2",), "form on the whole screen, and back", places=("prepare",)),
    Action("panel-3", ("3",), "checks on the whole screen, and back", places=("prepare",)),
    Action("panel-4", ("4",), "plan and way back on the whole screen, and back", places=("prepare",)),
    Action("filter", ("slash",), "filter the versions by words, /regex/, !not", "filter", places=("prepare",)),
    Action("unzoom", ("escape",), "clear the filter, back to all panels, back", "", places=("prepare",)),
    Action("help", ("question_mark",), "the keys", "keys", places=EVERYWHERE),
    Action("palette", ("colon", "ctrl+p"), "what can be done here, by its words", places=EVERYWHERE),
    Action("theme", ("T",), "another theme, seen while it is chosen", places=EVERYWHERE),
    Action("leave", ("q", "ctrl+q", "ctrl+c"), "leave the screen; a run that goes on goes on without it", "leave", places=EVERYWHERE),
    Action("maintenance", ("m",), "maintenance mode", soon=True),
    Action("promote", ("o",), "promote the canary", soon=True),
    Action("acknowledge", ("k",), "tick a manual check off", "tick off", may_tick, "no check waits to be ticked off"),
    Action("freeze", ("space",), "freeze the panels, and let them go on; what is watched goes on either way", places=("home", "run")),
    Action("unzoom", ("escape",), "let go of the chosen host", places=("home",)),
    Action("helm", ("h",), "take the helm: answer the run's questions from here", "take the helm", _may_take_helm, _helm_refusal),
    Action("next-host", ("right_square_bracket", "right"), "next host", "next host", places=("host",)),
    Action("host-before", ("left_square_bracket", "left"), "host before it", places=("host",)),
    Action(
        "back-one", ("B",), "take the chosen host back, and no other", "back", may_take_back, _back_refusal, places=("home", "run", "host"),
    ),
    Action("restart", ("R",), "restart the chosen host", "restart", _rests, _one_host_refusal, places=("home", "run", "host")),
    Action("shell", ("s",), "a shell on the host, in its live release", "shell", _may_visit, _one_host_refusal, places=("home", "run", "host")),
    Action("panel-1", ("1",), "steps on the whole screen, and back", places=("host",)),
    Action("panel-2", ("2",), "releases on the whole screen, and back", places=("host",)),
    Action("panel-3", ("3",), "metrics on the whole screen, and back", places=("host",)),
    Action("panel-4", ("4",), "log on the whole screen, and back", places=("host",)),
    Action("unzoom", ("escape",), "back to all panels, then to where you came from", places=("host",)),
    Action("follow", ("end", "f"), "follow the end of the log", places=("host",)),
    Action("copy", ("y",), "copy what was run in the chosen step, or the log's current line", places=("host",)),
    Action("refresh", ("u",), "read the host's releases again", places=("host",)),
)  # fmt: skip

def refusal(action: Action, now: Situation) -> str:
    """Return what is said when the action makes no sense now."""
    return action.why_not if isinstance(action.why_not, str) else action.why_not(now)


_SHOWN = {
    "question_mark": "?", "equals_sign": "=", "slash": "/", "colon": ":", "plus": "+", "underscore": "_", "escape": "esc", "left_square_bracket": "[",
    "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return how a key is printed."""
    return _SHOWN.get(key, key)


def for_key(key: str, now: Situation, actions: Iterable[Action] = ACTIONS) -> Action | None:
    """Return what that key does now; else what it would do; None for a key that does nothing."""
    mine = [action for action in actions if key in action.keys and now.place in action.places]
    ready = [action for action in mine if not action.soon and action.when(now)]
    return next(iter(ready), mine[0] if mine else None)


def is_ready(action: Action, now: Situation) -> bool:
    """Return whether the action makes sense now."""
    return not action.soon and action.when(now)


def found_actions(words: str, now: Situation, actions: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """Return the actions of that place whose title, id or key has all those words; what makes sense now comes first."""
    wanted = words.lower().split()
    mine = (action for action in actions if now.place in action.places and action.id != "palette")
    fitting = [action for action in mine if all(word in f"{action.title} {action.id} {' '.join(action.keys)}".lower() for word in wanted)]
    return tuple(sorted(fitting, key=lambda action: not is_ready(action, now)))


def leave_word(now: Situation) -> str:
    """Return what `q` does now."""
    state = now.state
    if now.place != "run":
        return "leave" if now.place == "home" else "back"
    if state.phase == "ended":
        return "leave"
    return "no-go, leave" if state.phase == "deciding" and not now.helm else "leave" if state.phase == "preflight" else "detach"


def footer_line(now: Situation, cells: int) -> Line:
    """Return the footer: what makes sense now, leaving at the right end; what has no room is in the help."""
    mine = (action for action in ACTIONS if action.footer and now.place in action.places and not action.soon)
    ready = [action for action in mine if action.id not in ("leave", "help") and action.when(now)]
    shown = [line(Span(key_name(action.keys[0]), "accent"), f" {action.footer.format(host=now.host)}") for action in ready]
    leave = line(Span("q", "accent"), f" {leave_word(now)}")
    if cells < TINY:
        while shown and width(joined((*shown, leave), " ")) > cells:
            shown.pop()
        return joined((*shown, leave), " ")
    right = line(Span("?", "accent"), " keys   ", *leave, " ")
    while shown and width(joined(shown)) + width(right) + 4 > cells:
        shown.pop()
    return spread(line(" ", *joined(shown)), right, cells)


def help_lines(place: Place = "run") -> tuple[Line, ...]:
    """Return every key of that screen and what it does."""
    mine = [action for action in ACTIONS if action.title and not action.soon and place in action.places]
    ready = [line(f" {', '.join(key_name(key) for key in action.keys):<18}", Span(action.title)) for action in mine]
    moves = (
        line(f" {'arrows':<18}", "choose a host, or scroll"),
        line(f" {'tab':<18}", "go between fleet and log"),
        line(f" {'pgup, pgdn, home':<18}", "scroll the log"),
        line(f" {'ctrl+r':<18}", "roll back, also from a text field"),
    )
    later = ", ".join(f"{key_name(action.keys[0])} {action.title}" for action in ACTIONS if action.soon)
    return (*ready, *moves, line(" "), line(Span(f" still to come: {later}", "dim")))
