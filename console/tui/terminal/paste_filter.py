"""Removes from a bracketed paste whatever could act as a key: an escape sequence inside would end the paste and be read as keys. Pure."""

import re

START = "\x1b[200~"
END = "\x1b[201~"
_KEYS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class PasteFilter:
    """Passes what is typed as it is, and of a paste its text alone, however the terminal's bytes are cut into reads."""

    __slots__ = ("_inside", "_kept", "_tail")

    def __init__(self) -> None:
        self._inside = False
        self._kept = ""
        self._tail = ""

    def feed(self, text: str) -> str:
        """Return what may go to the parser."""
        out: list[str] = []
        rest, self._kept = self._kept + text, ""
        while rest:
            rest = self._pasted(rest, out) if self._inside else self._typed(rest, out)
        return "".join(out)

    def _typed(self, text: str, out: list[str]) -> str:
        known = self._tail + text
        found = known.find(START)
        if found < 0:
            self._tail = known[-len(START) + 1 :]
            out.append(text)
            return ""
        self._inside, self._tail = True, ""
        end = found + len(START) - (len(known) - len(text))
        out.append(text[:end])
        return text[end:]

    def _pasted(self, text: str, out: list[str]) -> str:
        found = text.find(END)
        if found >= 0:
            self._inside = False
            out.append(_KEYS.sub("", text[:found]) + END)
            return text[found + len(END) :]
        cut = next((size for size in range(len(END) - 1, 0, -1) if text.endswith(END[:size])), 0)
        self._kept = text[len(text) - cut :]
        out.append(_KEYS.sub("", text[: len(text) - cut]))
        return ""
