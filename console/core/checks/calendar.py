"""What the calendar and the source allow: closed times, branches and release tags, uncommitted work.

Pure: the time comes in with its zone, the commit as a value. It must not know git, files or clocks.
"""

import re
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from console.core.host.shell import quote
from console.model.checks import Check
from console.model.fleet import Freeze
from console.model.release import Revision
from console.text import SafeText

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORD = re.compile(rf"({'|'.join(DAYS)})(?: (\d\d):(\d\d)-(\d\d):(\d\d))?")
_DAY_MINUTES: Final = 24 * 60


def is_closed_word(word: str) -> bool:
    """Whether that is a closed time as the file writes it: `fri`, or `fri 12:00-24:00` (to a later time of the same day)."""
    return _window(word) is not None


def assess_closed(closed: tuple[str, ...], local: datetime, hotfix: str = "") -> Check:
    """Judge the time of the environment's own zone. A hotfix with its reason goes through, and is marked as such.

    A word that is not understood closes nothing here; the configuration refuses it.
    """
    title = SafeText("No closed time")
    word = _covering(closed, local)
    now = f"{DAYS[local.weekday()].capitalize()} {local:%H:%M}{_zone(local)}"
    if word is None:
        return Check("closed", title, "passed", detail=SafeText(f"{now} is open"))
    if hotfix.strip():
        return Check("closed", title, "overridden", detail=SafeText(f"{now} is closed ({word}); hotfix: {hotfix.strip()}"))
    return Check("closed", title, "failed", detail=SafeText(f"{now} is closed ({word})"), remedy=SafeText(_remedy(closed, local)))


def assess_freeze(freezes: tuple[Freeze, ...], local: datetime, hotfix: str = "") -> Check:
    """Judge the freezes of the configuration: a day without a time is whole, in the environment's own zone. A hotfix goes through, and is marked."""
    title = SafeText("No freeze")
    found = next((freeze for freeze in freezes if _first_moment(freeze.start, local) <= local < _end(freeze.end, local)), None)
    if found is None:
        ahead = sorted(_first_moment(freeze.start, local) for freeze in freezes if _first_moment(freeze.start, local) > local)
        return Check("freeze", title, "passed", detail=SafeText(f"the next one begins {ahead[0]:%Y-%m-%d %H:%M}" if ahead else ""))
    why = f"frozen from {found.start} to {found.end}" + (f": {found.reason}" if found.reason else "")
    if hotfix.strip():
        return Check("freeze", title, "overridden", detail=SafeText(f"{why}; hotfix: {hotfix.strip()}"))
    return Check("freeze", title, "failed", detail=SafeText(why), remedy=SafeText("for a critical fix: --hotfix REASON, or --override freeze=REASON"))


def _first_moment(text: str, local: datetime) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=local.tzinfo)


def _end(text: str, local: datetime) -> datetime:
    """Return the first moment after it."""
    end = _first_moment(text, local)
    return end + timedelta(days=1) if len(text) == len("2026-12-20") else end


def assess_branch(branches: tuple[str, ...], tags: tuple[str, ...], revision: Revision) -> Check:
    """Judge where the commit stands: on a branch or under a tag that one of these globs matches; either is enough."""
    title = SafeText("Branch or release tag allowed")
    for kind, globs, names in (("on branch", branches, revision.branches), ("tagged", tags, revision.tags)):
        match = next((name for name in names if any(fnmatchcase(name, glob) for glob in globs)), None)
        if match is not None:
            return Check("branch", title, "passed", detail=SafeText(f"{kind} {match}"))
    if "*" in branches and not revision.branches:
        return Check("branch", title, "warning", blocking=False, detail=SafeText("the commit is on no branch and has no tag"))
    seen = f"{_listed('branch', revision.branches)}, {_listed('tag', revision.tags)}"
    allowed = f"{_listed('branch', branches)}, {_listed('tag', tags)}"
    remedy = SafeText("merge or tag the commit first, or --override branch=REASON")
    return Check("branch", title, "failed", detail=SafeText(f"seen {seen}; allowed {allowed}"), remedy=remedy)


def assess_tree(revision: Revision) -> Check:
    """Point out what the work tree has changed: it is no part of the release."""
    title = SafeText("Work tree is committed")
    if not revision.uncommitted:
        return Check("tree", title, "passed", blocking=False)
    files = "1 file is" if revision.uncommitted == 1 else f"{revision.uncommitted} files are"
    names = ", ".join(revision.changed_files) + (" …" if revision.uncommitted > len(revision.changed_files) else "")
    remedy = SafeText("commit them and start again, if they belong to it")
    words = f"{files} not committed and will not be shipped" + (f": {names}" if revision.changed_files else "")
    return Check("tree", title, "warning", blocking=False, detail=SafeText(words), remedy=remedy)


def assess_behind(revision: Revision, protected: bool, repository: str) -> Check:
    """Judge whether the commit is what the remote has: a branch that lacks commits of its upstream, or a commit that no remote has.

    `repository` is its folder, for what is to be typed.
    """
    git = f"git -C {quote(repository)}"
    title = SafeText("Up to date with the remote")
    name, commit = str(revision.ref) or "HEAD", revision.commit[:7]
    said, remedies = [], []
    if revision.behind:
        commits = "1 commit" if revision.behind == 1 else f"{revision.behind} commits"
        said.append(f"{name} lacks {commits} of {revision.upstream}; release that, or pull")
        remedies.append(f"deploy ENV --version {revision.upstream}")
    if revision.published is False:
        said.append(f"{commit} is on no remote ({revision.remote} was asked)")
        remedies.append(f"{git} push")
    if not said:
        return _with_the_remote(title, revision, name, commit, git)
    said += ["or --override behind=REASON"] if protected else []
    return Check("behind", title, "failed" if protected else "warning", blocking=protected, detail=SafeText("; ".join(said)), remedy=SafeText(remedies[0]))


def _with_the_remote(title: SafeText, revision: Revision, name: str, commit: str, git: str) -> Check:
    if not revision.remote:
        return Check("behind", title, "skipped", blocking=False, detail=SafeText("the repository has no remote"))
    if revision.published is None:
        words = f"whether a remote has {commit} is not known: the repository's history is cut off"
        return Check("behind", title, "warning", blocking=False, detail=SafeText(words), remedy=SafeText(f"{git} fetch --unshallow"))
    if revision.named != "branch":
        return Check("behind", title, "skipped", blocking=False, detail=SafeText(f"{name} is a {revision.named} that {revision.remote} has"))
    return Check("behind", title, "passed", detail=SafeText(f"{name} holds all of {revision.upstream}" if revision.upstream else f"{revision.remote} has it"))


def _window(word: str) -> tuple[int, int, int] | None:
    """Return (weekday, first minute, minute after the last)."""
    found = _WORD.fullmatch(word)
    if not found:
        return None
    day = DAYS.index(found[1])
    if found[2] is None:
        return day, 0, _DAY_MINUTES
    start, end = int(found[2]) * 60 + int(found[3]), int(found[4]) * 60 + int(found[5])
    is_time = int(found[3]) < 60 and int(found[5]) < 60 and start < end <= _DAY_MINUTES
    return (day, start, end) if is_time else None


def _covers(word: str, moment: datetime) -> bool:
    window = _window(word)
    minute = moment.hour * 60 + moment.minute
    return window is not None and window[0] == moment.weekday() and window[1] <= minute < window[2]


def _covering(closed: tuple[str, ...], moment: datetime) -> str | None:
    return next((word for word in closed if _covers(word, moment)), None)


def _opens(closed: tuple[str, ...], local: datetime) -> datetime | None:
    """Return the first moment on the wall that is open again; None when there is none within the week."""
    moment = local.replace(tzinfo=None, second=0, microsecond=0)
    last = moment + timedelta(days=8)
    while (word := _covering(closed, moment)) is not None:
        window = _window(word)
        if window is None or moment >= last:
            return None
        moment = moment.replace(hour=0, minute=0) + timedelta(minutes=window[2])
    return moment


def _remedy(closed: tuple[str, ...], local: datetime) -> str:
    opens = _opens(closed, local)
    when = f"opens {DAYS[opens.weekday()].capitalize()} {opens:%H:%M}; " if opens else ""
    return f"{when}for a critical fix: --hotfix REASON"


def _zone(local: datetime) -> str:
    name = local.tzname()
    return f" {name}" if name else ""


def _listed(noun: str, names: tuple[str, ...] | tuple[SafeText, ...]) -> str:
    if not names:
        return f"no {noun}"
    plural = {"branch": "branches", "tag": "tags"}[noun] if len(names) > 1 else noun
    return f"{plural} {', '.join(names[:4])}{' …' if len(names) > 4 else ''}"
