"""Reads the secrets that the submitting console is to read: variables of its own environment, and what commands print. Knows no runs.

What those commands print as errors passes the gate too: it is held back until the secret that it may hold is known.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from console.adapters.secretfile import read_secret_file
from console.cli.output import print_on
from console.core.secrets.needed import masking_for
from console.errors import Problem, UsageFault
from console.model.configured_environment import Environment
from console.model.secret import SecretRef
from console.safe_text import hidden, hide, safe_end

PATIENCE = 60.0
"""Seconds that a command has to print a secret that is needed."""
IMPATIENCE = 3.0
"""The same for one that the run can do without."""
SILENT = 2.0
"""Seconds without a word after which a command may be asking a person something: then what it says as errors is shown."""
LIMIT = 64 * 1024
"""Bytes that a secret may have."""

_known: set[str] = set()
"""What this process has read, so that all of it is hidden."""


@dataclass
class SecretReader:
    """What was read, and why the rest was not. `quiet`: what commands say as errors is not shown, since a screen is."""

    quiet: bool = False
    found: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    def add(self, environment: Environment, references: Mapping[str, SecretRef], patience: float = PATIENCE) -> None:
        """Read those, by their names, commands last: what one says may hold another secret. Files are the engine's to read; here they are only hidden."""
        for name, reference in references.items():
            if reference.kind == "env":
                self._keep(name, _of_variable(name, reference))
            elif reference.kind == "file" and isinstance(text := read_secret_file(name, reference), str):
                _known.add(text)
        if _known:
            hide(masking_for(environment, _known))
        for name, reference in references.items():
            if reference.kind == "command":
                self._keep(name, _Printing(name, environment, patience, quiet=self.quiet).of(reference.name))

    def _keep(self, name: str, text: str | Problem) -> None:
        if isinstance(text, Problem):
            self.problems[name] = text
        else:
            self.found[name] = text
            _known.add(text)


def read_one(name: str, reference: SecretRef) -> str:
    """Read one secret for this process itself, and have it hidden. Raises UsageFault where it cannot be read."""
    reading = SecretReader(quiet=False)
    reading.add(Environment("", "", "", ()), {name: reference})
    text = read_secret_file(name, reference) if reference.kind == "file" else reading.found.get(name) or reading.problems[name]
    if isinstance(text, Problem):
        raise UsageFault(text.message, text.hint, (text,))
    return text


def _of_variable(name: str, secret: SecretRef) -> str | Problem:
    text = os.environ.get(secret.name)
    if text is None or not text.strip():
        seen = "is not set" if text is None else "is set and empty"
        return Problem(f"the secret {name} is to come from ${secret.name}, which {seen}", f"export {secret.name}=…")
    return text


class _Printing:
    """One command that prints a secret, in the caller's own environment."""

    def __init__(self, name: str, environment: Environment, patience: float, *, quiet: bool) -> None:
        self._name = name
        self._quiet = quiet
        self._environment = environment
        self._patience = patience
        self._said = {"out": b"", "err": b""}
        self._shown = 0

    def of(self, command: str) -> str | Problem:
        """Run it, and return what it printed."""
        process = subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            code = self._heard(process)
        finally:
            _end(process)
        text = self._said["out"].decode("utf-8", "replace").rstrip("\r\n")
        hide(masking_for(self._environment, {*_known, text}))
        self._show()
        return self._judged(code, text, command)

    def _judged(self, code: int | None, text: str, command: str) -> str | Problem:
        last = safe_end(self._said["err"].strip().rpartition(b"\n")[2], 200)
        said = f": {last}" if last else ""
        if code is None:
            return Problem(f"the secret {self._name} could not be read: its command took more than {self._patience:.0f} s{said}", command)
        if code:
            return Problem(f"the secret {self._name} could not be read: its command ended with {code}{said}", command)
        if not text.strip() or len(text) > LIMIT:
            return Problem(f"the secret {self._name} could not be read: its command printed {'nothing' if not text.strip() else 'too much'}{said}", command)
        return text

    def _heard(self, process: "subprocess.Popen[bytes]") -> int | None:
        """Collect what it says until it ends; its exit code, None at the end of our patience."""
        until, heard = time.monotonic() + self._patience, time.monotonic()
        with selectors.DefaultSelector() as waiting:
            for name, stream in (("out", process.stdout), ("err", process.stderr)):
                waiting.register(stream, selectors.EVENT_READ, name)  # type: ignore[arg-type] # both are pipes
            while waiting.get_map() and (rest := until - time.monotonic()) > 0:
                ready = waiting.select(min(rest, SILENT))
                for key, _ in ready:
                    heard = time.monotonic()
                    self._take(key.data, key.fileobj, waiting)  # type: ignore[arg-type]
                if not ready and time.monotonic() - heard >= SILENT:
                    self._show()
                if process.poll() is not None and not ready:
                    break
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(max(0.0, until - time.monotonic()))
        return None

    def _take(self, name: str, stream: IO[bytes], waiting: selectors.BaseSelector) -> None:
        data = os.read(stream.fileno(), LIMIT)
        if not data:
            waiting.unregister(stream)
        self._said[name] = self._said[name] + data if len(self._said[name]) <= LIMIT else self._said[name]

    def _show(self) -> None:
        """Show what it has said as errors, without secrets."""
        fresh = self._said["err"][self._shown :].decode("utf-8", "replace")
        self._shown = len(self._said["err"])
        if fresh and not self._quiet:
            print_on(sys.stderr, hidden(fresh), end="")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with what it started; nothing that still holds its output is waited for."""
    if process.poll() is None:
        import psutil  # type: ignore[import-untyped] # it comes without types

        with contextlib.suppress(psutil.Error):
            for one in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
                with contextlib.suppress(psutil.Error):
                    one.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
