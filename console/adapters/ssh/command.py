"""A script as the one line that sshd hands to a login shell, whichever shell that is: sh, csh and fish quote in different ways.

It must not know what a script is for.
"""

import re

_UNSAFE = re.compile(rb"[^ -~]|['\\!]")


def command_line(script: str) -> str:
    r"""Return a command that runs the script by `sh -c`.

    Between single quotes csh minds `!` and line ends, fish minds `\` and `'`, and either may mind bytes beyond ASCII. A script
    with any of them is written in octal, which the sh reads back. Raises ValueError for a NUL, which no argument can hold.
    """
    raw = script.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError("a NUL byte cannot stand in a command")
    if not _UNSAFE.search(raw):
        return f"exec sh -c '{script}'"
    octal = _UNSAFE.sub(lambda found: b"\\0%03o" % found[0][0], raw).decode("ascii")
    return f"""exec sh -c 'eval "shift;$(printf %b "$1")"' sh '{octal}'"""
