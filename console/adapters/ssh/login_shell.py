"""A script as the one line that sshd hands to a login shell, whichever shell that is: sh, csh and fish quote in different ways.

What the script prints stands between marks of its own (see `answer_marks`). It must not know what a script is for.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_OFTEN = tuple((byte, b"\\0%03o" % byte[0]) for byte in (b"\\", b"\n", b"'", b"!"))
"""What a script is full of, the backslash first: in what stands for it there is another."""
_UNSAFE = re.compile(rb"[^ -~]")
WORD = 6000
"""Bytes of one word of the command: csh takes no longer ones than some 8,000."""
_FRAME = (
    'unset CDPATH; n=$1; shift; s=$(printf %b "$@"); echo "[$n:err:begin]" >&2; echo "[$n:out:begin]"; sh -c "$s" sh; c=$?; '
    'echo "[$n:err:end:$c]" >&2; echo "[$n:out:end:$c]"; exit $c'
)
"""A folder is entered where it is, whatever the login's CDPATH.

The marks are put together on the host, so that a shell that shows the command it was given (`set -x`) shows none of them."""


def command_line(script: str, nonce: str) -> str:
    r"""Return a command that runs the script by `sh -c`, between marks of that nonce on standard output and on standard error.

    Between single quotes csh minds `!` and line ends, fish minds `\` and `'`, and either may mind bytes beyond ASCII: these are
    written in octal, which the sh reads back. Raises ValueError for a NUL, which no argument can hold.
    """
    return f"sh -c '{_FRAME}' sh {nonce} {_written(script)}"


@lru_cache(maxsize=16)
def _written(script: str) -> str:
    """The script as words; hosts are sent the same ones in turn."""
    raw = script.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError("a NUL byte cannot stand in a command")
    return " ".join(f"'{word}'" for word in _words(raw))


def _words(raw: bytes) -> Iterator[str]:
    for start in range(0, len(raw) or 1, WORD // 5):
        word = raw[start : start + WORD // 5]
        for byte, written in _OFTEN:
            word = word.replace(byte, written)
        yield _UNSAFE.sub(lambda found: b"\\0%03o" % found[0][0], word).decode("ascii")
