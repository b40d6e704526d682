"""What a document about a run is written with, whatever it is written as: sections of paragraphs, facts, points, tables, quotes, drawings. Values only.

Knows nothing of Markdown, HTML or runs.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from console.views.styled_text import Tone


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of a report that stands by itself."""

    words: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class FactRows:
    """Names with what is so; rows without words are left out."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One entry of a list: `lead` is stressed and stands in front, `more` and the `quoted` lines stand below it."""

    words: str
    lead: str = ""
    tone: Tone = "plain"
    more: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Points:
    """A list with a mark before each entry."""

    rows: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class TableGrid:
    """A table. `tones`: of each row, where one is not plain; `numbers`: columns that are read as numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...] = ()
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of the timeline. `seconds` from the beginning; `chapter`: it opens a part of the run."""

    at: str
    seconds: float
    host: str
    words: str
    tone: Tone = "plain"
    chapter: bool = False


@dataclass(frozen=True, slots=True)
class Moments:
    """Entries of a timeline, each at its time of day."""

    rows: tuple[TimelineEntry, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines as they came, under a title."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompts:
    """Questions that are left to people, each with a prompt."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A place for a plot, where the form has plots."""

    name: Literal["lanes", "step times", "metrics"]


Block: TypeAlias = Paragraph | FactRows | Points | TableGrid | Moments | Quote | Prompts | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report. `folded`: it is long, and one step away where the form can do that, else left out."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False
