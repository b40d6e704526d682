"""What is said about a release on the command line, as a value. Knows the words of the contract; nothing of what they change."""

from typing import Any

from console.core.words.durations import seconds_of
from console.errors import UsageFault
from console.model.declared_impact import Impact
from console.safe_text import SafeLines

CHOICES = {
    "migration": ("yes", "no"), "breaking": ("yes", "no"), "risk": ("low", "medium", "high"), "old_code": ("ok", "breaks", "unknown"),
}  # fmt: skip
NOTES = 64 * 1024
"""Bytes that notes may have."""


def impact_of(given: dict[str, Any]) -> Impact:
    """Take the answers out of what was typed. Raises UsageFault for one that is none of the words."""
    answers: dict[str, Any] = {name: _chosen(name, given.pop(name, None)) for name in CHOICES}
    return Impact(**answers, downtime=_downtime(given.pop("downtime", None)), notes=_notes(given.pop("notes", None)))


def _chosen(name: str, text: str | None) -> str:
    option = f"--{name.replace('_', '-')}"
    if text is not None and text not in CHOICES[name]:
        raise UsageFault(f"{option} {text}: expected {', '.join(CHOICES[name])}", f"{option} {CHOICES[name][0]}")
    return text or ""


def _downtime(text: str | None) -> float | None:
    if text is None:
        return None
    found = 0.0 if text == "none" else seconds_of(text)
    if found is None:
        raise UsageFault(f"--downtime {text}: expected none, or a duration", "--downtime 5m")
    return found


def _notes(path: str | None) -> SafeLines:
    if path is None:
        return SafeLines("")
    try:
        with open(path, "rb") as file:
            text = file.read(NOTES + 1)
        if len(text) > NOTES:
            raise UsageFault(f"--notes {path}: longer than {NOTES // 1024} KiB", "shorter notes, with a link to the rest")
        return SafeLines(text.decode("utf-8").rstrip())
    except UnicodeDecodeError as fault:
        raise UsageFault(f"--notes {path}: not UTF-8 (byte {fault.start})", "save the file as UTF-8") from None
    except OSError as fault:
        raise UsageFault(f"--notes {path}: cannot be read: {fault.strerror}", "--notes FILE: a text that you may read") from None
