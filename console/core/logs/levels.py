"""How bad a log line says it is. Pure; the words that are known stand here alone."""

import re

from console.model.log_kinds import LogLevel

_WORDS = re.compile(r"\b(?:(error|fatal|critical|panic|exception|traceback|emerg|alert)|(warn(?:ing)?)|(debug|trace))\b", re.IGNORECASE)
_NAMES: dict[str, LogLevel] = {
    "trace": "debug", "debug": "debug", "fine": "debug", "info": "info", "notice": "info", "warn": "warn", "warning": "warn", "err": "error", "error": "error",
    "fatal": "error", "critical": "error", "crit": "error", "panic": "error", "alert": "error", "emerg": "error", "severe": "error",
}  # fmt: skip
_WARN_FROM, _ERROR_FROM = 40, 50
"""Numbers of pino and bunyan: 30 info, 40 warn, 50 error, 60 fatal."""


def level_in(text: str) -> LogLevel:
    """Return the first level that the words name; `info` where they name none."""
    found = _WORDS.search(text)
    if found is None:
        return "info"
    return "error" if found[1] else "warn" if found[2] else "debug"


def level_named(value: object) -> LogLevel | None:
    """Return the level of a field: a name, or a number of pino and bunyan; None where it is none."""
    if isinstance(value, str):
        return _NAMES.get(value.lower())
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 10:
        return "error" if value >= _ERROR_FROM else "warn" if value >= _WARN_FROM else "info" if value > 20 else "debug"
    return None
