"""A value as one line of JSON. Imports nothing that is slow: each command that prints JSON loads it."""

import json


def json_text(value: object) -> str:
    """Return one value on one line, of characters that act on no terminal."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str).replace("\x7f", "\\u007f")
