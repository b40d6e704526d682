"""The filter that fleet and log share: words, `/regex/`, `"a phrase"`, `!not`, `host:web*`, `level:error`, `kind:new`, `state:failed`. Pure.

Owns what a person may type and what it means. A filter that cannot be read says so in a sentence and keeps everything.
"""

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from console.model.log_kinds import LogLevel

if TYPE_CHECKING:
    from console.views.linear_regex import Regex

TermKind = Literal["word", "regex", "host", "level", "kind", "state"]

LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warn", "error")
_LEVEL_NAMES: dict[str, LogLevel] = {"debug": "debug", "info": "info", "warn": "warn", "warning": "warn", "err": "error", "error": "error"}
KEYS = ("host", "level", "kind", "state")
NEW_KINDS = "kind:new"
"""Keeps the lines of kinds that only hosts with the new release have printed."""
GRAMMAR = "words  /regex/  !not  host:web*  level:error"

_TERM = re.compile(r'(!*)(?:/((?:[^/\\]|\\.)*)/(?=\s|$)|"([^"]*)"(?=\s|$)|(\S+))\s*')
_QUOTED = "no closing {sign} in {term}; {sign} inside a word is found when the word stands in quotes"


class FilterSubject(NamedTuple):
    """What a filter looks at: a host of the fleet, or a line of the log."""

    host: str
    text: str
    level: LogLevel = "info"
    state: str = ""
    is_new_kind: bool = False
    """The line is of a kind that only hosts with the new release have printed."""


class Term(NamedTuple):
    """One condition. `value` is in small letters; `regex` is there for one, `pattern` for a host with wildcards."""

    kind: TermKind
    value: str
    negated: bool = False
    pattern: re.Pattern[str] | None = None
    regex: "Regex | None" = None

    def fits(self, subject: FilterSubject) -> bool:
        """Whether the subject meets the condition."""
        return self._holds(subject) != self.negated

    def _holds(self, subject: FilterSubject) -> bool:
        match self.kind:
            case "word":
                return self.value in subject.text.lower() or self.value in subject.host.lower() or self.value == subject.state
            case "regex":
                return bool(self.regex and (self.regex.search(subject.text) or self.regex.search(subject.host)))
            case "host":
                return bool(self.pattern and self.pattern.fullmatch(subject.host))
            case "level":
                return LEVELS.index(subject.level) >= LEVELS.index(_LEVEL_NAMES[self.value])
            case "kind":
                return subject.is_new_kind
            case "state":
                return self.value == subject.state


class Filter(NamedTuple):
    """All conditions that must hold. `problem` says what cannot be read; then there are no conditions."""

    source: str = ""
    terms: tuple[Term, ...] = ()
    problem: str = ""

    def keeps(self, subject: FilterSubject) -> bool:
        """Whether the subject is to be shown."""
        return all(term.fits(subject) for term in self.terms)

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.terms)


def parse(source: str, states: tuple[str, ...] = ()) -> Filter:
    """Return the filter that was typed. `states`: what `state:` may name; without any there is no `state:`."""
    source = source.strip()
    terms: list[Term] = []
    for found in _TERM.finditer(source):
        bangs, regex, phrase, word = found.groups()
        term = _term(len(bangs) % 2 == 1, regex, phrase, word, states)
        if isinstance(term, str):
            return Filter(source, problem=term)
        if term is not None:
            terms.append(term)
    return Filter(source, tuple(terms))


def _term(negated: bool, regex: str | None, phrase: str | None, word: str | None, states: tuple[str, ...]) -> Term | str | None:
    if regex is not None:
        return _regex(regex, negated)
    if phrase is not None:
        return Term("word", phrase.lower(), negated) if phrase else None
    if not word or not word.strip("!"):
        return None
    for sign in ("/", '"'):
        if word.startswith(sign):
            return _QUOTED.format(sign=sign, term=word)
    key, colon, value = word.partition(":")
    if colon and key in KEYS:
        return _keyed(key, value.lower(), negated, states)
    return Term("word", word.lower(), negated)


def _regex(source: str, negated: bool) -> Term | str | None:
    if not source:
        return None
    from console.views.linear_regex import BadPattern, Regex

    try:
        return Term("regex", source, negated, regex=Regex(source))
    except BadPattern as fault:
        return f"/{source}/ is not a valid regular expression: {fault}"


def _keyed(key: str, value: str, negated: bool, states: tuple[str, ...]) -> Term | str | None:
    if not value:
        return None
    if key == "host":
        return Term("host", value, negated, _wildcards(value))
    if key == "level":
        return Term("level", value, negated) if value in _LEVEL_NAMES else f"level:{value}: expected one of {', '.join(LEVELS)}"
    if key == "kind":
        if states:
            return "kind: is for the log; the fleet knows host:, level: and state:"
        return Term("kind", value, negated) if value == "new" else f"kind:{value}: expected new"
    if not states:
        return "state: is for the fleet; the log knows host: and level:"
    return Term("state", value, negated) if value in states else f"state:{value}: expected one of {', '.join(states)}"


def _wildcards(value: str) -> re.Pattern[str]:
    """`web*,db?` as a pattern: any of them, `*` any characters, `?` one."""
    names = (re.escape(name).replace(r"\*", ".*").replace(r"\?", ".") for name in value.split(",") if name)
    return re.compile("|".join(names), re.IGNORECASE)


def count_words(kept: int, of: int, source: str) -> str:
    """`7 of 300 match web*`, for a panel's title."""
    return f"{kept:,} of {of:,} match {source}"
