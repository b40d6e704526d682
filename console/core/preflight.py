"""The pre-flight's verdicts on a fleet as it was seen. Pure: facts in, checks out; who looked at the hosts is not known here."""

import re
from collections.abc import Callable, Iterable

from console.core.links import FEW_SESSIONS
from console.core.shell import quote
from console.model.checks import NEVER_OVERRIDABLE, Check, CheckStatus
from console.model.facts import HostFacts, LockHolder
from console.model.plan import WayBack
from console.model.values import changed
from console.text import SafeText

ROOM = 3
"""A release needs its own size this many times: packed, unpacked, and something to spare."""

INODES_SPARE = 1000
SKEW = 5.0
SKEW_BLOCKS = 60.0
KEY_KINDS = ("unknown-key", "changed-key")
LOGIN_KINDS = ("login", "shell")
_FORWARD = "set AllowTcpForwarding local there, install curl for a gate of the kind http, or ask by a command"
UNSEEN = "no host could be asked"
_ENV = re.compile(r"\bENV\b")

NAMED = 8
"""Hosts at most that a remedy leaves out by name."""
Finding = tuple[str, str]
"""(host, what is wrong)."""


def assess_fleet(
    facts: tuple[HostFacts, ...], size: int, files: int, allowed_failures: int, on_disk: frozenset[str] = frozenset()
) -> tuple[Check, ...]:
    """Judge the hosts. `size` is the release's in bytes; `allowed_failures` hosts may be unreachable; those `on_disk` have the release already."""
    seen = tuple(fact for fact in facts if not fact.problem)
    lacking = tuple(fact for fact in seen if fact.host not in on_disk)
    return (
        _reach(facts, allowed_failures),
        _problems("key", "Host keys known", facts, KEY_KINDS, (*KEY_KINDS, *LOGIN_KINDS)),
        _problems("login", "Login works", facts, LOGIN_KINDS, LOGIN_KINDS),
        _each("sudo", "sudo allows each command", seen, _sudo, "allow it in sudoers, or take it out of the file"),
        _each("tools", "Tools on the hosts", seen, _tools, "install them on the host"),
        _room(seen, lacking, size, files),
        _clock(seen),
    )


def assess_way_back(ways: tuple[WayBack, ...], releases: int) -> Check:
    """S4: every host knows where it returns to. `releases` is how many hosts have a release now."""
    bad = [(way.host, str(way.reason)) for way in ways if not way.possible]
    first = [(way.host, str(way.reason)) for way in ways if way.possible and not way.release]
    if not ways:
        return _check("way-back", "Way back", "error", UNSEEN)
    bare = [(way.host, f"{way.version or way.release}: {way.reason}") for way in ways if way.possible and way.release and way.reason]
    hints = [f"on {way.host}: {way.hint}" for way in ways if way.hint]
    if hints:
        return changed(_check("way-back", "Way back", "failed", _named(bad), "; ".join(hints[:3])), firm=True)
    if bad:
        return _check("way-back", "Way back", "failed", _named(bad), "deploy status ENV; mend `current` on the host, or --override way-back=REASON")
    if first:
        return _check("way-back", "Way back", "warning", f"first release on {_count(first)}: the way back is to stop and remove it")
    if bare:
        return _check("way-back", "Way back", "warning", _named(bare))
    known = "1 host knows the release it returns to" if releases == 1 else f"{releases} hosts know the release they return to"
    return _check("way-back", "Way back", "passed", known)


def assess_live(facts: Iterable[HostFacts]) -> Check:
    """What is restarted is there: every host that was reached has a release that is live and whole."""
    found = [(fact.host, str(fact.current_broken or ("" if fact.current else "no release is live"))) for fact in facts if not fact.problem]
    bad = [finding for finding in found if finding[1]]
    if not found:
        return _check("way-back", "A release is live", "error", UNSEEN)
    if bad:
        remedy = f"deploy status ENV; mend `current` on the host, or leave it out: {_without(bad)}"
        return _check("way-back", "A release is live", "failed", _named(bad), remedy)
    return _check("way-back", "A release is live", "passed", "on every host that answers")


def assess_lock(facts: tuple[HostFacts, ...], run: str) -> Check:
    """Nobody else holds a host: neither another run nor a person's note."""
    held = [(fact.host, f"held by {fact.lock.run or fact.lock.by}") for fact in facts if fact.lock and fact.lock.run != run]
    closed = [(fact.host, f"closed by {fact.closed.by}{_until(fact.closed)}: {fact.closed.reason}") for fact in facts if fact.closed]
    if held or closed:
        return _check("lock", "Lock free", "failed", _named(held or closed), _unlocking(facts, run))
    if all(fact.problem for fact in facts):
        return _check("lock", "Lock free", "error", UNSEEN)
    return _check("lock", "Lock free", "passed", "no run and no person holds a host")


def _unlocking(facts: tuple[HostFacts, ...], run: str) -> str:
    """What opens each lock that was met: of a run that goes on or is dead, and of a person."""
    runs = sorted({fact.lock.run for fact in facts if fact.lock and fact.lock.run not in ("", run)})
    notes = any(fact.closed for fact in facts) or any(fact.lock and not fact.lock.run for fact in facts)
    words = [f"deploy attach {other}; once it is dead: deploy unlock ENV --run {other} --reason TEXT" for other in runs]
    return "; ".join([*words, *(["deploy unlock ENV --reason TEXT"] if notes else [])])


def named(check: Check, environment: str) -> Check:
    """Return the check with the environment's name where its remedy says ENV: what is told can be typed."""
    return changed(check, remedy=SafeText(_ENV.sub(environment, check.remedy))) if "ENV" in check.remedy else check


def overridden(checks: Iterable[Check], overrides: tuple[tuple[str, str], ...]) -> tuple[Check, ...]:
    """Lay the operator's overrides over what failed; the reasons stay visible."""
    reasons = {check: reason for check, reason in overrides if check not in NEVER_OVERRIDABLE}
    return tuple(
        changed(check, status="overridden", detail=SafeText(f"{check.detail} (overridden: {reasons[check.id]})"))
        if check.blocks and check.id in reasons and not check.firm
        else check
        for check in checks
    )


def blocking_reasons(checks: Iterable[Check]) -> tuple[SafeText, ...]:
    """Why GO is refused; empty: it is not."""
    return tuple(SafeText(f"{check.title}: {check.detail}") for check in checks if check.blocks)


def _reach(facts: tuple[HostFacts, ...], allowed: int) -> Check:
    bad = [(fact.host, str(fact.problem)) for fact in facts if fact.problem and fact.problem_kind in ("unreachable", "late", "channel")]
    if not bad:
        return _check("reach", "Hosts reachable", "passed", f"{len(facts)} of {len(facts)}")
    status: CheckStatus = "failed" if len(bad) > allowed else "warning"
    return _check("reach", "Hosts reachable", status, _named(bad), f"mend the host, or leave it out: {_without(bad)}")


def _without(findings: list[Finding]) -> str:
    """The options that leave these hosts out."""
    hosts = list(dict.fromkeys(host for host, _ in findings))
    return " ".join(f"--without {quote(host)}=REASON" for host in hosts[:NAMED]) + (f" and the other {len(hosts) - NAMED}" if len(hosts) > NAMED else "")


def _problems(name: str, title: str, facts: tuple[HostFacts, ...], kinds: tuple[str, ...], came_so_far: tuple[str, ...]) -> Check:
    """Judge one kind of problem. `came_so_far`: hosts with such a problem were asked, others with a problem were not."""
    bad = [fact for fact in facts if fact.problem and fact.problem_kind in kinds]
    if bad:
        return _check(name, title, "failed", _named([(fact.host, str(fact.problem)) for fact in bad]), str(bad[0].hint))
    if not any(not fact.problem or fact.problem_kind in came_so_far for fact in facts):
        return _check(name, title, "error", UNSEEN)
    few = [(fact.host, f"MaxSessions {fact.sessions}: no live numbers") for fact in facts if fact.sessions and fact.sessions < FEW_SESSIONS]
    noted = f"; {_named(few)}" if few and name == "login" else ""
    return _check(name, title, "passed", f"on every host that answers{noted}")


def _each(name: str, title: str, facts: tuple[HostFacts, ...], finding: Callable[[HostFacts], str], remedy: str) -> Check:
    bad = [(fact.host, words) for fact in facts if (words := finding(fact))]
    if bad:
        return _check(name, title, "failed", _named(bad), remedy)
    if not facts:
        return _check(name, title, "error", UNSEEN)
    return _check(name, title, "passed", "on 1 host" if len(facts) == 1 else f"on {len(facts)} hosts")


def _room(seen: tuple[HostFacts, ...], lacking: tuple[HostFacts, ...], size: int, files: int) -> Check:
    if seen and not lacking:
        return _check("space", "Room for the release", "passed", "every host has it already")
    return _each("space", "Room for the release", lacking, lambda fact: _space(fact, size, files), "free some room: old releases, logs")


def _sudo(fact: HostFacts) -> str:
    return f"sudo -n refuses: {'; '.join(fact.sudo_refused)}" if fact.sudo_refused else ""


def _tools(fact: HostFacts) -> str:
    words = []
    if closed := [f"the gate {name}" for name, kind in fact.unforwarded if not (kind == "http" and fact.can_fetch)]:
        words.append(f"its sshd forwards no connections (AllowTcpForwarding), which {' and '.join(closed)} wants: {_FORWARD}")
    if fact.missing_tools:
        words.append("missing: " + ", ".join(fact.missing_tools))
    if fact.not_writable:
        words.append(str(fact.not_writable))
    if fact.missing_shared:
        words.append("not in shared/: " + ", ".join(fact.missing_shared))
    return "; ".join(words)


def _space(fact: HostFacts, size: int, files: int) -> str:
    if fact.free is None:
        return "its free space cannot be read (df -Pk)"
    if fact.free < size * ROOM:
        return f"{fact.free // 2**20} MiB free, {size * ROOM // 2**20 + 1} MiB needed"
    if 0 < fact.inodes < files + INODES_SPARE:
        return f"{fact.inodes} inodes free, {files + INODES_SPARE} needed"
    return ""


def _clock(facts: tuple[HostFacts, ...]) -> Check:
    unread = [(fact.host, "its clock cannot be read (date +%s)") for fact in facts if fact.clock_skew is None]
    off = [(fact.host, f"{skew:+.0f} s") for fact in facts if abs(skew := fact.clock_skew or 0.0) > SKEW]
    if not facts or unread:
        return _check("clock", "Clocks agree", "error", _named(unread) or UNSEEN)
    if not off:
        return _check("clock", "Clocks agree", "passed", f"within {SKEW:.0f} s")
    status: CheckStatus = "failed" if any(abs(fact.clock_skew or 0.0) > SKEW_BLOCKS for fact in facts) else "warning"
    return _check("clock", "Clocks agree", status, _named(off), "set the host's clock (NTP)")


def _until(note: LockHolder) -> str:
    return f" until {note.until[:16].replace('T', ' ')} UTC" if note.until else ""


def _named(findings: list[Finding]) -> str:
    """What was found, the hosts of which the same is said together."""
    hosts: dict[str, list[str]] = {}
    for host, words in findings:
        hosts.setdefault(words, []).append(host)
    told = [f"{_several(names)}: {words}" for words, names in hosts.items()]
    return "; ".join(told[:5]) + (f"; and {len(told) - 5} more" if len(told) > 5 else "")


def _several(hosts: list[str]) -> str:
    return ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")


def _count(findings: list[Finding]) -> str:
    return findings[0][0] if len(findings) == 1 else f"{len(findings)} hosts"


def _check(name: str, title: str, status: CheckStatus, detail: str, remedy: str = "") -> Check:
    return Check(name, SafeText(title), status, detail=SafeText(detail), remedy=SafeText(remedy))
