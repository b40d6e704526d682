"""Secrets that stand in files on the engine's machine, read with the engine's rights when a run begins."""

import os
import pwd
import stat

from console.errors import Problem
from console.model.secret import SecretRef

LIMIT = 64 * 1024
"""Bytes that a secret may have."""


def read_secret_file(name: str, reference: SecretRef) -> str | Problem:
    """Return what the file holds, without the line ends at its end; a Problem where that is not a secret, named as `name`."""
    path = os.path.expanduser(reference.name)
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return _problem(name, path, "it is no file")
            data = opened.read(LIMIT + 1)
    except OSError as fault:
        return _problem(name, path, fault.strerror or str(fault))
    text = data.decode("utf-8", "replace").rstrip("\r\n")
    if "\0" in text or "�" in text or len(data) > LIMIT:
        return _problem(name, path, "it holds no text" if len(data) <= LIMIT else f"it is larger than {LIMIT} bytes")
    return text if text.strip() else _problem(name, path, "it is empty")


def _problem(name: str, path: str, why: str) -> Problem:
    return Problem(f"the secret {name} cannot be read from {path} by the engine, which runs as {_user()}: {why}", f"ls -l {path}")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
