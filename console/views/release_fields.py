"""The form of a release: its fields, what each one takes, and what it says of a value that it does not take. Pure.

The answers are the fields of a `Request`; its notes are a text of their own. Whether a release may go is not the form's to say.
"""

from collections.abc import Callable
from typing import NamedTuple

from console.as_typed import as_typed
from console.core.host_selection import select
from console.core.words.durations import duration_words, seconds_of
from console.core.words.nearest_name import nearest
from console.errors import Problem
from console.model.checks import NEVER_OVERRIDABLE, Check
from console.model.host import Host
from console.model.request import Request
from console.model.strategy_names import STRATEGIES
from console.model.values import changed

Pairs = tuple[tuple[str, str], ...]


class SeenOfForm(NamedTuple):
    """What a value is judged by: the hosts there are (none: not read yet); the checks of the last look, and the hosts that it did not reach."""

    hosts: tuple[Host, ...] = ()
    checks: tuple[Check, ...] = ()
    unreached: tuple[str, ...] = ()


class Field(NamedTuple):
    """One field. `choices`: what it turns through; none: it is typed."""

    id: str
    title: str
    expects: str
    read: Callable[[Request], str]
    write: Callable[[Request, str, SeenOfForm], Request | Problem]
    choices: tuple[str, ...] = ()


def pair_words(pairs: Pairs) -> str:
    """Return pairs as they are typed."""
    return "; ".join(f"{name}={reason}" for name, reason in pairs)


def _pairs(text: str, form: str) -> Pairs | Problem:
    found: list[tuple[str, str]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, given, reason = (piece.strip() for piece in part.partition("="))
        if found and not given:
            found[-1] = (found[-1][0], f"{found[-1][1]}; {part}")  # a reason with a semicolon
            continue
        if not name or not reason:
            return Problem(f"{part}: a reason is missing" if name else f"{part}: a name is missing", f"{form}, several with ; between")
        found.append((name, reason))
    return tuple(found)


def _hosts(request: Request, text: str, seen: SeenOfForm) -> Request | Problem:
    found = select(text, seen.hosts) if seen.hosts else ()
    return found if isinstance(found, Problem) else changed(request, hosts=text.strip())


def _without(request: Request, text: str, seen: SeenOfForm) -> Request | Problem:
    found = _pairs(text, "HOST=REASON")
    if isinstance(found, Problem):
        return found
    names = tuple(host.name for host in seen.hosts)
    unknown = next((name for name, _ in found if names and name not in names), "")
    if unknown:
        like = nearest(unknown, names)
        return Problem(f"{unknown}: there is no such host", f"a host of the fleet, like {like}" if like else "a host of the fleet")
    return changed(request, without=found)


def overridable(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """Return the checks that an override is for: they block, or are overridden, and may be; and what is judged only once GO sends it."""
    return tuple(check.id for check in checks if _is_for_a_reason(check) and not _is_never_overridden(check))


def _is_never_overridden(check: Check) -> bool:
    return check.id in NEVER_OVERRIDABLE or check.firm


def _is_for_a_reason(check: Check) -> bool:
    return check.blocks or check.status == "overridden" or (check.id == "announcement" and check.status == "passed")


def _overrides(request: Request, text: str, seen: SeenOfForm) -> Request | Problem:
    found = _pairs(text, "CHECK=REASON")
    if isinstance(found, Problem):
        return found
    never = next((name for name, _ in found if name in NEVER_OVERRIDABLE), "")
    if never:
        return Problem(f"{never}: this check can never be overridden", "fix what it found")
    open_ones = overridable(seen.checks)
    wrong = next((name for name, _ in found if name not in open_ones), "")
    if wrong:
        expected = f"one of {', '.join(open_ones)}" if open_ones else "there is nothing to override"
        return Problem(f"{wrong}: it does not block, or there is no such check", expected)
    return changed(request, overrides=found)


def _downtime(request: Request, text: str, _: SeenOfForm) -> Request | Problem:
    words = text.strip().lower()
    seconds = None if not words else 0.0 if words == "none" else seconds_of(words)
    if words and seconds is None:
        return Problem(f"{text}: not a duration", "none, 90s, 10m or 1h")
    return changed(request, impact=changed(request.impact, downtime=None if seconds is None else round(seconds, 3)))


def _downtime_words(request: Request) -> str:
    seconds = request.impact.downtime
    return "" if seconds is None else duration_words(seconds) if seconds else "none"


def _strategy(request: Request, text: str, _: SeenOfForm) -> Request | Problem:
    if text.strip() not in ("", *STRATEGIES):
        return Problem(f"{text}: there is no such strategy", ", ".join(STRATEGIES))
    return changed(request, strategy=text.strip())


def _hotfix(request: Request, text: str, _: SeenOfForm) -> Request | Problem:
    return changed(request, hotfix=text.strip())


def _answer(name: str, title: str, words: tuple[str, ...]) -> Field:
    """A field of the impact that is one of a few words, or not said."""
    expects = ", ".join(words[:-1]) + f" or {words[-1]}"

    def read(request: Request) -> str:
        return str(getattr(request.impact, name))

    def write(request: Request, text: str, _: SeenOfForm) -> Request | Problem:
        if text not in ("", *words):
            return Problem(f"{text}: not an answer", expects)
        return changed(request, impact=changed(request.impact, **{name: text}))

    return Field(name, title, expects, read, write, ("", *words))


FIELDS = (
    Field("strategy", "strategy", f"{', '.join(STRATEGIES[:-1])} or {STRATEGIES[-1]}", lambda request: request.strategy, _strategy, ("", *STRATEGIES)),
    Field("hosts", "hosts", "names, globs, ranges, tag:x, !not; empty: all", lambda request: request.hosts, _hosts),
    Field("without", "without", "HOST=REASON", lambda request: pair_words(request.without), _without),
    Field("hotfix", "hotfix", "the reason to release in a closed time", lambda request: request.hotfix, _hotfix),
    Field("overrides", "override", "CHECK=REASON", lambda request: pair_words(request.overrides), _overrides),
    _answer("migration", "migration", ("yes", "no")),
    Field("downtime", "downtime", "none, or a duration: 90s, 10m, 1h", _downtime_words, _downtime),
    _answer("breaking", "breaking", ("yes", "no")),
    _answer("risk", "risk", ("low", "medium", "high")),
    _answer("old_code", "old code", ("ok", "breaks", "unknown")),
)


def take(field: Field, request: Request, text: str, seen: SeenOfForm) -> Request | Problem:
    """Return the request with that text in that field; or what is wrong with it, and what was expected."""
    return field.write(request, text, seen)


def turned(field: Field, request: Request, step: int = 1) -> Request | Problem:
    """Return the request with the field's next choice, or the one before it."""
    now = field.read(request)
    place = field.choices.index(now) if now in field.choices else 0
    return field.write(request, field.choices[(place + step) % len(field.choices)], SeenOfForm())


def begun(field: Field, request: Request, seen: SeenOfForm) -> str:
    """Return the words that a field is opened with: its value, and the name of what it is needed for beside that."""
    value = field.read(request)
    first = next(iter(_to_name(field, request, seen)), "")
    return "; ".join(filter(None, (value, f"{first}=" if first else "")))


def _to_name(field: Field, request: Request, seen: SeenOfForm) -> tuple[str, ...]:
    """What a field of names and reasons is to name next."""
    if field.id == "overrides":
        return to_override(request, seen)
    return tuple(name for name in seen.unreached if name not in {host for host, _ in request.without}) if field.id == "without" else ()


def to_override(request: Request, seen: SeenOfForm) -> tuple[str, ...]:
    """The checks that block, may be overridden, and have no reason yet."""
    given = {name for name, _ in request.overrides}
    blocking = sorted((check for check in seen.checks if check.blocks), key=lambda check: check.status == "waiting")
    return tuple(name for name in overridable(tuple(blocking)) if name not in given)


def why_none(seen: SeenOfForm) -> str:
    """Return why no check can be overridden: none blocks, or the one that does is never overridden, and what to do about that."""
    never = next((check for check in seen.checks if check.blocks and _is_never_overridden(check)), None)
    if never is None:
        return "there is no blocking check to override"
    return f"{never.title}: {never.detail}: never overridden" + (f"; {as_typed(never.remedy)}" if never.remedy else "")


def needed(field: Field, request: Request, seen: SeenOfForm) -> str:
    """Return why a field is needed, or more than stands in it; empty: it is not."""
    if field.id == "hotfix" and not request.hotfix and any(check.id in ("closed", "freeze") for check in seen.checks if check.blocks):
        return "needed now: the time is closed"
    if field.id == "without" and (away := _to_name(field, request, seen)) and any(check.id == "reach" and check.blocks for check in seen.checks):
        return f"{away[0]}=REASON leaves it out"
    open_ones = [name for name in to_override(request, seen) if name != "closed"]
    if field.id != "overrides" or not open_ones:
        return ""
    return f"{', '.join(open_ones)}: =REASON overrides" if len(open_ones) > 1 else f"{open_ones[0]}=REASON overrides it"
