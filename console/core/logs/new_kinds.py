"""Which kinds of lines only hosts with the new release print. Bounded, and without a clock: what it is given decides.

Hosts with the old release make the baseline, as does what a host printed before its own switch, and what is printed below a warning while it
starts. A kind that the baseline has later on is taken off again. It knows nothing of where lines come from, and decides nothing about a run.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from console.core.logs.kind_of_line import Kinds
from console.core.logs.masks import Masker
from console.core.logs.records import Record
from console.model.log_kinds import LogKind, LogLevel
from console.model.state import HostState
from console.safe_text import SafeText

KEPT = 20_000
"""Kinds that are held at once; the one that was met least lately goes first."""
SHOWN = 5
"""Kinds that are told."""
TIMES = 3
"""Lines of a kind below a warning before it is told: one line alone says little."""
ENOUGH = 100
"""Lines of the baseline before kinds below a warning are told."""
WATCHED = 10.0
"""Seconds, over all old hosts together, that a log is read before its silence says something."""
CHURN_AFTER = 500
"""Lines of the baseline after which it is judged whether its kinds repeat at all."""
CHURN = 0.2
"""Where a larger share of those lines is of a kind of its own, masks do not tame this log: only warnings and worse are told."""

Side = Literal["old", "starting", "new"]
"""Whose line it is: of a host with the old release, of one that is being changed, of one that has the new release."""

_BAD: tuple[LogLevel, ...] = ("error", "warn")
_RANK: dict[LogLevel, int] = {"error": 0, "warn": 1, "info": 2, "debug": 3}


def hosts_read(waves: Iterable[Iterable[str]], others: Iterable[str], first: int = 16, last: int = 8) -> tuple[str, ...]:
    """Return whose logs are read: of a large fleet the hosts that have the release first, and those that have it last.

    `others`: hosts that the plan does not change, as the side of blue/green that serves.
    """
    names = tuple(dict.fromkeys((*(name for wave in waves for name in wave), *others)))
    return names if len(names) <= first + last else (*names[:first], *names[-last:])


def side_of(host: HostState) -> Side | None:
    """Return whose lines a host prints now; None: of a release on its way back, or nobody can say."""
    match host.condition:
        case "old":
            return None if host.touched else "old"
        case "updating":
            return "starting" if host.touched else "old"
        case "new" | "failed" | "unknown" | "unreachable":
            return "new" if host.touched else "old"
    return None


class ToldLine(NamedTuple):
    """A record of a kind that only new hosts print."""

    record: Record
    key: str
    level: LogLevel


@dataclass(slots=True)
class _NewKind:
    """What is known of a kind that only new hosts have printed."""

    order: int
    level: LogLevel
    sample: SafeText
    host: str
    count: int = 0
    hosts: set[str] = field(default_factory=set)
    is_known: bool = False
    """An engine before this one told it."""


class NewKinds:
    """The comparison of one run. `names`: the fleet's host names and addresses."""

    def __init__(self, names: Iterable[str] = (), kept: int = KEPT) -> None:
        self._kinds = Kinds(Masker(names))
        self._kept = kept
        self._seen: OrderedDict[int, _NewKind | None] = OrderedDict()
        """By key; None: the baseline has it."""
        self._found: dict[int, _NewKind] = {}
        """Of those, the kinds that the baseline does not have."""
        self._order = self._evicted = self._own = 0
        self.baseline = 0
        """Records of old hosts."""
        self.judged = 0
        """Records of new hosts."""
        self.watched = 0.0
        """Seconds that logs of old hosts were read, all together."""

    def __len__(self) -> int:
        """How many kinds are held."""
        return len(self._seen)

    @property
    def repeats(self) -> bool:
        """Whether the baseline's kinds come again: else nothing can be said of kinds below a warning."""
        return not self._evicted and not (self.baseline >= CHURN_AFTER and self._own > CHURN * self.baseline)

    def take(self, host: str, side: Side, records: Iterable[Record]) -> list[ToldLine]:
        """Take records of a host; return those of kinds that are told as new."""
        if side == "old":
            for record in records:
                self._learn(record)
            return []
        return [told for record in records if (told := self._judge(host, side, record))]

    def remember(self, kinds: Iterable[LogKind]) -> None:
        """Go on from what another engine has told."""
        for kind in kinds:
            found = _NewKind(self._order, kind.level, kind.sample, kind.host, kind.count, {kind.host}, is_known=True)
            self._order += 1
            self._put(int(kind.key, 16), found)

    def told(self) -> tuple[LogKind, ...]:
        """Return every kind that is told: the worst first, then those of the most lines."""
        kinds = [(key, found) for key, found in self._found.items() if self._is_told(found)]
        kinds.sort(key=lambda pair: (_RANK[pair[1].level], -len(pair[1].hosts), -pair[1].count, pair[1].order))
        return tuple(LogKind(f"{key:016x}", one.level, one.sample, one.host, len(one.hosts), one.count) for key, one in kinds)

    def _learn(self, record: Record) -> None:
        self.baseline += 1
        key = self._kinds.key_of(record)
        if key in self._seen:
            self._seen.move_to_end(key)
            if self._found.pop(key, None) is not None:
                self._seen[key] = None
            return
        self._own += 1
        self._put(key, None)

    def _judge(self, host: str, side: Side, record: Record) -> ToldLine | None:
        self.judged += 1
        key = self._kinds.key_of(record)
        known = key in self._seen
        if known:
            self._seen.move_to_end(key)
        found = self._found.get(key)
        if known and found is None:
            return None
        if found is None:
            kind = self._kinds.of(record)
            if side == "starting" and kind.level not in _BAD:
                self._put(key, None)
                return None
            found = _NewKind(self._order, kind.level, kind.words, host)
            self._order += 1
            self._put(key, found)
        found.count += 1
        found.hosts.add(host)
        return ToldLine(record, f"{key:016x}", found.level) if self._is_told(found) else None

    def _is_told(self, found: _NewKind) -> bool:
        if found.is_known:
            return True
        if found.level in _BAD:
            return self.baseline >= ENOUGH or self.watched >= WATCHED
        return found.count >= TIMES and self.baseline >= ENOUGH and self.repeats

    def _put(self, key: int, found: _NewKind | None) -> None:
        self._seen[key] = found
        if found is not None:
            self._found[key] = found
        if len(self._seen) > self._kept:
            gone, _ = self._seen.popitem(last=False)
            self._found.pop(gone, None)
            self._evicted += 1
