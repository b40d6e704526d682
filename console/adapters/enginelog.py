"""What a process writes to its own log: whole lines through the gate, tracebacks and words of libraries among them. Knows nothing of engines."""

import io
import sys
from typing import TextIO

from console.safe_text import SafeText


class GatedLog(io.TextIOBase):
    """A text stream that passes each line on once it has ended, masked and harmless. A line that is never ended is written by `close`."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._begun = ""

    def writable(self) -> bool:
        """Always true: `print` and `logging` ask before they write."""
        return True

    def fileno(self) -> int:
        """Return the file that it ends in."""
        return self._to.fileno()

    def write(self, text: str) -> int:
        """Take a piece of any size."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._to.write(f"{SafeText(line)}\n")
        if lines:
            self._to.flush()
        return len(text)

    def close(self) -> None:
        """Write the last line, also without its line break."""
        if self._begun:
            self.write("\n")
        super().close()


def gate_own_output() -> None:
    """Have all that this process writes as text pass the gate from now on."""
    sys.stdout = sys.stderr = GatedLog(sys.stderr)
