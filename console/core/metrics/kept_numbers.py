"""Numbers over time, kept with a bound: each of the last hour as it came, and before that a mean for each minute of a day. Pure; implements `Measurements`.

What was measured in one look at one host lies in flat arrays beside one time: 8 bytes for the time, and 4 for each number of a machine (8 for what is counted,
and 16 more for its requests). An hour of a host's six numbers, each second, takes 127 KiB (21 KiB a metric), a day's minutes 51 KiB more. Where so many hosts
do not fit into `ROOM`, what is kept as it came reaches less far back, and the minutes begin sooner.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from math import inf, isinf, isnan, nan

from console.model.application_metrics import MACHINE
from console.model.measurements import Measurement
from console.safe_text import SafeText

HOUR, DAY, MINUTE = 3600.0, 86400.0, 60.0
MOST = 3600
"""Looks at a host that are kept as they came."""
LEAST = 300
"""Looks that are kept of a host however many hosts there are."""
ROOM = 64 * 2**20
"""Bytes that all looks which are kept as they came may take."""
UNKNOWN = SafeText("it could not be measured then")
AT_ONCE = 40_000
"""Looks that are handed out one by one; of more, over five minutes and longer, means of minutes are."""
SLACK = 60
"""Looks that may be too old before the oldest are dropped together."""


class _Columns:
    """Looks as flat arrays, oldest first. NaN: that look was not for that metric; infinite: it could not be measured."""

    def __init__(self, wide: bool) -> None:
        self.at = array("d")
        self.seconds = array("f")
        self.values: dict[str, array[float]] = {}
        self.requests: dict[str, array[float]] = {}
        self.bad: dict[str, array[float]] = {}
        self._wide = wide

    def add(self, at: float, seconds: float, values: Mapping[str, tuple[float | None, float | None, float | None]]) -> None:
        for name, (_, requests, _) in values.items():
            self._known(name, counted=requests is not None)
        self.at.append(at)
        self.seconds.append(seconds)
        for name, column in self.values.items():
            column.append(nan if name not in values else inf if (value := values[name][0]) is None else value)
        for name in self.requests:
            _, requests, bad = values.get(name, (None, None, None))
            self.requests[name].append(nan if requests is None else requests)
            self.bad[name].append(nan if bad is None else bad)

    def _known(self, name: str, *, counted: bool) -> None:
        if name not in self.values:
            self.values[name] = array("d" if self._wide else "f", [nan]) * len(self.at)
        if counted and name not in self.requests:
            self.requests[name], self.bad[name] = (array("d", [nan]) * len(self.at) for _ in range(2))

    def drop(self, count: int) -> None:
        for column in (self.at, self.seconds, *self.values.values(), *self.requests.values(), *self.bad.values()):
            del column[:count]

    def copied(self, metric: str, since: float) -> "_Columns":
        """One metric, from the last look before that time on."""
        place = max(0, bisect_right(self.at, since) - 1)
        out = _Columns(self._wide)
        out.at, out.seconds = self.at[place:], self.seconds[place:]
        out.values, out.requests, out.bad = (
            {name: column[place:] for name, column in columns.items() if name == metric} for columns in (self.values, self.requests, self.bad)
        )  # fmt: skip
        return out

    @property
    def bytes(self) -> int:
        return 12 + sum(column.itemsize for column in self.values.values()) + 16 * len(self.requests)


class _Minute:
    """The means of a minute that is not over."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self._sums: dict[str, list[float]] = {}

    def add(self, looks: Iterable[Measurement]) -> None:
        for one in looks:
            total = self._sums.setdefault(one.metric, [0.0, 0.0, 0.0, 0.0, 0.0])
            if one.value is not None:
                total[0] += one.value
                total[1] += 1
            if one.requests is not None and not one.problem:
                total[2] += one.requests
                total[3] += one.bad or 0
                total[4] = 1.0

    def copied(self, metric: str) -> "_Minute":
        out = _Minute(self.begun)
        out._sums = {name: [*sums] for name, sums in self._sums.items() if name == metric}
        return out

    def values(self) -> dict[str, tuple[float | None, float | None, float | None]]:
        return {
            name: (value / count if count else None, requests if counted else None, bad if counted else None)
            for name, (value, count, requests, bad, counted) in self._sums.items()
        }  # fmt: skip


class Track:
    """What one source said of one host."""

    def __init__(self, *, wide: bool) -> None:
        self.fine, self.minutes = _Columns(wide), _Columns(wide)
        self._wide = wide
        self._open: _Minute | None = None
        self._problems: dict[str, SafeText] = {}

    def copied(self, metric: str, since: float) -> "Track":
        """Return what there is of one metric since then, which stays as it is now."""
        out = Track(wide=self._wide)
        out.fine, out.minutes = self.fine.copied(metric, since), self.minutes.copied(metric, since)
        out._open = self._open.copied(metric) if self._open else None
        out._problems = {name: why for name, why in self._problems.items() if name == metric}
        return out

    def add(self, looks: tuple[Measurement, ...], most: int) -> None:
        """Take what one look gave; all of it has one time."""
        at, seconds = looks[0].at, looks[0].seconds
        self.fine.add(at, seconds, {one.metric: (one.value, one.requests, one.bad) for one in looks})
        for one in looks:
            if one.problem:
                self._problems[one.metric] = one.problem
            elif one.value is not None:
                self._problems.pop(one.metric, None)
        self._to_minutes(at, looks)
        _forget(self.fine, at - HOUR, most)
        _forget(self.minutes, at - DAY, int(DAY / MINUTE))

    def _to_minutes(self, at: float, looks: tuple[Measurement, ...]) -> None:
        minute = self._open
        if minute is None or not minute.begun <= at < minute.begun + MINUTE:
            if minute is not None:
                self.minutes.add(minute.begun + MINUTE, MINUTE, minute.values())
            minute = self._open = _Minute(at // MINUTE * MINUTE)
        minute.add(looks)

    def between(self, metric: str, host: str, since: float, until: float, *, coarse: bool = False) -> Iterator[Measurement]:
        """Yield what ended in that time: minutes, up to where what is kept as it came begins; `coarse`: minutes alone, the last one as far as it is."""
        if coarse:
            yield from _read(self.minutes, metric, host, since, until, SafeText(""))
            yield from self._open_minute(metric, host, since, until)
            return
        begin = self.fine.at[0] if self.fine.at else until
        yield from _read(self.minutes, metric, host, since, min(until, begin), SafeText(""))
        yield from _read(self.fine, metric, host, since, until, self._problems.get(metric, SafeText("")))

    def _open_minute(self, metric: str, host: str, since: float, until: float) -> Iterator[Measurement]:
        """The minute that is not over, up to its last look."""
        minute, at = self._open, self.fine.at[-1] if self.fine.at else 0.0
        if minute is None or not since < at <= until or metric not in (values := minute.values()):
            return
        value, requests, bad = values[metric]
        problem = SafeText("") if value is not None or requests is not None else self._problems.get(metric, UNKNOWN)
        yield Measurement(metric, host, at, at - minute.begun, value, None if requests is None else int(requests), None if bad is None else int(bad), problem)

    def looks(self, host: str, since: float, *, coarse: bool = False) -> Iterator[tuple[Measurement, ...]]:
        """Yield each look since then, with all its metrics; `coarse`: the means of minutes."""
        columns = self.minutes if coarse else self.fine
        for place in range(bisect_right(columns.at, since), len(columns.at)):
            at = columns.at[place]
            found = (one for metric in columns.values for one in _read(columns, metric, host, at, at, SafeText(""), place))
            if look := tuple(found):
                yield look

    def newest(self, metric: str) -> tuple[float, float] | None:
        """Return the last number of that metric and its time; None: there is none."""
        column = self.fine.values.get(metric, array("f"))
        return next(((self.fine.at[place], column[place]) for place in range(len(column) - 1, -1, -1) if abs(column[place]) < inf), None)

    def problem(self, metric: str) -> SafeText:
        """Return why there is no number now; empty: there is one, or nobody has looked."""
        return self._problems.get(metric, SafeText(""))


def _read(columns: _Columns, metric: str, host: str, since: float, until: float, problem: SafeText, only: int = -1) -> Iterator[Measurement]:
    values = columns.values.get(metric)
    if values is None:
        return
    requests, bad = columns.requests.get(metric), columns.bad.get(metric)
    places = range(bisect_right(columns.at, since), bisect_right(columns.at, until)) if only < 0 else (only,)
    for place in places:
        if isnan(value := values[place]):
            continue
        counted = requests is not None and bad is not None and not isnan(requests[place])
        told, wrong = (int(requests[place]), int(bad[place])) if counted and requests is not None and bad is not None else (None, None)
        why = (problem or UNKNOWN) if isinf(value) and not counted else SafeText("")
        yield Measurement(metric, host, columns.at[place], columns.seconds[place], None if isinf(value) else value, told, wrong, why)


def _forget(columns: _Columns, before: float, most: int) -> None:
    old = max(bisect_right(columns.at, before), len(columns.at) - most)
    if old > SLACK:
        columns.drop(old)


class KeptNumbers:
    """What all sources said of all hosts. Implements `Measurements`."""

    def __init__(self, at_once: float | None = None) -> None:
        """`at_once`: looks that are handed out one by one; None: as many as hold up nobody."""
        self._at_once = at_once
        self._tracks: dict[tuple[str, str], Track] = {}
        self._of_metric: dict[str, dict[str, Track]] = {}

    def take(self, source: str, looks: tuple[Measurement, ...]) -> None:
        """Take what one look at one host gave: one or several metrics, all of one time."""
        host = looks[0].host
        track = self._tracks.get((source, host))
        if track is None:
            track = self._tracks[source, host] = Track(wide=source != MACHINE)
        for one in looks:
            if one.metric not in self._of_metric or host not in self._of_metric[one.metric]:
                self._of_metric.setdefault(one.metric, {})[host] = track
        track.add(looks, self.most(track))

    def most(self, track: Track) -> int:
        """Return how many looks at a host are kept as they came."""
        return max(LEAST, min(MOST, ROOM // (max(1, len(self._tracks)) * track.fine.bytes)))

    def window(self, metric: str, since: float, until: float) -> Mapping[str, tuple[Measurement, ...]]:
        """Return by host, oldest first, what ended after `since` and not after `until`.

        What is older than the last hour is means of minutes, and so is all of a long time over many hosts: the engine's loop is not held for it.
        """
        tracks = self._of_metric.get(metric, {})
        most = AT_ONCE if self._at_once is None else self._at_once
        coarse = until - since >= 5 * MINUTE and sum(len(track.fine.at) - bisect_right(track.fine.at, since) for track in tracks.values()) > most
        found = ((host, tuple(track.between(metric, host, since, until, coarse=coarse))) for host, track in tracks.items())
        return {host: looks for host, looks in found if looks}

    def copied(self, metric: str, since: float) -> "KeptNumbers":
        """Return what there is of one metric since then, which stays as it is now: another thread may read it while more is taken here.

        As nobody waits for that, each look is handed out, however many there are: over means of minutes a breach would seem to begin up to a minute earlier.
        """
        out = KeptNumbers(at_once=inf)
        out._of_metric = {metric: {host: track.copied(metric, since) for host, track in self._of_metric.get(metric, {}).items()}}
        return out

    def metrics(self) -> tuple[str, ...]:
        """Return of what there are numbers."""
        return tuple(self._of_metric)

    def hosts(self, metric: str) -> Mapping[str, Track]:
        """Return where a metric was measured; an empty name is the environment as a whole."""
        return self._of_metric.get(metric, {})

    def looks(self, since: float, most: int) -> Iterator[tuple[str, tuple[tuple[Measurement, ...], ...]]]:
        """Yield (source, looks) of everything since then, one host after another; means of minutes, where there are more looks than that.

        Between two of them more may be taken.
        """
        tracks = tuple(self._tracks.items())
        count = sum(len(track.fine.at) - bisect_right(track.fine.at, since) for _, track in tracks)
        for (source, host), track in tracks:
            yield source, tuple(track.looks(host, since, coarse=count > most))

    def keep_only(self, hosts: Iterable[str]) -> None:
        """Forget what is of no host of those."""
        known = {"", *hosts}
        self._tracks = {key: track for key, track in self._tracks.items() if key[1] in known}
        self._of_metric = {metric: {host: track for host, track in of.items() if host in known} for metric, of in self._of_metric.items()}
