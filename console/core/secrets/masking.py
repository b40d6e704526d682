"""Secrets taken out of text, in every way that programs write them. Pure: it knows texts, not where a secret comes from or where a text goes.

A secret is found as it stands, and URL-, shell-, JSON- or HTML-quoted in any mixture; in base64 at each of its three alignments; as hex; line by
line; and in pieces where a long one was wrapped, or one was dumped. The search is RE2's: its time grows with the text alone, whatever the number of secrets.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable
from unicodedata import normalize
from urllib.parse import parse_qsl, unquote, urlsplit

import re2  # type: ignore[import-untyped] # it comes without types

SHORTEST = 4
"""A text shorter than that is in too many other words to be taken out."""
SHORTEST_NUMBER = 6
"""The same of digits alone: they are in times, sizes and process numbers."""
MASK = "[redacted]"

_PART, _LONG_PART = 8, 24
"""Characters that a part of an address has at least, if it is hidden for itself: one of letters and digits, and any."""
_PIECE = 12
"""Characters that a piece of a wrapped secret has at least, if it is taken out."""
_LONG = 40
"""Characters from which on programs wrap what they print: `base64` at 76, `xxd -p` at 60, `openssl` at 64."""
_MEMORY = 64 << 20
"""Bytes that a search may use."""

_DUMPED = re.compile(r"(?:[0-9a-fA-F]{6,8}:?\s+)?((?:[0-9a-fA-F]{2}){1,2}(?:[ :-]{1,2}(?:[0-9a-fA-F]{2}){1,2}){3,})(?:\s|$)")
"""A row of bytes as `od`, `xxd` and `hexdump` print them, with what they show as characters beside it."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_OPEN_SCHEMES = frozenset({"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "ssh", "git"})
"""Schemes whose host is no secret, and whose path may be one."""
_STORES = frozenset({"postgres", "postgresql", "redis", "rediss", "memcached", "mysql"})
"""Schemes whose password alone is secret."""
_BEFORE, _AFTER = "[A-Za-z0-9+/_-]?", "[A-Za-z0-9+/_-]?(?:=|%3[dD]){0,2}"


class Masking:
    """Hides texts in others. `words` are those that must stay readable: names that the console and its file use themselves."""

    def __init__(self, secrets: Iterable[str], words: Collection[str] = ()) -> None:
        self._words = "\n".join(words).lower()
        parts = {part for secret in secrets for part in _parts(secret)}
        hidden = sorted((part for part in parts if self.hides(part)), key=len, reverse=True)
        self._pattern = _compiled("|".join(form for part in hidden for form in _forms(part))) if hidden else None
        self._wrapped = tuple(form for part in hidden for form in _wrapped(part) if len(form) >= _LONG)
        self._bytes = frozenset(row for part in hidden for row in _rows(part.encode("utf-8", "surrogatepass").hex()))
        self._pieces = frozenset(form[at : at + _PIECE] for form in self._wrapped for at in range(len(form) - _PIECE + 1))

    def hides(self, secret: str) -> bool:
        """Whether a secret is taken out."""
        return not self.reason_not(secret)

    def reason_not(self, secret: str) -> str:
        """Return why a secret is not taken out; empty: it is."""
        text = secret.strip()
        if len(text) < (SHORTEST_NUMBER if text.isdecimal() else SHORTEST):
            return f"it is shorter than {SHORTEST} characters, or {SHORTEST_NUMBER} digits"
        return "it is a word that the console, or hosts.toml, uses itself" if text.lower() in self._words else ""

    def __call__(self, text: str) -> str:
        """Return the text without the secrets, each replaced by a mark."""
        if self._pattern is None:
            return text
        text = self._without_pieces(text)
        data = text.encode("utf-8", "surrogatepass")
        return self._pattern.sub(MASK.encode(), data).decode("utf-8", "replace") if self._pattern.search(data) else text

    def _without_pieces(self, text: str) -> str:
        if "\n" in text:
            lines = text.split("\n")
            found = [self._without_pieces(line) for line in lines]
            return text if found == lines else "\n".join(found)
        line = text.strip()
        if (dumped := _DUMPED.match(line)) and not self._bytes.isdisjoint(_rows(re.sub("[^0-9a-f]", "", dumped[1].lower()))):
            return MASK
        return text if line[-_PIECE:] not in self._pieces and line[:_PIECE] not in self._pieces else self._unwrapped(line)

    def _unwrapped(self, line: str) -> str:
        """Take out a line that is a piece of a secret, the beginning of one at its end, and the end of one at its beginning."""
        if any(line in form for form in self._wrapped):
            return MASK
        ends = max(next((size for size in _sizes(line, form) if line.startswith(form[-size:])), 0) for form in self._wrapped)
        begins = max(next((size for size in _sizes(line, form) if line.endswith(form[:size])), 0) for form in self._wrapped)
        kept = line[ends : max(ends, len(line) - begins)]
        return f"{MASK if ends else ''}{kept}{MASK if begins else ''}"


def _rows(digits: str) -> Iterable[str]:
    """Four bytes in a row, wherever they begin."""
    return (digits[at : at + 8] for at in range(0, len(digits) - 7, 2))


def _sizes(line: str, form: str) -> range:
    """Sizes that a piece of the form in the line may have, the longest first."""
    return range(min(len(line), len(form)), _PIECE - 1, -1)


def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.longest_match = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(pattern.encode("utf-8", "surrogatepass"), options)


def _parts(secret: str) -> Iterable[str]:
    """The secret, each of its lines, and what is secret for itself in an address."""
    yield secret.strip()
    for line in secret.splitlines():
        yield line.strip()
        if _ADDRESS.fullmatch(line.strip()):
            yield from address_parts(line.strip())


def address_parts(address: str) -> Iterable[str]:
    """Return what in an address is secret for itself: its password, and where the address is one's right to send, the rest of it too."""
    try:
        parted = urlsplit(address)
        password, user = parted.password or "", parted.username or ""
    except ValueError:
        return
    yield from (password, unquote(password))
    scheme = parted.scheme.partition("+")[0]
    if scheme in _STORES:
        return
    own = () if scheme in _OPEN_SCHEMES else (parted.netloc.rpartition("@")[2], user)
    segments = (*own, *parted.path.split("/"), *(value for _, value in parse_qsl(parted.query)))
    for part in (*segments, parted.path.strip("/"), f"{parted.path}?{parted.query}" if parted.query else ""):
        if _is_token(part):
            yield from (part, unquote(part))


def _is_token(part: str) -> bool:
    """Whether a part of an address may be what gives a right, and is no word of its service such as `services` or `webhooks`."""
    is_mixed = any(map(str.isdigit, part)) or (any(map(str.islower, part)) and any(map(str.isupper, part)))
    return len(part) >= _LONG_PART or (len(part) >= _PART and is_mixed)


def _forms(part: str) -> Iterable[str]:
    yield "".join(_characters(part))
    yield _hex(part)
    for before, core in _aligned(part):
        yield (_BEFORE if before else "") + "".join(map(_base64_character, core)) + _AFTER


def _wrapped(part: str) -> Iterable[str]:
    """How it may stand over several lines. An address is left out: its beginning is no secret."""
    for _, core in _aligned(part):
        yield from dict.fromkeys((core, core.replace("+", "-").replace("/", "_")))
    yield from (part.encode().hex(), part.encode().hex().upper())
    if "://" not in part:
        yield part


def _aligned(part: str) -> Iterable[tuple[int, str]]:
    """In base64, with so many bytes before it: the characters that nothing but the secret is in."""
    data = part.encode("utf-8", "surrogatepass")
    for before in range(3):
        begin, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        yield before, b64encode(bytes(before) + data + bytes(2)).decode()[begin:end]


def _base64_character(character: str) -> str:
    return {"+": "(?:[+-]|%2[bB]|\\\\u002[bB])", "/": "(?:\\\\?[/_]|%2[fF])"}.get(character, character)


def _hex(part: str) -> str:
    between = r"(?:[ :,-]{1,2}|\\+x|0x|, ?0x)?"
    return "(?i:" + between.join(f"{byte:02x}" for byte in part.encode("utf-8", "surrogatepass")) + ")"


def _characters(part: str) -> Iterable[str]:
    """Each character with all the ways in which it may be written; spaces in a row are one."""
    is_space = False
    for character in part:
        if not (character.isspace() and is_space):
            yield _character(character)
        is_space = character.isspace()


def _character(character: str) -> str:
    if character.isspace():
        return r"(?:\\*[\s+]|%(?:25)*(?:20|09|0[aAdD])|\\+[ntr]|⏎)+"
    if character.isascii() and character.isalnum():
        return character
    data, code = character.encode("utf-8", "surrogatepass"), ord(character)
    ways = [
        rf"\\*{re2.escape(character)}",
        "".join(f"[%=](?:25)*(?i:{byte:02x})" for byte in data),
        "".join(rf"\\+(?:x(?i:{byte:02x})|0?{byte:03o})" for byte in data),
        "".join(rf"\\+u(?i:{unit:04x})" for unit in _units(code)),
        rf"&#0*{code};",
        rf"&#[xX]0*(?i:{code:x});",
        *([f"&{_ENTITIES[character]};"] if character in _ENTITIES else []),
        *_QUOTED.get(character, ()),
        *(() if character.isascii() else _in_another_encoding(character)),
    ]
    return f"(?:{'|'.join(ways)})"


def _in_another_encoding(character: str) -> Iterable[str]:
    """As programs write what is not in their locale: by its number, in Latin-1, or as a letter and its accent."""
    code = ord(character)
    if code < 0x100:
        yield rf"(?:\\+x|[%=](?:25)*)(?i:{code:02x})"
    yield rf"\\+(?:u\{{0*(?i:{code:x})\}}|U(?i:{code:08x}))"
    yield re2.escape(normalize("NFD", character))


_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_QUOTED = {"'": (r"'\\*''", "'\"'\"'", "''"), '"': ('""',), "$": (r"\$\$",), "%": ("%%",)}
"""What stands for a character within quotes: of a shell, of SQL, of CSV."""


def _units(code: int) -> tuple[int, ...]:
    """The character's units in UTF-16, as JSON escapes it."""
    return (code,) if code < 0x10000 else (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF))
