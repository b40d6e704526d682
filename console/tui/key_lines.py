"""The footer and the help of a screen, from the registry of keys."""

from console.tui.key_refusals import Place, Situation
from console.tui.keys import ACTIONS, key_name
from console.views.blocking_reason import way_out
from console.views.styled_text import Line, Span, joined, line, spread, width

TINY = 50
"""Columns below which the footer has room for little more than the way back and the way out."""


def leave_word(now: Situation) -> str:
    """Return what `q` does now."""
    state = now.state
    if now.place != "run":
        return "leave" if now.place == "home" else "back"
    words = "detach"
    if state.phase in ("ended", "preflight"):
        words = "leave"
    elif state.phase == "deciding" and not now.helm:
        words = "no-go, leave"
    return way_out(words, home=now.over_home)


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
