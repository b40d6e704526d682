"""The one registry of what can be done by key: footer, help and dispatch come from it.

`key_refusals` knows when an action is offered; `key_lines` prints the keys.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from console.tui.key_refusals import (
    ONLY_LOOKS,
    Act,
    Place,
    Situation,
    back_refusal,
    has_new_kinds,
    has_plot,
    maintenance_refusal,
    may_deploy,
    may_go,
    may_maintain,
    may_restore,
    may_roll_back,
    may_take_back,
    may_visit,
    one_host_refusal,
    refused,
    restore_refusal,
    rests,
    roll_back_refusal,
)

NEVER_BOUND = frozenset({"ctrl+a", "ctrl+b", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+s", "ctrl+z", "f1", "f10", "f11"})


class Action(NamedTuple):
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


def _by_rule(act: Act) -> tuple[Callable[[Situation], bool], Callable[[Situation], str]]:
    """When a run is told that from here, and what is said when it is not."""
    return (lambda now: not refused(act, now)), (lambda now: refused(act, now))


EVERYWHERE: tuple[Place, ...] = ("home", "prepare", "run", "host", "runs", "record", "compare", "replay")
ON_HOSTS: tuple[Place, ...] = ("run", "host")
_WATCHED: tuple[Place, ...] = ("run", "replay")
WITH_LOG: tuple[Place, ...] = ("run", "replay", "host", "record")

_PAST: tuple[Action, ...] = (
    Action("filter", ("slash",), "list only runs with these words: rolled, v1.4, ada, 11-24, !succeeded", "filter", places=("runs",)),
    Action("compare", ("equals_sign", "b"), "mark a run; on another run: compare the two", "compare", places=("runs",)),
    Action("unzoom", ("escape",), "unmark the run; else list every run again", places=("runs",)),
    Action("roll-back", ("r",), "roll this release back, if it is the last one", "roll back", may_roll_back, roll_back_refusal, places=("record",)),
    Action("restore", ("D",), "restore the database from the backup of this run", "restore database", may_restore, restore_refusal, places=("record",)),
    Action("replay", ("v",), "replay the run: play, step, seek", "replay", places=("record",)),
    Action("panel-1", ("1",), "report: full screen, and back", places=("record",)),
    Action("panel-4", ("4",), "log: full screen, and back", places=("record",)),
    Action("filter", ("slash",), "filter the log by words, /regex/, !not, host:web*, level:error, kind:new", "filter log", places=("record",)),
    Action("unzoom", ("escape",), "clear the filter; else show both panels", places=("record",)),
    Action("play", ("space",), "play or pause", "play", places=("replay",)),
    Action("step", ("right",), "one event forward", "step", places=("replay",)),
    Action("step-back", ("left",), "one event back", places=("replay",)),
    Action("chapter", ("right_square_bracket",), "next chapter", "chapter", places=("replay",)),
    Action("chapter-back", ("left_square_bracket",), "previous chapter", places=("replay",)),
    Action("first", ("home",), "go to the beginning", places=("replay",)),
    Action("last", ("end",), "go to the end", places=("replay",)),
    Action("faster", ("greater_than_sign",), "play faster", "faster", places=("replay",)),
    Action("slower", ("less_than_sign",), "play slower", places=("replay",)),
    Action(
        "acts", ("r", "p", "c", "x", "t", "a", "g", "w", "d", "m", "o", "k", "h", "s", "R", "B", "D"), "", when=lambda _: False,
        why_not="this is a replay: it changes nothing; q goes back", places=("replay",),
    ),
)  # fmt: skip
"""What is done with runs that are over."""

ACTIONS: tuple[Action, ...] = (
    *_PAST,
    Action("go", ("enter", "g"), "GO: release it, after a last question", "GO", *_by_rule("go")),
    Action(
        "open-run", ("g",), "GO: open the run, which asks a last time", "GO", lambda now: not now.closed, lambda now: f"GO is closed: {now.closed}",
        places=("prepare",),
    ),
    Action(
        "roll-back", ("r",), "roll back every touched host, from every screen", "roll back", may_roll_back, roll_back_refusal,
        places=("home", "prepare", "runs", "compare", "run", "host"),
    ),
    Action("continue", ("c",), "continue after a pause", "continue", *_by_rule("continue"), places=ON_HOSTS),
    Action(
        "pause", ("p",), "pause: start no other host, and hold a rollback that is counted down; hosts that are being updated finish first", "pause",
        *_by_rule("pause"), places=ON_HOSTS,
    ),
    Action(
        "promote", ("o",), "go on with the release: end a canary's analysis, or the monitoring window", "promote", *_by_rule("promote"),
        places=ON_HOSTS,
    ),
    Action("extend", ("e",), "make the monitoring window 5 minutes longer", "extend", *_by_rule("extend"), places=ON_HOSTS),
    Action("skip", ("x",), "leave the chosen host on its old release", "skip {host}", *_by_rule("skip"), places=ON_HOSTS),
    Action("retry", ("t",), "try the chosen host again", "retry {host}", *_by_rule("retry"), places=ON_HOSTS),
    Action("abort", ("a",), "abort: roll all hosts back, or leave everything as it is", "abort", *_by_rule("abort"), places=ON_HOSTS),
    Action("deploy", ("d",), "deploy: choose a version, see the checks, GO", "deploy", may_deploy, "a run goes on", places=("home", "run", "runs", "record")),
    Action("note", ("w",), "write a note into the record", "", *_by_rule("note")),
    Action("restore", ("D",), "restore the database from the backup of this run", "", may_restore, restore_refusal, places=("run",)),
    Action("panel-1", ("1",), "checklist or checks: full screen, and back", places=_WATCHED),
    Action("panel-2", ("2",), "fleet: full screen, and back", places=_WATCHED),
    Action("panel-3", ("3",), "metrics or plan: full screen, and back", places=_WATCHED),
    Action("panel-4", ("4",), "log: full screen, and back", places=_WATCHED),
    Action("zoom-in", ("plus",), "more room for the focused panel, then the full screen", places=_WATCHED),
    Action("zoom-out", ("underscore",), "less room for the panel", places=_WATCHED),
    Action("unzoom", ("escape",), "clear a filter; else return to now; else show all panels; else let go of the chosen host", places=_WATCHED),
    Action("moment-back", ("left",), "full-screen metrics: move the time cursor back, in the log too", "time cursor", has_plot),
    Action("moment-on", ("right",), "full-screen metrics: move the time cursor forward, in the log too", "", has_plot),
    Action("span", ("S",), "metrics: the last 10 minutes, hour, 6 hours, day, and back", places=("home", "run", "host")),
    Action("follow", ("end", "f"), "follow the end of the log"),
    Action(
        "filter", ("slash",), "filter hosts or lines by words, /regex/, !not, host:web*, level:error, kind:new; tab searches", "filter",
        places=_WATCHED,
    ),
    Action(
        "host", ("enter",), "open the chosen host: its steps with times", "open {host}", lambda now: now.chosen is not None and not may_go(now), "",
        places=_WATCHED,
    ),
    Action("match", ("n",), "next match in the log", places=_WATCHED),
    Action("match-before", ("N",), "previous match in the log", places=_WATCHED),
    Action("error", ("e",), "next error in the log", places=WITH_LOG),
    Action("error-before", ("E",), "previous error in the log", places=WITH_LOG),
    Action("wrap", ("L",), "wrap long lines of the log, or cut them at the edge", places=WITH_LOG),
    Action(
        "new-kinds", ("K",), "show only lines of kinds that hosts with the old release do not print, and back", "", has_new_kinds,
        "no kind of log line is only on new hosts", places=WITH_LOG,
    ),
    Action("copy", ("y",), "copy the log's current line", places=_WATCHED),
    Action("copy-all", ("Y",), "copy the lines that the filter shows", places=_WATCHED),
    Action("save-log", ("W",), "write the lines that the filter shows into a file", places=_WATCHED),
    Action("zone", ("z",), "show times in local time or UTC", places=_WATCHED),
    Action("open", ("enter",), "open what is chosen", "open", places=("home", "runs")),
    Action("runs", ("l",), "list every run, with its outcome", "runs", lambda now: now.can_begin_runs, "there is no record to read here", places=("home",)),
    Action("environment", ("e",), "go to another environment", "", places=("home",)),
    Action("refresh", ("u",), "read again", "", places=("home", "prepare", "runs")),
    Action("fill", ("enter",), "versions: go to the form; form: edit the line, or GO; checks and plan: show all", "open", places=("prepare",)),
    Action(
        "override", ("o",), "override a blocking check: type its name and your reason", "override",
        lambda now: bool(now.closed) and not now.read_only,
        lambda now: ONLY_LOOKS if now.read_only else "no blocking checks", places=("prepare",),
    ),
    Action("announcement", ("w",), "show the announcement as it will be sent, and edit its notes", "announcement", places=("prepare",)),
    Action("change", ("space", "right"), "next answer in the chosen line of the form", "", places=("prepare",)),
    Action("change-back", ("left",), "previous answer", "", places=("prepare",)),
    Action("panel-next", ("tab",), "next panel: versions, form, checks, plan", "", places=("prepare",)),
    Action("panel-before", ("shift+tab",), "previous panel", "", places=("prepare",)),
    Action("panel-1", ("1",), "versions: full screen, and back", places=("prepare",)),
    Action("panel-2", ("2",), "form: full screen, and back", places=("prepare",)),
    Action("panel-3", ("3",), "checks: full screen, and back", places=("prepare",)),
    Action("panel-4", ("4",), "plan and way back: full screen, and back", places=("prepare",)),
    Action("filter", ("slash",), "filter the versions by words, /regex/, !not", "filter", places=("prepare",)),
    Action("unzoom", ("escape",), "clear the filter; else show all panels; else leave", "", places=("prepare",)),
    Action("help", ("question_mark",), "show the keys", "keys", places=EVERYWHERE),
    Action("palette", ("colon", "ctrl+p"), "palette: find an action by its words", places=EVERYWHERE),
    Action("theme", ("T",), "choose a theme, with a preview", places=EVERYWHERE),
    Action("leave", ("q", "ctrl+q", "ctrl+c"), "leave the screen; the run continues without it", "leave", places=EVERYWHERE),
    Action(
        "maintenance", ("m",), "maintenance mode: read what users see, then m again switches it", "maintenance", may_maintain, maintenance_refusal,
        places=("home", "prepare", "run", "host", "runs", "record", "compare"),
    ),
    Action("acknowledge", ("k",), "tick a manual check off", "tick off", *_by_rule("acknowledge")),
    Action("freeze", ("space",), "freeze or unfreeze the panels; the run continues either way", places=("home", "run")),
    Action("unzoom", ("escape",), "let go of the chosen host", places=("home",)),
    Action("helm", ("h",), "take the helm: answer the run's questions from here", "take the helm", *_by_rule("helm"), places=ON_HOSTS),
    Action("next-host", ("right_square_bracket", "right"), "next host", "next host", places=("host",)),
    Action("host-before", ("left_square_bracket", "left"), "previous host", places=("host",)),
    Action(
        "back-one", ("B",), "roll back the chosen host alone", "back", may_take_back, back_refusal, places=("home", "run", "host"),
    ),
    Action("restart", ("R",), "restart the chosen host", "restart", rests, one_host_refusal, places=("home", "run", "host")),
    Action("shell", ("s",), "open a shell on the host, in its live release", "shell", may_visit, one_host_refusal, places=("home", "run", "host")),
    Action("panel-1", ("1",), "steps: full screen, and back", places=("host",)),
    Action("panel-2", ("2",), "releases: full screen, and back", places=("host",)),
    Action("panel-3", ("3",), "metrics: full screen, and back", places=("host",)),
    Action("panel-4", ("4",), "log: full screen, and back", places=("host",)),
    Action("unzoom", ("escape",), "show all panels; then back to where you came from", places=("host",)),
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


_ONLY_SHOWS = frozenset(
    {"help", "panel-1", "panel-2", "panel-3", "panel-4", "zoom-in", "zoom-out", "moment-back", "moment-on", "span", "match", "match-before", "wrap", "zone"}
)
_MOVES = frozenset({"up", "down", "pageup", "pagedown"})


def only_shows(key: str, now: Situation) -> bool:
    """Return whether that key changes nothing but what is seen, where keys are no text: it does no harm in a paste."""
    action = for_key(key, now)
    return action.id in _ONLY_SHOWS if action else key in _MOVES


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


def offered(now: Situation) -> frozenset[str]:
    """Return the ids of what makes sense now."""
    return frozenset(action.id for action in ACTIONS if now.place in action.places and is_ready(action, now))


def found_actions(words: str, now: Situation, actions: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """Return the actions of that place whose title, id or key has all those words; what makes sense now comes first."""
    wanted = words.lower().split()
    mine = (action for action in actions if now.place in action.places and action.id != "palette")
    fitting = [action for action in mine if all(word in f"{action.title} {action.id} {' '.join(action.keys)}".lower() for word in wanted)]
    return tuple(sorted(fitting, key=lambda action: not is_ready(action, now)))
