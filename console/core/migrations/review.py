"""What an operator is told of a release's migrations before the decision, the worst first: locks with the size of their tables, what could not be read,
what the linter found. Pure; how a migration is read is `core.migrations.migration_set`', whether it runs is `core.checks.database`'s.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.core.words.durations import duration_words
from console.core.words.sizes import counted, size_words
from console.model.database_facts import Effect, LintFinding, Migration, Review, TableFacts, Touch
from console.model.values import changed
from console.safe_text import SafeText

LARGE = 100_000
"""Rows from which on a lock that others wait for is pointed out."""
LARGE_BYTES = 64 * 2**20
SHOWN = 6
KEPT = 200
"""Statements, findings and unread places that a record keeps of each kind, the worst of them."""

_LOSES: frozenset[Effect] = frozenset({"drops it with its data", "empties it", "deletes every row"})
_WEIGHTS: dict[Effect, float] = {
    "rewrites it": 8, "rewrites it, if its default's function is volatile": 7, "rewrites it, unless the type only widens": 7,
    "copies it": 8, "fills it anew": 6,
    "drops it with its data": 9, "empties it": 9, "deletes every row": 7, "writes every row": 5, "scans it": 4, "builds an index": 5,
    "scans it, unless a constraint proves its bounds": 4, "is looked up for each row of the other": 2, "is held until the transaction ends": 4,
    "renames what code before it uses": 3, "drops a column with its data": 3,
}  # fmt: skip
"""How much worse what a statement does is than a lock for a moment (0.1), on tables of the same size."""


class ReviewedStatement(NamedTuple):
    """A statement of a migration with what is known of its table; None: its size is not known."""

    path: SafeText
    touch: Touch
    table: TableFacts | None

    @property
    def rank(self) -> float:
        """How bad it is: what is done, times how large the table is, or might be."""
        held = max(_WEIGHTS.get(self.touch.effect, 0.1), 4.0 if self.touch.held_by else 0.0)
        weight = held * (2.0 if self.touch.blocks == "reads and writes" else 1.0)
        size = LARGE_BYTES if self.table is None else max(_size(self.table, self.touch), 200.0 * self.table.rows * (not self.touch.is_only))
        return weight * max(1.0, size) * (3.0 if self.table and self.table.sessions else 1.0)


def names_of(migrations: Iterable[Migration]) -> tuple[str, ...]:
    """Every name that a table of the migrations may have, each once; tables that the release makes itself are not asked for."""
    touches = (touch for one in migrations for touch in one.touches if touch.made != "here")
    return tuple(dict.fromkeys(name for touch in touches for name in (touch.table, *touch.elsewhere) if name))


def resolved(review: Review) -> Review:
    """Settle which table each statement means, and leave out what is nobody's: what the release makes itself, unless it is there already."""
    there = {table.name: table for table in review.tables if table.exists}
    return changed(review, migrations=tuple(changed(one, touches=tuple(_meant(one.touches, there))) for one in review.migrations))


def _meant(touches: Iterable[Touch], there: dict[str, TableFacts]) -> Iterator[Touch]:
    for touch in touches:
        name = next((name for name in (touch.table, *touch.elsewhere) if name in there), touch.table)
        if touch.made == "here" or (touch.made == "perhaps" and name not in there):
            continue
        yield changed(touch, table=name, elsewhere=(), made="")


def shortened(review: Review) -> Review:
    """Keep the worst of what was found, so that a record and a message stay small however many files there are."""
    worst = {id(one.touch) for one in sorted(_told(review), key=lambda one: -one.rank)[:KEPT]}
    out = []
    for one in review.migrations:
        found, unread = one.findings[:KEPT], one.unread[:KEPT]
        out.append(changed(one, touches=tuple(touch for touch in one.touches if id(touch) in worst), findings=found, unread=unread, back=one.back[:SHOWN]))
    named = {touch.table for one in out for touch in one.touches}
    return changed(review, migrations=tuple(out), tables=tuple(table for table in review.tables if table.name in named))


def pointed_out(review: Review) -> tuple[str, ...]:
    """What an operator should know before deciding, the worst first: what takes long or loses data on large tables, locks on busy ones, then the linter."""
    locks = [_lock_words(one) for one in worst_first(review)]
    lint = [f"{one.path}:{found.line}: {found.message}" for one in review.migrations for found in one.findings if found.rule == "in-transaction"]
    lint += [f"{one.path}:{found.line}: {found.message}" for one in review.migrations for found in one.findings if found.rule != "in-transaction"]
    return _few([*locks, *lint])


def brief_words(review: Review) -> tuple[str, ...]:
    """Locks of a moment, on large tables or on those whose size is not known: said, and nothing to worry about."""
    brief = [one for one in _told(review) if _is_brief(one.touch) and one.touch.blocks != "nothing" and not _is_told(one)]
    return _few([_lock_words(one) for one in sorted(brief, key=lambda one: -one.rank) if one.table is None or is_large(one.table, one.touch)])


def unread_words(review: Review) -> tuple[str, ...]:
    """What could not be read: of this it is not known what it does."""
    found = [(one, finding) for one in review.migrations for finding in one.unread]
    return _few([f"{one.path}{f':{finding.line}' if finding.line else ''}: {finding.message}" for one, finding in sorted(found, key=_unread_first)])


def _unread_first(pair: tuple[Migration, LintFinding]) -> bool:
    return pair[0].is_back


def _few(words: list[str]) -> tuple[str, ...]:
    return (*words[:SHOWN], *((f"and {len(words) - SHOWN} more",) if len(words) > SHOWN else ()))


def worst_first(review: Review) -> tuple[ReviewedStatement, ...]:
    """The statements that are pointed out."""
    return tuple(sorted((one for one in _told(review) if _is_told(one)), key=lambda one: -one.rank))


def _told(review: Review) -> list[ReviewedStatement]:
    tables = {table.name: table for table in review.tables}
    return [ReviewedStatement(one.path, touch, tables.get(touch.table)) for one in review.migrations for touch in one.touches]


def _is_brief(touch: Touch) -> bool:
    return touch.effect == "metadata only" and not touch.held_by


def _is_told(one: ReviewedStatement) -> bool:
    touch, table = one.touch, one.table
    if touch.blocks == "nothing" and touch.effect not in ("writes every row", "deletes every row"):
        return False
    if table is None:
        return not _is_brief(touch)
    return is_notable(table, touch)


def is_large(table: TableFacts, touch: Touch | None = None) -> bool:
    """Whether what grows with the table takes long."""
    if touch is not None and touch.is_only and table.own >= 0:
        return table.own >= LARGE_BYTES
    return table.rows >= LARGE or table.size >= LARGE_BYTES


def is_notable(table: TableFacts, touch: Touch) -> bool:
    """Whether a lock on that table is likely to be felt: it lasts, or it loses data, and the table is large; or somebody works on it now."""
    if not table.exists:
        return False
    is_busy = table.sessions > 0 and touch.blocks != "nothing"
    return is_busy or (is_large(table, touch) and not _is_brief(touch)) or (touch.effect in _LOSES and table.rows > 0)


def _size(table: TableFacts, touch: Touch) -> int:
    return table.own if touch.is_only and table.own >= 0 else table.size


def _lock_words(one: ReviewedStatement) -> str:
    touch, table = one.touch, one.table
    unsized = f"{touch.table}: its size is not known" if touch.table else "tables that the statement does not name"
    about = f"{touch.table}: {table_words(table)}" if table else unsized
    effect = f", {touch.effect}" if touch.effect and touch.effect not in ("writes rows",) else ""
    held = f", and held through line {touch.held_by} of the same transaction" if touch.held_by else ""
    blocks = f"{touch.lock} lock, {f'blocks {touch.blocks}' if touch.blocks != 'nothing' else 'each row is locked until its transaction ends,'}"
    return f"{one.path}:{touch.line}: {touch.words}: {blocks} on {about}{effect}{held}"


def table_words(table: TableFacts) -> str:
    """A table in words: its size, its rows, and who is on it."""
    parts = f" in {counted(table.parts, 'partition')}" if table.parts else ""
    words = f"{size_words(table.size)}, about {table.rows:,} rows{parts}"
    if table.sessions:
        many = f"{table.sessions} open transactions hold" if table.sessions > 1 else "1 open transaction holds"
        words += f", {many} locks on it, the oldest for {duration_words(max(1.0, round(table.oldest)))} ({table.holder})"
    return words


def forward(review: Review) -> tuple[Migration, ...]:
    """The migrations without the files that take others back."""
    return tuple(one for one in review.migrations if not one.is_back)
