"""Text for a POSIX shell: quoting, placeholders and exports, as values.

It knows the rules of the shell and of URLs; it must not know what the commands are for, and it runs nothing.
"""

import re
import shlex
from collections.abc import Mapping
from urllib.parse import quote as percent

from console.errors import UsageFault

PLACEHOLDERS = ("host", "address", "server", "version", "commit", "release", "previous", "shared", "run", "env")
OF_TICKETS = ("version", "commit", "release", "run", "env")
"""Those of a ticket's command or URL: it is about a release, and about no host."""
PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]+)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PIECE = re.compile(r"\\.|\$\(|(?<!\$)\{[a-z_]+\}|(?:(?<=\s)|(?<=[;&|()])|^)#[^\n]*|['\"()]", re.DOTALL | re.MULTILINE)


def quote(text: str) -> str:
    """Return the text as one word of a shell command. Raises UsageFault for a NUL, which no shell can hold."""
    if "\0" in text:
        raise UsageFault("a NUL byte cannot stand in a command")
    return shlex.quote(text)


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names that stand in the template as `{name}` (not after `$`), each once, in their order."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(template)))


def _known(template: str, values: Mapping[str, str]) -> None:
    for name in placeholders(template):
        if name not in values:
            raise UsageFault(f"unknown placeholder {{{name}}} in {template!r}", f"known are {' '.join(f'{{{known}}}' for known in values)}")


def _inside(context: str, value: str) -> str:
    """Return the value as it must be written in that place: in 'single' or "double" quotes, or in neither."""
    if context == "'":
        return value.replace("'", "'\\''")
    if context == '"':
        return re.sub(r'([\\"$`])', r"\\\1", value)
    return quote(value)


def _turned(contexts: list[str], piece: str) -> None:
    """Enter or leave quotes and `$(…)`; a whole comment does neither."""
    top = contexts[-1]
    if top == "'":
        if piece == "'":
            contexts.pop()
    elif piece == "$(" or (piece == "(" and top != '"'):
        contexts.append("(")
    elif (piece == ")" and top == "(") or piece == top == '"':
        contexts.pop()
    elif piece == '"' or (piece == "'" and top != '"'):
        contexts.append(piece)


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill `{name}` with its value, quoted for the place it stands in, so that no value can be more than text.

    Raises UsageFault for an unknown name, and for a value of more than plain characters in a here-document, whose end is not looked for.
    """
    _known(template, values)
    if "<<" in template:
        _plain_only(template, values)
    contexts = [""]
    parts: list[str] = []
    at = 0
    while found := _PIECE.search(template, at):
        piece = found.group()
        parts.append(template[at : found.start()])
        at = found.end()
        top = contexts[-1]
        if top == "'" and piece[0] in "\\#$" and len(piece) > 1:
            piece = piece[0]
            at = found.start() + 1
        elif top == '"' and piece[0] == "#":
            piece = "#"
            at = found.start() + 1
        elif piece[0] == "{":
            piece = _inside(top, values[piece[1:-1]])
        else:
            _turned(contexts, piece)
        parts.append(piece)
    parts.append(template[at:])
    return "".join(parts)


def _plain_only(template: str, values: Mapping[str, str]) -> None:
    for name in placeholders(template):
        if quote(values[name]) != values[name]:
            raise UsageFault(f"{{{name}}} cannot be filled in safely beside <<", f"write $DEPLOY_{name.upper()} there")


def filled_text(template: str, values: Mapping[str, str]) -> str:
    """Fill `{name}` as it is, for what no shell reads. Raises UsageFault for an unknown name."""
    _known(template, values)
    return PLACEHOLDER.sub(lambda found: values[found.group(1)], template)


def filled_url(template: str, values: Mapping[str, str]) -> str:
    """Fill `{name}` in a URL, percent-encoded; an IPv6 address that stands as the host gets its brackets."""
    _known(template, values)

    def value(found: re.Match[str]) -> str:
        text = values[found.group(1)]
        is_host = found.string[: found.start()].endswith(("//", "@"))
        return f"[{percent(text, safe=':')}]" if is_host and ":" in text else percent(text, safe="")

    return PLACEHOLDER.sub(value, template)


def deploy_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return the placeholders as a command's environment has them: DEPLOY_HOST …."""
    return {f"DEPLOY_{name.upper()}": value for name, value in values.items()}


def exports(variables: Mapping[str, str]) -> str:
    """Return lines `export A='…'`. Raises UsageFault for a name that no shell takes."""
    for name in variables:
        if not _NAME.fullmatch(name):
            raise UsageFault(f"{name!r} cannot be the name of a variable", "letters, digits and _ only, no digit first")
    return "".join(f"export {name}={quote(value)}\n" for name, value in variables.items())
