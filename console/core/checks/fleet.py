"""The pre-flight's verdicts on a fleet as it was seen. Pure: facts in, checks out; who looked at the hosts is not known here."""

import re
from collections.abc import Callable, Iterable
from typing import Literal

from console.core.checks.verdict_by_host import HostMeasure, Unknown, fleet_check, named_hosts
from console.core.host.shell import quote
from console.core.words.moments import moment_words
from console.core.words.sizes import counted_hosts
from console.model.checks import NEVER_OVERRIDABLE, Check, CheckStatus
from console.model.host_facts import FEW_SESSIONS, Ceding, HostFacts, LockHolder
from console.model.plan import ReturnTarget
from console.model.values import changed
from console.safe_text import SafeText

ROOM = 3
"""A release needs its own size this many times: packed, unpacked, and something to spare."""

INODES_SPARE = 1000
"""Inodes that stay free beside a release's own files: what it writes once it runs."""
INODES_OF_STEPS = 100
"""Inodes for what the console itself writes on a host where no release is written: its lock, and what each step leaves."""
SKEW = 5.0
SKEW_BLOCKS = 60.0
KEY_KINDS = ("unknown-key", "changed-key")
LOGIN_KINDS = ("login", "shell")
_FORWARD = "set AllowTcpForwarding local there, install curl for a gate of the kind http, or ask by a command"
_ENV = re.compile(r"\bENV\b")

HINTS = 3
"""Different hints at most that one check shows."""
NAMED = 8
"""Hosts at most that a remedy leaves out by name."""
LeaveOut = Literal["without", "hosts", ""]
"""The option by which a run of some kind leaves a host out; empty: it has none."""
Finding = tuple[str, str]
"""(host, what is wrong)."""


def assess_fleet(
    facts: tuple[HostFacts, ...], size: int, files: int, allowed_failures: int, on_disk: frozenset[str] = frozenset(), leave_out: LeaveOut = ""
) -> tuple[Check, ...]:
    """Judge the hosts. `size` is the release's in bytes; `allowed_failures` hosts may be unreachable; those `on_disk` have the release already.

    Without files no release is written: room is wanted for steps alone. `leave_out`: the option that the remedies name for a host that is in the way.
    """
    spoken = spoken_of(facts, allowed_failures)
    return (
        _reach(facts, allowed_failures, leave_out),
        _problems("key", "Host keys known", spoken, KEY_KINDS, (*KEY_KINDS, *LOGIN_KINDS)),
        _problems("login", "Login works", spoken, LOGIN_KINDS, LOGIN_KINDS),
        _each("sudo", "sudo allows each command", spoken, _sudo, "allow it in sudoers with NOPASSWD, or take it out of the file"),
        _tools_and_rights(spoken),
        _room(spoken, on_disk, size, files),
        _clock(spoken),
    )


def spoken_of(facts: tuple[HostFacts, ...], allowed_failures: int) -> tuple[HostFacts, ...]:
    """The hosts that verdicts beside `reach` speak of: those that are not reached are no part of the run where so many may be missing."""
    away = frozenset(fact.host for fact in facts if _is_away(fact))
    return facts if len(away) > allowed_failures else tuple(fact for fact in facts if fact.host not in away)


def _is_away(fact: HostFacts) -> bool:
    return bool(fact.problem) and fact.problem_kind not in (*KEY_KINDS, *LOGIN_KINDS)


def _unasked(fact: HostFacts) -> Unknown:
    """Why a host was not asked for more than its name; whoever says so first, blocks: `reach`, `key` or `login`."""
    if fact.problem_kind in KEY_KINDS:
        return Unknown("not asked: its key is not known")
    return Unknown("not asked: the login did not work" if fact.problem_kind in LOGIN_KINDS else "not asked: it was not reached")


def _looks(facts: Iterable[HostFacts], read: Callable[[HostFacts], str | Unknown]) -> tuple[HostMeasure, ...]:
    return tuple(HostMeasure(fact.host, _unasked(fact) if fact.problem else read(fact)) for fact in facts)


def _judged(check: Check, facts: Iterable[HostFacts]) -> Check:
    """Leave it to `reach`, `key` and `login` to block for hosts that were not asked: they do, and say why."""
    return changed(check, blocking=False) if check.status == "error" and any(fact.problem for fact in facts) else check


def assess_way_back(ways: tuple[ReturnTarget, ...], releases: int, unasked: tuple[HostFacts, ...] = (), remedy: str = "") -> Check:
    """S4: every host knows where it returns to. `releases` is how many hosts have a release now; `unasked`: hosts of which that is not known.

    `remedy`: what is typed instead of what helps before a release.
    """
    looks = (*(HostMeasure(way.host, "" if way.possible else str(way.reason) or "it has none") for way in ways), *_looks(unasked, _unasked))
    known = "1 host knows the release it returns to" if releases == 1 else f"{counted_hosts(releases)} know the release they return to"
    remedy = remedy or "mend `current` on the host, or --override way-back=REASON"
    check = _judged(fleet_check("way-back", "Way back", looks, remedy, right=lambda answers: known), unasked)
    hints = [f"on {way.host}: {way.hint}" for way in ways if way.hint]
    if check.status != "passed":
        return changed(check, remedy=SafeText("; ".join(hints[:3])), firm=True) if hints else check
    first = [(way.host, str(way.reason)) for way in ways if not way.release]
    bare = [(way.host, f"{way.version or way.release}: {way.reason}") for way in ways if way.release and way.reason]
    if first or bare:
        words = f"first release on {_count(first)}: the way back is to stop and remove it" if first else named_hosts(bare)
        return changed(check, status="warning", detail=SafeText(words))
    return check


def assess_live(facts: tuple[HostFacts, ...]) -> Check:
    """What is restarted is there: every host has a release that is live and whole."""
    looks = _looks(facts, lambda fact: str(fact.current_broken or ("" if fact.current else "no release is live")))
    bare = [(look.host, "") for look in looks if isinstance(look.found, str) and look.found]
    remedy = f"mend `current` on the host{_or_left_out(bare, 'hosts')}"
    return _judged(fleet_check("way-back", "A release is live", looks, remedy), facts)


def assess_lock(facts: tuple[HostFacts, ...], run: str, ceding: Ceding | None = None) -> Check:
    """Nobody else holds a host: neither another run nor a person's note. `ceding`: a run that hands its locks over at GO."""
    if ceding is not None:
        return _handed_over(facts, run, ceding)
    held = _looks(facts, lambda fact: _held(fact.lock) if fact.lock and fact.lock.run != run else "")
    closed = _looks(facts, lambda fact: f"closed by {fact.closed.by}{_until(fact.closed)}: {fact.closed.reason}" if fact.closed else "")
    looks = held if any(look.found and isinstance(look.found, str) for look in held) else closed
    free = fleet_check("lock", "Lock free", looks, unlocking(facts, run), right=lambda answers: f"no run and no person holds a host ({answers.words})")
    if free.status == "failed" and any(fact.lock and fact.lock.run not in ("", run) and not fact.lock.is_left for fact in facts):
        free = changed(free, detail=SafeText(f"{free.detail}; once that run is dead, unlock --run breaks its lock"))
    return _judged(free, facts)


def _held(lock: LockHolder) -> str:
    interrupted = ", which was interrupted and can be resumed" if lock.is_left else ""
    return f"held by {lock.run or lock.by}{interrupted}" + (f", a run of {lock.by} on another machine" if lock.is_unknown else "")


def _handed_over(facts: tuple[HostFacts, ...], run: str, ceding: Ceding) -> Check:
    """The verdict where the locks of one run are no hindrance: said whenever nothing else is."""
    rest = assess_lock(tuple(changed(fact, lock=None) if fact.lock and fact.lock.run == ceding.run else fact for fact in facts), run)
    if rest.status != "passed" or not any(fact.lock and fact.lock.run == ceding.run for fact in facts):
        return rest
    how = "is about to end" if ceding.ends else "is in its monitoring window and ends at GO, not verified"
    words = f"takes over from run {ceding.run}, which {how}"
    concern = f"; {ceding.concern}" if ceding.concern else ""
    return changed(rest, status="warning" if concern else "passed", detail=SafeText(words + concern))


def unlocking(facts: tuple[HostFacts, ...], run: str = "") -> str:
    """What to type about a lock that was met: of a run that goes on, was left or is another machine's, and of a person. `run`: whose own locks are none."""
    runs = sorted({fact.lock.run for fact in facts if fact.lock and fact.lock.run not in ("", run) and not fact.lock.is_unknown})
    unknown = sorted({fact.lock.run for fact in facts if fact.lock and fact.lock.run != run and fact.lock.is_unknown})
    notes = any(fact.closed for fact in facts) or any(fact.lock and not fact.lock.run for fact in facts)
    left = sorted({fact.lock.run for fact in facts if fact.lock and fact.lock.is_left})
    if left:
        return f"deploy resume {left[0]}"
    if runs:
        return f"deploy attach {runs[0]}"
    if unknown:
        return f"deploy unlock ENV --run {unknown[0]} --reason TEXT"
    return "deploy unlock ENV --reason TEXT" if notes else ""


def named(check: Check, environment: str) -> Check:
    """Return the check with the environment's name where its remedy says ENV: what is told can be typed."""
    return changed(check, remedy=SafeText(in_environment(check.remedy, environment))) if "ENV" in check.remedy else check


def in_environment(remedy: str, environment: str) -> str:
    """Return what to type with the environment's name where it says ENV."""
    return _ENV.sub(environment, remedy)


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


def _reach(facts: tuple[HostFacts, ...], allowed: int, leave_out: LeaveOut) -> Check:
    bad = [(fact.host, str(fact.problem)) for fact in facts if _is_away(fact)]
    looks = (HostMeasure(fact.host, str(fact.problem) if _is_away(fact) else "") for fact in facts)
    status: CheckStatus = "failed" if len(bad) > allowed else "warning"
    remedy = f"{_hints(fact for fact in facts if _is_away(fact)) or 'mend the host'}{_or_left_out(bad, leave_out)}"
    return fleet_check("reach", "Hosts reachable", looks, remedy, wrong=status, right=lambda answers: f"{answers.number} of {answers.number}")


def _hints(facts: Iterable[HostFacts]) -> str:
    """What was said to type about each host, once."""
    return "; ".join(list(dict.fromkeys(str(fact.hint) for fact in facts if fact.hint))[:HINTS])


def _or_left_out(findings: list[Finding], leave_out: LeaveOut) -> str:
    """The options that leave these hosts out of the run; empty where it has none."""
    hosts = list(dict.fromkeys(host for host, _ in findings))
    if leave_out == "without":
        options = " ".join(f"--without {quote(host)}=REASON" for host in hosts[:NAMED])
    elif leave_out == "hosts":
        options = "--hosts " + quote(",".join(f"!{host}" for host in hosts[:NAMED]))
    else:
        return ""
    return f"; or leave it out: {options}" + (f" and the other {len(hosts) - NAMED}" if len(hosts) > NAMED else "")


def _problems(name: str, title: str, facts: tuple[HostFacts, ...], kinds: tuple[str, ...], came_so_far: tuple[str, ...]) -> Check:
    """Judge one kind of problem. `came_so_far`: hosts with such a problem were asked, others with a problem were not."""

    def found(fact: HostFacts) -> str | Unknown:
        if not fact.problem or fact.problem_kind in came_so_far:
            return str(fact.problem) if fact.problem_kind in kinds else ""
        return _unasked(fact)

    hint = _hints(fact for fact in facts if fact.problem and fact.problem_kind in kinds)
    few = [(fact.host, f"MaxSessions {fact.sessions}: no live numbers") for fact in facts if fact.sessions and fact.sessions < FEW_SESSIONS]
    noted = f"; {named_hosts(few)}" if few and name == "login" else ""
    looks = (HostMeasure(fact.host, found(fact)) for fact in facts)
    return _judged(fleet_check(name, title, looks, hint, right=lambda answers: answers.words + noted), facts)


def _each(name: str, title: str, facts: tuple[HostFacts, ...], finding: Callable[[HostFacts], str | Unknown], remedy: str) -> Check:
    return _judged(fleet_check(name, title, _looks(facts, finding), remedy), facts)


def _room(facts: tuple[HostFacts, ...], on_disk: frozenset[str], size: int, files: int) -> Check:
    lacking = tuple(fact for fact in facts if fact.problem or fact.host not in on_disk)
    if facts and not lacking:
        looks = (HostMeasure(fact.host, "") for fact in facts)
        return fleet_check("space", "Room for the release", looks, right=lambda answers: f"it is there already, {answers.words}")
    title = "Room for the release" if files else "Room for what steps write"
    return _each("space", title, lacking, lambda fact: _space(fact, size, files), "free some room: old releases, logs")


def _sudo(fact: HostFacts) -> str:
    return "; ".join(fact.sudo_refused)


def _tools_and_rights(facts: tuple[HostFacts, ...]) -> Check:
    remedies = ["install them on the host"] if any(fact.missing_tools for fact in facts) else []
    remedies += [f"on {fact.host}: {fact.write_hint}" for fact in facts if fact.write_hint][:3]
    absent = sorted({str(name) for fact in facts for name in fact.missing_shared})
    remedies += [f"put {', '.join(absent)} into shared/ there"] if absent else []
    check = _each("tools", "Tools on the hosts", facts, _tools, "; ".join(remedies))
    narrow = [(fact.host, f"umask {fact.narrow_umask}: what is made there nobody else can read") for fact in facts if fact.narrow_umask]
    if narrow and check.status == "passed":
        remedy = SafeText("umask 022 for that login, where another user runs or releases the application")
        return changed(check, status="warning", detail=SafeText(named_hosts(narrow)), remedy=remedy)
    return check


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


def _space(fact: HostFacts, size: int, files: int) -> str | Unknown:
    if fact.free is None:
        return Unknown("its free space cannot be read (df -Pk)")
    if fact.free < size * ROOM:
        return f"{fact.free // 2**20} MiB free, {size * ROOM // 2**20 + 1} MiB needed"
    inodes = files + INODES_SPARE if files else INODES_OF_STEPS
    if fact.inodes is not None and fact.inodes < inodes:
        return f"{fact.inodes} inodes free, {inodes} needed (df -i)"
    return ""


def _clock(facts: tuple[HostFacts, ...]) -> Check:
    def found(fact: HostFacts) -> str | Unknown:
        if fact.clock_skew is None:
            return Unknown("its clock cannot be read (date +%s)")
        return f"{fact.clock_skew:+.0f} s" if abs(fact.clock_skew) > SKEW else ""

    too_far = any(abs(fact.clock_skew or 0.0) > SKEW_BLOCKS for fact in facts)
    looks = _looks(facts, found)
    wrong: CheckStatus = "failed" if too_far else "error" if any(isinstance(look.found, Unknown) for look in looks) else "warning"
    words = f"within {SKEW:.0f} s"
    check = fleet_check("clock", "Clocks agree", looks, "set the host's clock (NTP)", wrong=wrong, right=lambda answers: f"{words} {answers.words}")
    return _judged(check, facts)


def _until(note: LockHolder) -> str:
    return f" until {moment_words(note.until)}" if note.until else ""


def _count(findings: list[Finding]) -> str:
    return findings[0][0] if len(findings) == 1 else counted_hosts(len(findings))
