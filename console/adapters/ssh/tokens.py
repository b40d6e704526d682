"""What stands for what in a path of an SSH configuration: `~`, `${NAME}` and ssh's own `%` tokens. Pure, but for who and where we are."""

import getpass
import hashlib
import os
import re
import socket
from pathlib import Path


def filled(text: str, *, name: str, address: str, port: int, user: str, alias: str = "", jump: str = "") -> str:
    """Return the path with all of them filled in. `name` is what was typed, `address` what it came to. What is not known stays as it is."""
    if "%" not in text and "$" not in text:
        return str(Path(text).expanduser())
    long, local = socket.gethostname(), getpass.getuser()
    short = long.partition(".")[0]
    digest = hashlib.sha1(f"{long}{address}{port}{user}{jump}".encode(), usedforsecurity=False).hexdigest()
    values = {
        "%": "%", "n": name, "h": address, "p": str(port), "r": user, "u": local, "d": str(Path.home()), "i": str(os.getuid()),
        "l": long, "L": short, "k": alias or name, "j": jump, "C": digest,
    }  # fmt: skip
    given = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), text)
    return str(Path(re.sub("%(.)", lambda found: values.get(found[1], found[0]), given)).expanduser())
