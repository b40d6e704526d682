"""Regular expressions whose search takes time in proportion to the text, whatever was typed: no pattern can hold the screen up. Pure.

What one character may be is asked of `re`; how characters follow each other is walked here, all ways at once, and remembered. What cannot be walked like
that (look-around, back references) is refused in a sentence.
"""

import re
import warnings

MOST = 600
"""Steps that a pattern may have once its repeats are written out."""
DEPTH = 40
"""Groups within groups."""
REMEMBERED = 2000
"""Places in a pattern that are remembered; then they are forgotten together."""
WORK = 4_000_000
"""Steps that are walked for one pattern, beyond what is remembered, before it is given up: about two seconds."""

_WORD = re.compile(r"\w")
_ASSERTS = {"^": "start", "$": "end", r"\A": "start", r"\Z": "end", r"\b": "edge", r"\B": "inside"}
_REPEAT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[^0-9])", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)

Node = tuple[str, object, object]
"""('char', atom, -), ('assert', kind, -), ('both', node, node), ('either', node, node), ('many', node, -), ('empty', -, -)"""
_EMPTY: Node = ("empty", None, None)


class Unreadable(ValueError):
    """A pattern that is none, or that is not searched for here."""


class Regex:
    """One pattern, whatever the case of letters."""

    def __init__(self, source: str) -> None:
        """Read a pattern. Raises Unreadable with the reason."""
        self.source = source
        _compiled(source)
        self._atoms: list[re.Pattern[str]] = []
        self._program: list[tuple[str, object, int]] = []
        try:
            first = self._put(_Reader(source).whole(), self._add("match", None, 0))
        except RecursionError:
            raise Unreadable("its parts are too deep within each other") from None
        self._first = frozenset((first,))
        self._known: dict[tuple[frozenset[int], str], dict[str, tuple[frozenset[int], str] | None]] = {}
        self._work = 0

    def __eq__(self, other: object) -> bool:
        """Whether it is the same pattern."""
        return isinstance(other, Regex) and other.source == self.source

    def __hash__(self) -> int:
        """By its source."""
        return hash(self.source)

    @property
    def given_up(self) -> bool:
        """Whether it was too much work: from then on it finds nothing."""
        return self._work > WORK

    def search(self, text: str) -> bool:
        """Whether the text has it anywhere."""
        place: tuple[frozenset[int], str] | None = (self._first, "start")
        for character in text:
            assert place is not None
            known = self._known.get(place)
            if known is None:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                known = self._known[place] = {}
            if character in known:
                place = known[character]
            else:
                if self.given_up:
                    return False
                place = known[character] = self._step(place, character)
            if place is None:
                return True
        assert place is not None
        return not self.given_up and self._closed(*place, "end") is None

    def _step(self, place: tuple[frozenset[int], str], character: str) -> tuple[frozenset[int], str] | None:
        """Where that character leads to; None where the pattern was found before it."""
        kind = "word" if _WORD.match(character) else "other"
        reached = self._closed(*place, kind)
        if reached is None:
            return None
        fits = {index for index, atom in enumerate(self._atoms) if atom.match(character)}
        self._work += len(reached) + len(self._atoms)
        return frozenset(self._program[at][2] for at in reached if self._program[at][1] in fits) | self._first, kind

    def _closed(self, places: frozenset[int], before: str, after: str) -> set[int] | None:
        """Every character that may come next from those places, between such characters; None where the end is reached."""
        seen, left, found = set(places), list(places), set[int]()
        while left:
            at = left.pop()
            kind, what, then = self._program[at]
            self._work += 1
            if kind == "match":
                return None
            if kind == "char":
                found.add(at)
                continue
            ways = (then, what) if kind == "either" else (then,) if kind == "go" or _holds(str(what), before, after) else ()
            for way in ways:
                if isinstance(way, int) and way not in seen:
                    seen.add(way)
                    left.append(way)
        return found

    def _add(self, kind: str, what: object, then: int) -> int:
        if len(self._program) >= MOST:
            raise Unreadable(f"it is too long: more than {MOST} steps once repeats are written out")
        self._program.append((kind, what, then))
        return len(self._program) - 1

    def _put(self, node: Node, then: int) -> int:
        """Write a node's steps, which lead on to that one; where they begin."""
        kind, one, other = node
        if kind == "char":
            self._atoms.append(_compiled(str(one)))
            return self._add("char", len(self._atoms) - 1, then)
        if kind == "assert":
            return self._add("assert", one, then)
        if kind == "both":
            return self._put(_node(one), self._put(_node(other), then))
        if kind == "either":
            left = self._put(_node(one), then)
            return self._add("either", left, self._put(_node(other), then))
        if kind == "many":
            begin = self._add("go", None, then)
            body = self._put(_node(one), begin)
            self._program[begin] = ("either", body, then)
            return begin
        return self._add("go", None, then)


def _node(value: object) -> Node:
    assert isinstance(value, tuple)
    return value


def _holds(kind: str, before: str, after: str) -> bool:
    if kind in ("start", "end"):
        return kind == (before if kind == "start" else after)
    return ((before == "word") != (after == "word")) == (kind == "edge")


def _compiled(source: str) -> re.Pattern[str]:
    """Let `re` read a pattern, and say in its words what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(source, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as fault:
        raise Unreadable(str(fault)) from None


class _Reader:
    """Reads a pattern that `re` takes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._at < len(self._source):
            raise Unreadable(f"unbalanced at {self._at}")
        return node

    def _next(self) -> str:
        return self._source[self._at : self._at + 1]

    def _either(self) -> Node:
        node = self._row()
        while self._next() == "|":
            self._at += 1
            node = ("either", node, self._row())
        return node

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._next() not in ("", "|", ")"):
            parts.append(self._repeated(self._one()))
        return _in_a_row(parts)

    def _one(self) -> Node:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign in _ASSERTS:
            self._at += 1
            return ("assert", _ASSERTS[sign], None)
        if sign == "\\" and self._source[self._at : self._at + 2] in _ASSERTS:
            self._at += 2
            return ("assert", _ASSERTS[self._source[self._at - 2 : self._at]], None)
        if sign in ("\\", "["):
            found = (_ESCAPE if sign == "\\" else _CLASS).match(self._source, self._at)
            if found is None:
                raise Unreadable("back references are not searched for here: every search ends in time")
            self._at = found.end()
            return ("char", found[0], None)
        self._at += 1
        return ("char", sign if sign == "." else re.escape(sign), None)

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            raise Unreadable(f"more than {DEPTH} groups within each other")
        opening = re.compile(r"\((\?:|\?P<\w+>|(?!\?))").match(self._source, self._at)
        if opening is None:
            raise Unreadable("look-around, flags and other (?…) are not searched for here: every search ends in time")
        self._at = opening.end()
        node = self._either()
        self._at += 1
        self._depth -= 1
        return node

    def _repeated(self, node: Node) -> Node:
        while limits := self._limits():
            low, high = limits
            if low > MOST or (high or 0) > MOST:
                raise Unreadable(f"more than {MOST} times")
            parts = [node] * low
            if high is None:
                parts.append(("many", node, None))
            else:
                rest = _EMPTY
                for _ in range(high - low):
                    rest = ("either", _in_a_row([node, rest]), _EMPTY)
                parts.append(rest)
            node = _in_a_row(parts)
        return node

    def _limits(self) -> tuple[int, int | None] | None:
        """How often what was read last may come; None where it comes once."""
        sign, times = self._next(), _REPEAT.match(self._source, self._at)
        known: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if sign and sign in known:
            limits, self._at = known[sign], self._at + 1
        elif times is not None and (times[1] or times[3]):
            low = int(times[1] or 0)
            limits = low, int(times[3]) if times[3] else None if times[2] else low
            self._at = times.end()
        else:
            return None
        if self._next() == "+":
            raise Unreadable("possessive repeats are not searched for here")
        self._at += self._next() == "?"
        return limits


def _in_a_row(parts: list[Node]) -> Node:
    """Nodes one after the other; halves of halves, so that a long row is not deep."""
    if len(parts) < 2:
        return parts[0] if parts else _EMPTY
    middle = len(parts) // 2
    return ("both", _in_a_row(parts[:middle]), _in_a_row(parts[middle:]))
