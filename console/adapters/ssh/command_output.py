"""What a command prints, kept as far as a cap or passed on, and its exit code; told from what its login prints by marks (`answer_marks`).

It must not know how the command is sent, or when it is over.
"""

import secrets

from console.adapters.ssh.answer_marks import Frame
from console.ports.hosts import Sink

CAP = 1024 * 1024
"""Bytes of output, and of errors, that are kept."""


class CommandOutput:
    """Both outputs of one command. With a sink, standard output goes there."""

    def __init__(self, sink: Sink | None) -> None:
        self.nonce = secrets.token_hex(8)
        self._sink = sink
        self._answer, self._errors = Frame("out", self.nonce), Frame("err", self.nonce)
        self._out, self._err = bytearray(), bytearray()
        self.fault: Exception | None = None
        """What the sink raised; it is given no more then."""

    @property
    def out(self) -> bytes:
        """What it printed, unless a sink took it."""
        return bytes(self._out)

    @property
    def err(self) -> bytes:
        """What it printed as errors."""
        return bytes(self._err)

    @property
    def status(self) -> int | None:
        """The script's exit code, as a shell says it (128 and more: a signal); None unless both outputs have come to their ends."""
        return self._answer.status if self._errors.status is not None else None

    @property
    def has_begun(self) -> bool:
        """Whether the script itself has begun, and both outputs come from it."""
        return self._answer.began and self._errors.began

    @property
    def lacks(self) -> str:
        """The output that does not come, where the other one does."""
        if self._answer.began == self._errors.began:
            return ""
        return "standard error" if self._answer.began else "standard output"

    @property
    def printed(self) -> bytes:
        """What was printed before the script began: by the login's start-up files, or by what runs in place of the script."""
        return self._answer.before + self._errors.before

    @property
    def is_mangled(self) -> bool:
        """Whether the marks were printed, and did not come as they were printed."""
        return self._answer.is_mangled or self._errors.is_mangled

    def take(self, data: bytes, *, is_errors: bool) -> None:
        """Keep or pass on what belongs to the script."""
        if is_errors:
            said = self._errors.feed(data)
            self._err += said[: CAP - len(self._err)]
            return
        said = self._answer.feed(data)
        if self._sink is None:
            self._out += said[: CAP - len(self._out)]
        elif said:
            self._pass_on(self._sink, said)

    def _pass_on(self, sink: Sink, said: bytes) -> None:
        """A sink that fails ends this command, not the connection that others use."""
        try:
            sink(said)
        except Exception as fault:
            self.fault, self._sink = self.fault or fault, _nowhere


def _nowhere(data: bytes) -> None:
    """Take output that nobody wants any more."""
