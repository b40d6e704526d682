"""A letter for each host of a large fleet, or for each group of hosts, which letter a group shows, and what the letters stand for. Pure."""

from console.core.words.sizes import counted_hosts
from console.model.state import HostCondition, HostState, RunState
from console.views.condition_marks import AT_REST, WORDS, above, is_busy, is_cut
from console.views.grid import Grid
from console.views.styled_text import Line, Span, Tone, mark_tone

_LETTERS: dict[HostCondition, str] = {
    "old": "·", "updating": "u", "new": "N", "returning": "b", "back": "B", "failed": "F", "unreachable": "X", "unknown": "?",
    "skipped": "s", "owed": "O", "left-out": "-",
}  # fmt: skip
_PREPARING = ("p", "preparing", mark_tone("busy"))
_LOST = ("l", "link lost", mark_tone("unknown"))
_ABOVE = ("A", "new, above a limit", mark_tone("failed"))
_SIGNS: dict[HostCondition, tuple[str, str, Tone]] = {condition: (_LETTERS[condition], words, mark_tone(sign)) for condition, (sign, words) in WORDS.items()}

_URGENCY: dict[str, int] = {letter: place for place, letter in enumerate(("F", "X", "?", "l", "O", "A", "b", "B", "u", "p", "s", "N", "-", "·"))}
"""What needs eyes first: the letter that a group shows."""

_REST_SIGNS = {condition: (letter, AT_REST.get(condition, "live"), tone) for condition, (letter, _, tone) in _SIGNS.items()}


def sign_of(state: RunState, host: HostState) -> tuple[str, str, Tone]:
    """Return the letter of a host, its state in words, and its tone."""
    at_rest = not state.run
    if is_cut(host):
        return _LOST
    if host.name in above(state):
        return _ABOVE
    if host.condition == "old" and host.step and is_busy(host):
        return _PREPARING
    return (_REST_SIGNS if at_rest else _SIGNS)[host.condition]


def letter_lines(state: RunState, names: tuple[str, ...], grid: Grid, selected: str = "") -> tuple[Line, ...]:
    """Return a letter for each host, or for each group: the worst of its states. Neighbours of one tone are one span."""
    hosts, each, out = state.hosts, grid.each, []
    row: list[Span] = []
    said, tone, column = "", "plain", 0
    for start in range(0, len(names), each):
        group = names[start : start + each]
        letter, _, its = sign_of(state, hosts[group[0]]) if each == 1 else _worst(state, group)
        if selected in group:
            its = "selected"
        if its != tone and said:
            row.append(Span(said, tone))  # type: ignore[arg-type]
            said = ""
        said, tone, column = said + letter, its, column + 1
        if column == grid.columns:
            out.append((*row, Span(said, its)))
            row, said, column = [], "", 0
    if said:
        out.append((*row, Span(said, tone)))  # type: ignore[arg-type]
    return tuple(out)


def _worst(state: RunState, group: tuple[str, ...]) -> tuple[str, str, Tone]:
    return min((sign_of(state, state.hosts[name]) for name in group), key=lambda sign: _URGENCY[sign[0]])


def legend(state: RunState, names: tuple[str, ...], room: int) -> str:
    """Return how many hosts there are in which state, with the letters, in the fullest words that the room (cells) has.

    `300 hosts: N 4 new, · 296 old`, else `300: N 4 · 296`, else `N4 ·296`.
    """
    count: dict[tuple[str, str, Tone], int] = {}
    for name in names:
        sign = sign_of(state, state.hosts[name])
        count[sign] = count.get(sign, 0) + 1
    found = sorted(count.items(), key=lambda pair: _URGENCY[pair[0][0]])
    words = f"{counted_hosts(len(names))}: " + ", ".join(f"{letter} {number:,} {word}" for (letter, word, _), number in found)
    short = f"{len(names):,}: " + " ".join(f"{letter} {number:,}" for (letter, _, _), number in found)
    return next((told for told in (words, short) if len(told) <= room), " ".join(f"{letter}{number}" for (letter, _, _), number in found))
