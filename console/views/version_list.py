"""The versions that could be released, as a list: each with what CI says of it and whether it was verified where it has to be first. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from console.model.environment_record import TAKEN_BACK
from console.model.fleet_snapshot import Candidate, CiMark, CiStatus, Verified
from console.views.filter import Filter, FilterSubject
from console.views.styled_text import Line, MarkName, Span, by_room, cell, line, mark, width
from console.views.times import day_and_time

_CI: dict[CiStatus, tuple[MarkName, str]] = {
    "passed": ("done", "green"), "failed": ("failed", "red"), "waiting": ("busy", "pending"), "error": ("unknown", "unmeasured"),
    "unasked": ("skipped", "not asked"), "none": ("skipped", ""),
}  # fmt: skip
NAMED = 60
"""Cells from which a mark has its name before it; below, the panel's title names the columns."""


class Marks(NamedTuple):
    """What is known of versions by their commits: what CI said (none yet: it is asked), and which were verified. `at`: the time that it is now, in UTC."""

    verified: Verified = Verified()
    ci: Mapping[str, CiMark] = {}
    has_ci: bool = False
    at: str = ""
    names: int = 18
    """Cells that the longest name needs."""

    @property
    def columns(self) -> str:
        """The names of the columns that there are."""
        return ", ".join(filter(None, ("CI" if self.has_ci else "", self.verified.environment)))


def kept(candidates: tuple[Candidate, ...], wanted: Filter) -> tuple[Candidate, ...]:
    """Return those that the filter shows: by name, commit, author and subject."""
    return tuple(one for one in candidates if wanted.keeps(FilterSubject("", f"{one.ref} {one.commit} {one.by} {one.subject}")))


def first_choice(candidates: tuple[Candidate, ...], suggested: str) -> int:
    """Return the place of the version that is offered: the suggested one, else the newest that goes forward: not live anywhere, and not failed here."""
    wanted = (
        [place for place, one in enumerate(candidates) if suggested and one.ref == suggested],
        [place for place, one in enumerate(candidates) if one.ahead and not one.live and not one.fared],
    )
    return next((places[0] for places in wanted if places), 0)


def standing(candidate: Candidate, *, short: bool = False) -> Span:
    """Return how a version stands to what is live, and how it fared here."""
    if candidate.fared:
        word = "taken back" if candidate.fared == TAKEN_BACK else "failed"
        return Span(f"live, {word}" if candidate.live and short else word if short else f"{candidate.fared} here", "bad")
    if candidate.live:
        return Span(f"live {candidate.live}" if short else f"live on {candidate.live}", "good")
    return Span("", "dim") if candidate.ahead else Span("older" if short else "older than the live release", "warn")


def ci_words(commit: str, marks: Marks) -> Line:
    """Return what CI says of a commit: a mark and a word."""
    found = marks.ci.get(commit)
    if found is None:
        return line(Span("· …", "dim"))
    name, word = _CI[found.status]
    sign = mark(name)
    return line(sign, Span(f" {word}", sign.tone))


def verified_words(commit: str, marks: Marks) -> Line:
    """Return whether a commit was verified: a mark, and how long ago."""
    at = marks.verified.at.get(commit)
    if at is None:
        return line(Span("– never", "dim"))
    if commit in marks.verified.late:
        return line(Span(f"! {_age(at, marks.at)}", "warn"))
    return line(mark("done"), Span(f" {_age(at, marks.at)}", "good"))


def _age(at: str, now: str) -> str:
    try:
        seconds = (datetime.fromisoformat(now.replace("Z", "+00:00")) - datetime.fromisoformat(at.replace("Z", "+00:00"))).total_seconds()
    except (ValueError, TypeError):
        return "?"
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    return next((f"{int(seconds // size)} {unit}" for size, unit in units if seconds >= 2 * size), f"{max(0, int(seconds))} s")


def _columns(candidate: Candidate, marks: Marks, cells: int) -> tuple[Line, Line]:
    """The two marks, each in its column; nothing where there is no such column."""
    environment, named = marks.verified.environment, cells >= NAMED
    ci = ci_words(candidate.commit, marks) if marks.has_ci else ()
    verified = verified_words(candidate.commit, marks) if environment else ()
    wide = max((len(_CI[one.status][1]) for one in marks.ci.values()), default=5) + 2
    return _in_column("CI " if named else "", ci, wide), _in_column(f"{environment} " if named else "", verified, 8)


def _in_column(name: str, words: Line, cells: int) -> Line:
    return line(Span(name, "dim"), *words, " " * max(0, cells - width(words))) if words else ()


def candidate_row(candidate: Candidate, chosen: bool, cells: int, zone: tzinfo | None, marks: Marks = Marks()) -> Line:  # noqa: B008 (a value)
    """A version: its name, its marks, when, who, how it stands to what is live, what it is; the last ones where there is room."""
    sign = mark("now") if chosen else Span(" ")
    name = Span(cell(str(candidate.ref), min(18, marks.names, max(6, cells // 4))), "strong" if candidate.is_tag else "plain")
    when = line(Span(day_and_time(candidate.at, zone), "dim"))
    who = line(Span(cell(str(candidate.by), 10), "dim")) if cells >= 60 else ()
    ci, verified = _columns(candidate, marks, cells)
    said = [part for part in (line(sign, " ", name), ci, verified) if part]
    taken = sum(map(width, said)) + 2 * len(said)
    stands = standing(candidate, short=taken + width((standing(candidate),)) > cells)
    if stands.text and ci and taken + width((stands,)) > cells:
        verified = ()  # there is room for one of the two: that it is live says more
    fixed = by_room(((0, line(sign, " ", name)), (2, ci), (1, verified), (4, when), (3, who), (1, line(stands) if stands.text else ())), cells)
    room = cells - width(fixed) - 2
    return (*fixed, Span("  "), Span(cell(str(candidate.subject), room))) if room > 3 else fixed
