"""What varies in a log line, taken out: times, ids, addresses, numbers, quoted text. Pure: a line alone decides, so it gives the same on every host.

Owns the patterns. It knows nothing of levels, JSON, or which lines are compared.
"""

import re
from collections.abc import Iterable

LONGEST = 512
"""Characters of a line that count; the rest is data more often than not."""
MASK = "*"

_ANSI = r"\x1b\[[0-9;?]*[A-Za-z]"
_QUOTED = r'"(?:[^"\\]|\\.)*"|(?<!\w)\'(?:[^\'\\]|\\.)*\'(?!\w)|`[^`]*`'
_UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
_MAIL = r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+"
_IPV6 = r"(?<![\w:])(?:[0-9a-fA-F]{1,4}(?:::?[0-9a-fA-F]{1,4}){2,7}|(?:[0-9a-fA-F]{1,4})?::[0-9a-fA-F:]*)(?![\w:])"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = re.compile(rf"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?{_MONTH} +\d{{1,2}}\b|\b\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{4}}")
_NUMBERED = r"(?<!\w)[^\W\d]*+\d\w*+(?:[.,:+-]\w*\d\w*+)*+"
"""A word with a digit, and what is joined to it: numbers, dates, times, IPv4, versions, hex, host names, ids."""
_USUAL = re.compile("|".join((_QUOTED, _UUID, _NUMBERED)))
_WHOLE = re.compile("|".join((_QUOTED, _UUID, _MAIL, _IPV6, _NUMBERED)))
"""The same with what few lines have."""
_DAY_WITHIN = 40
"""Characters of a line that are looked through for a day with its month's name."""
_RUN = re.compile(r"\*(?:[\s,;:.|/+=-]*\*)+")
_SPACE = re.compile(r"\s+")
_TERMINAL = re.compile(_ANSI)
_HAS_DIGIT = re.compile(r"\d")
LEAST_NAME = 2
"""Characters of a host's name from which on it is masked where it stands in a line."""


class Masker:
    """Masks lines. `names`: the fleet's own names, which differ between hosts by nature."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        own = sorted({name for name in names if len(name) >= LEAST_NAME and not _HAS_DIGIT.search(name)}, key=len, reverse=True)
        self._names = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, own))})(?![\w-])") if own else None

    def masked(self, line: str) -> str:
        """Return the line with `*` for all that varies."""
        text = line[:LONGEST]
        if "\x1b" in text:
            text = _TERMINAL.sub("", text)
        if self._names is not None:
            text = self._names.sub(MASK, text)
        day = _DAY.search(text, 0, _DAY_WITHIN)
        if day is not None:
            text = f"{text[: day.start()]}{MASK}{text[day.end() :]}"
        text = (_WHOLE if "@" in text or "::" in text else _USUAL).sub(MASK, text)
        text = _RUN.sub(MASK, text)
        return _SPACE.sub(" ", text) if "  " in text else text
