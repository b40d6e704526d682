"""Lines of JSON for people's programs: `--json`, `deploy events`. One value a line, which acts on no terminal. What stands in a value is the model's to say."""

import re

from console.model.events import AnyEvent
from console.wire.codec import encode

_ACTING = re.compile("[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def json_line(value: object) -> bytes:
    """Return the value as one line of JSON that acts on no terminal: what cannot be seen is escaped. No line end."""
    data = encode(value)
    if data.isascii() and b"\x7f" not in data:
        return data
    return _ACTING.sub(_escaped, data.decode()).encode()


def event_json(event: AnyEvent) -> bytes:
    """Return an event as the line of JSON that `--json` and `deploy events` print: `type`, `seq`, `at` and all the rest."""
    return json_line(event)
