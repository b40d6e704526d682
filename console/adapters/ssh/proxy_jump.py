"""Jump hosts as they are written: `[user@]NAME[:port]`, and a ProxyCommand that is nothing but a jump (`ssh -W %h:%p HOST`). Pure."""

import re
import shlex

from console.model.host import Host

_PLAIN = frozenset("46AaCkNnqTtvXxYy")
"""Options of ssh without a value that change nothing for a connection that is passed through."""
_VALUED = frozenset("BbceEIioLlmpQRSWwFJO")
_TARGETS = ("%h:%p", "[%h]:%p")
_HARMLESS = (
    "batchmode", "connecttimeout", "connectionattempts", "loglevel", "serveraliveinterval", "serveralivecountmax", "stricthostkeychecking", "compression",
    "controlmaster", "controlpath", "controlpersist", "tcpkeepalive", "permitlocalcommand", "clearallforwardings", "forwardagent", "exitonforwardfailure",
)  # fmt: skip


_JUMP = re.compile(r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?P<name>\[[^\]]+\]|[^:]+)(?::(?P<port>\d+))?/?")


def written_jump(text: str) -> Host:
    """Return the jump host that is written so. Raises ValueError."""
    found = _JUMP.fullmatch(text)
    if found is None:
        raise ValueError(f"the jump host {text!r} is not written as [user@]NAME[:port]")
    return Host(text, found["name"].strip("[]"), int(found["port"] or 0), found["user"] or "")


def jump_of(command: str) -> str:
    """Return [user@]host[:port] of the jump that a ProxyCommand stands for; empty: it is something else."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    if words[:1] == ["exec"]:
        words = words[1:]
    if not words or words.pop(0).rpartition("/")[2] != "ssh":
        return ""
    options: dict[str, str] = {}
    hosts: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            hosts, words = [*hosts, *words], []
        elif not word.startswith("-") or word == "-":
            hosts.append(word)
        elif not _took(word[1:], words, options):
            return ""
    return _written(hosts, options)


def _took(letters: str, words: list[str], options: dict[str, str]) -> bool:
    """Read one word of options; False for one that is more than a jump."""
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in _PLAIN:
            continue
        if letter not in _VALUED or not (letters or words):
            return False
        value, letters = letters or words.pop(0), ""
        if letter == "o":
            key, _, text = value.replace(" ", "=", 1).partition("=")
            letter, value = {"user": "l", "port": "p"}.get(key.strip().lower(), "o" if key.strip().lower() in _HARMLESS else "?"), text.strip()
        if letter not in "Wlpoe":
            return False
        options.setdefault(letter, value)
    return True


def _written(hosts: list[str], options: dict[str, str]) -> str:
    if len(hosts) != 1 or options.get("W") not in _TARGETS or "%" in hosts[0]:
        return ""
    user, _, host = hosts[0].removeprefix("ssh://").rstrip("/").rpartition("@")
    port = options.get("p", "")
    if hosts[0].startswith("ssh://") and ":" in host.rpartition("]")[2]:
        host, _, own = host.rpartition(":")
        port = port or own
    name = options.get("l", user)
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{name}@{shown}" * bool(name) + shown * (not name) + f":{port}" * bool(port)
