"""A value as one line of JSON. Imports nothing that is slow: each command that prints JSON loads it."""

import json
import re

_BEYOND = re.compile("[^\x00-\x7e]")


def json_text(value: object) -> str:
    """Return one value on one line, of characters that act on no terminal."""
    return in_ascii(json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str))


def in_ascii(text: str) -> str:
    """Return a text of JSON with every character outside ASCII, and DEL, escaped: these stand in its strings alone."""
    return _BEYOND.sub(lambda found: "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1], text)
