"""Writes lines into a file of the operator's choice; never over an existing file."""

from collections.abc import Iterable
from pathlib import Path


def save_lines(name: str, lines: Iterable[str]) -> str:
    """Write the lines; return a sentence that says what came of it."""
    file = Path(name.strip()).expanduser()
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            count = sum(1 for one in lines if out.write(one + "\n"))
    except FileExistsError:
        return f"{file} is there already: nothing was written; W asks for another name"
    except (OSError, RuntimeError, ValueError) as fault:
        return f"{file} was not written: {getattr(fault, 'strerror', None) or fault}"
    return f"{count:,} lines are in {file.absolute()}"
