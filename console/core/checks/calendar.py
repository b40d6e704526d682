"""What the calendar allows: closed times of the week, and freezes. Pure: the time comes in with its zone."""

import re
from datetime import datetime, timedelta
from typing import Final

from console.model.checks import Check
from console.model.configured_environment import Freeze
from console.safe_text import SafeText

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
