"""The pre-flight's checks as lines, by the room there is: what blocks first and whole, with what to do; then what is pointed out, then the rest. Pure."""

import re
from collections.abc import Callable

from console.as_typed import as_typed
from console.model.checks import Check
from console.model.state import RunState
from console.views.checklist import STATUS
from console.views.compact_layout import in_rows
from console.views.styled_text import Line, Span, Tone, cell, clipped, line, mark

BESIDE = 48
"""Cells from which what was found stands beside a check's title, in a column; below, it stands under it."""
_WORST = {"failed": 0, "error": 0, "waiting": 1, "warning": 2, "overridden": 3, "skipped": 5, "passed": 4}


def check_lines(state: RunState, width: int, height: int, all_by: str = "2 shows all", key: str = "") -> tuple[Line, ...]:
    """Return the pre-flight's checks: what blocks first and with its remedy, then warnings, then the rest, in that room. `all_by`: how all are read.

    `key`: what overrides a check where this is shown; empty: nothing does there, and its remedy names the option alone.
    Where there is no room for all words, a check that has passed says less; what blocks first is read whole.
    """
    checks = sorted(state.checks, key=lambda check: (0 if check.blocks and check.status != "waiting" else 1, _WORST[check.status]))
    title = min(max(22, width // 2 - 4), max((len(check.title) for check in checks), default=8))
    whole = [_check_rows(check, title, width, key) for check in checks]
    if sum(map(len, whole)) <= height:
        return tuple(row for rows in whole for row in rows)
    if sum(map(_is_in_the_way, checks)) == 1 and len(whole[0]) >= height:
        return tuple(whole[0][:height])
    shown = [[_short_row(check, title, width)] for check in checks[: max(0, height - 1)]]
    for group in (_is_in_the_way, _is_pointed_out):
        _read_whole(shown, checks, whole, height - 1, group)
    if len(shown) == len(checks) or height < 2:
        return tuple(row for rows in shown for row in rows)[:height]
    return (*(row for rows in shown for row in rows), line(Span(f"  and {len(checks) - len(shown)} more ({all_by})", "dim")))


def _is_in_the_way(check: Check) -> bool:
    return check.blocks and check.status != "waiting"


def _is_pointed_out(check: Check) -> bool:
    return check.status in ("waiting", "warning", "overridden", "error") or check.blocks


def _read_whole(shown: list[list[Line]], checks: list[Check], whole: list[list[Line]], height: int, wanted: Callable[[Check], bool]) -> None:
    """Let those checks take the rows that they need, from what matters least; never from another of their kind, and the first one in any case."""
    for place in range(len(shown)):
        if not wanted(checks[place]) or len(shown[place]) == len(whole[place]):
            continue
        kept = max((at + 1 for at in range(len(shown)) if wanted(checks[at]) or _is_in_the_way(checks[at])), default=0)
        if sum(map(len, shown[:kept])) - 1 + len(whole[place]) > height:
            continue
        shown[place] = whole[place]
        while sum(map(len, shown)) > height:
            shown.pop()


def _sign(check: Check) -> Span:
    if check.status == "warning":
        return Span("!", "warn")
    return mark("failed") if check.blocks and check.status != "waiting" else mark(STATUS[check.status])


def _found_words(check: Check) -> str:
    word = {"overridden": "overridden: ", "skipped": "skipped: ", "error": "could not be measured: "}.get(check.status, "")
    return word + str(check.detail)


def _short_row(check: Check, title: int, width: int) -> Line:
    """A check on one row; where what was found does not fit under a title that is read whole, the mark says enough."""
    words = _found_words(check)
    if width >= BESIDE:
        return clipped(line(_sign(check), " ", cell(str(check.title), title), "  ", Span(words, "dim")), width)
    fitting = (one for one in (words, check.status if check.status != "passed" else "") if one and len(check.title) + len(one) + 4 <= width)
    shown = next((f"  {one}" for one in fitting), "")
    return clipped(line(_sign(check), f" {check.title}", Span(shown, "dim")), width)


def _check_rows(check: Check, title: int, width: int, key: str) -> list[Line]:
    """One check: mark, title, what was found, and what to do; on as many rows as the words need."""
    words = _found_words(check)
    tone: Tone = "plain" if check.blocks else "dim"
    if width >= BESIDE:
        first, *more = _wrapped(words, width - title - 4)
        out = [line(_sign(check), " ", cell(str(check.title), title), "  ", Span(first, tone))]
        out += [line(" " * (title + 4), Span(part, tone)) for part in more]
    elif len(check.title) + len(words) + 4 <= width:
        out = [line(_sign(check), f" {check.title}", Span(f"  {words}" if words else "", tone))]
    else:
        out = [line(_sign(check), f" {check.title}"), *(line("  ", Span(part, tone)) for part in _wrapped(words, width - 2))]
    if check.remedy and check.status in ("failed", "error", "warning"):
        out += [line("    ", Span(part, "accent" if check.blocks else "dim")) for part in _wrapped(_by_key(check, key), width - 4)]
    return [clipped(row, width) for row in out]


def _by_key(check: Check, key: str) -> str:
    """What to do about it, with the key beside the option that it stands for."""
    return re.sub(r"--override \S+=REASON", rf"\g<0> (key {key})", as_typed(check.remedy)) if key and check.blocks else as_typed(check.remedy)


def _wrapped(words: str, cells: int) -> list[str]:
    return list(in_rows(words, max(16, cells))) or [""]
