"""A configured check's verdict out of what was found from each place. Pure."""

from collections.abc import Iterable
from typing import Final

from console.core.host.shell import placeholders
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts
from console.model.checks import Check, Finding
from console.model.configured_checks import CheckSpec
from console.model.values import changed
from console.safe_text import SafeText

ORDER: Final = ("failed", "error", "waiting", "passed")
"""The worst first: it is the check's."""
SHOWN = 5
NOT_THIS_TIME: Final = "; asked again: "

Found = tuple[tuple[str, Finding], ...]
"""(host, or nothing for the console; what was found there)."""


def assess_configured(spec: CheckSpec, found: Found, asked: str) -> Check:
    """Return the verdict. `asked`: when it was asked (UTC, RFC 3339), which is since when it is known where nothing else is."""
    if not found:
        return _check(spec, "error", "there is no place to ask from", "", asked)
    worst = next(status for status in ORDER if any(finding.status == status for _, finding in found))
    telling = [(place, finding) for place, finding in found if finding.status == worst]
    since = min((finding.since for _, finding in telling if finding.since), default="")
    remedy = next((str(finding.remedy) for _, finding in telling if finding.remedy), "")
    words = _words(telling, len(found)) + (f", since {clock(since)}" if since else "")
    return _check(spec, worst, words, _remedy(spec, worst, remedy), since or asked)


JUDGED_BY: Final = frozenset({"commit", "version", "env"})


def judges_commit(spec: CheckSpec) -> bool:
    """Whether a check says something of a commit alone, whatever the hosts have: a CI, or a question from the console that names the commit."""
    if spec.kind in ("github", "gitlab"):
        return True
    words = spec.command.run if spec.kind == "command" and spec.command else spec.url if spec.kind == "http" and isinstance(spec.url, str) else ""
    named = frozenset(placeholders(words))
    return spec.on == "console" and "commit" in named and named <= JUDGED_BY


def most_telling(checks: Iterable[Check]) -> Check | None:
    """Return the one that tells: the worst of them; None where there is none."""
    found = list(checks)
    return next((check for status in ORDER for check in found if check.status == status), None)


def asked_now(spec: CheckSpec, at: str) -> Check:
    """Return what stands for a check that has not answered yet."""
    return _check(spec, "waiting", f"asked at {clock(at)}, no answer yet (until {spec.timeout:g} s)", "", at)


def ticked(spec_id: str, title: SafeText, by: str, at: str, *, blocking: bool = True) -> Check:
    """Return a manual check that somebody ticked off."""
    return Check(spec_id, title, "passed", blocking, SafeText(f"ticked off by {by}, {clock(at)}"), kind="manual", since=at, by=by)


def clock(at: str) -> str:
    """Return a time for people: 12:04:05 UTC, with its day where it is given whole."""
    return f"{at[:10]} {at[11:19]} UTC" if len(at) >= 19 else at


def asks_again(check: Check) -> bool:
    """Whether a waiting check may come true by being asked again; one that a person ticks off does not."""
    return check.status == "waiting" and check.kind not in ("", "manual")


def still_waiting(before: Check, found: Check) -> Check:
    """Return what a check says that was asked again: one that could not be measured this time waits on, and says so."""
    if found.status != "error":
        return found
    words = str(before.detail).partition(NOT_THIS_TIME)[0]
    return changed(before, detail=SafeText(f"{words}{NOT_THIS_TIME}{found.detail}"))


def _check(spec: CheckSpec, status: str, detail: str, remedy: str, since: str) -> Check:
    return Check(
        spec.name, SafeText(spec.name), status, spec.blocking, SafeText(detail), SafeText(remedy), spec.kind, since  # type: ignore[arg-type]
    )  # fmt: skip


def _words(telling: list[tuple[str, Finding]], places: int) -> str:
    if places == 1:
        place, finding = telling[0]
        return (f"{place}: " if place else "") + str(finding.seen)
    if telling[0][1].status == "passed":
        return f"on {counted_hosts(places)}: {telling[0][1].seen}"
    return shortened([f"{place}: {finding.seen}" for place, finding in telling], SHOWN, "; ")


def _remedy(spec: CheckSpec, status: str, remedy: str) -> str:
    if status == "passed" or not spec.blocking:
        return remedy if status != "passed" else ""
    if spec.kind == "manual" and status == "waiting":
        return f"deploy ack {shown(spec.name)}"
    way = f"--override {shown(spec.name)}=REASON"
    return f"{remedy}, or {way}" if remedy else way


def shown(name: str) -> str:
    """Return a check's name as a word of a command line."""
    return name if all(character.isalnum() or character in "_-." for character in name) else f"'{name}'"
