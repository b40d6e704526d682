"""The forms of names and addresses in the file: what a host, a user, a path or a zone looks like.

Each check returns what was expected, or nothing when the text is right. It must not know which key the text belongs to.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from console.core.checks.calendar import is_closed_word
from console.core.host.shared_entries import shared_path
from console.core.host.shell import PLACEHOLDER, PLACEHOLDERS
from console.core.words.nearest_name import nearest
from console.errors import UsageFault
from console.model.checks import NEVER_OVERRIDABLE, OVERRIDABLE

RESERVED: Final = frozenset(
    {
        "ack", "abort", "attach", "check", "continue", "demo", "doctor", "engine", "events", "exec", "extend", "forgive", "help", "history", "init",
        "list", "lock", "logs", "maintenance", "note", "off", "on", "pause", "pending", "promote", "replay", "report", "restart", "restore",
        "resume", "retry", "rollback", "skip", "status", "stop", "toggle", "trust", "unlock",
    }
)  # fmt: skip
"""Names of commands and verbs, which no environment bears."""

COMMANDS: Final = (
    "install", "start", "stop", "restart", "fetch", "has", "logs", "logs_follow", "maintenance_on", "maintenance_off",
)  # fmt: skip

BUILT_IN_CHECKS: Final = frozenset({*OVERRIDABLE, *NEVER_OVERRIDABLE})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\\-]{0,63}\$?")
_BALANCER_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]{0,199}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_RESERVED_VARIABLES: Final = frozenset(f"DEPLOY_{name.upper()}" for name in PLACEHOLDERS)


def plain_name(text: str) -> str:
    """Judge the name of an application or a tag."""
    return "" if _NAME.fullmatch(text) else "a name of letters, digits, . _ - (63 at most, the first a letter or digit)"


def tag_name(text: str) -> str:
    """Judge a tag that a host bears: no command's name, which [app.commands.TAG] could not be told from."""
    return "a name that is not a command's" if text in COMMANDS else plain_name(text)


def environment_name(text: str) -> str:
    """Judge the name of an environment: no command's."""
    return "a name that is not a command's" if text in RESERVED else plain_name(text)


def label(text: str) -> str:
    """Judge a title that people read."""
    return "" if text.isprintable() and len(text) <= 80 else "a name on one line, 80 characters at most"


def check_name(text: str) -> str:
    """Judge the name of a configured check, which is its id: `--override NAME=REASON`."""
    if "=" in text or text.strip() != text:
        return "a name without = and without blanks at its ends"
    return "a name that no built-in check has" if text.lower() in BUILT_IN_CHECKS else label(text)


def host_name(text: str) -> str:
    """Judge a host's name. ASCII alone: a name decides where a release goes, and look-alikes would deceive."""
    return "" if _HOST.fullmatch(text) else "a host name of letters, digits, . _ - (a number in front of it is no port)"


def address(text: str) -> str:
    """Judge a name or an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "a host name or an IP address" if host_name(text) else ""
    return ""


def user_name(text: str) -> str:
    """Return why this is no name of a login; empty: it is one."""
    return "" if _USER.fullmatch(text) else "a user name without blanks"


def member(text: str) -> str:
    """Judge a user, or a @group."""
    return "a user, or a group as @name" if user_name(text.removeprefix("@")) else ""


def metric_name(text: str) -> str:
    """Judge the name of a metric of Prometheus."""
    return "" if _METRIC.fullmatch(text) else "a metric's name of letters, digits, _ and :, no digit first"


def variable_name(text: str) -> str:
    """Judge the name of a variable of the environment."""
    if text in _RESERVED_VARIABLES:
        return "another name (the console fills this one in)"
    return "" if _VARIABLE.fullmatch(text) else "a name of letters, digits and _, no digit first"


def host_path(text: str) -> str:
    """Judge the folder of an application on its hosts."""
    is_sound = text.startswith("/") and text.isprintable() and text.strip("/") and not {".", ".."} & set(text.split("/"))
    return "" if is_sound else "an absolute path on the hosts, such as /srv/shop"


def absolute_path(text: str) -> str:
    """Judge a file on a machine."""
    is_sound = text.startswith("/") and text.isprintable() and not text.endswith("/") and not {".", ".."} & set(text.split("/"))
    return "" if is_sound else "an absolute path without . and .., such as /run/haproxy/admin.sock"


def balancer_name(text: str) -> str:
    """Judge what a balancer calls a backend, an upstream or a server: HAProxy's characters for names, of which nginx takes each one."""
    return "" if _BALANCER_NAME.fullmatch(text) else "a name of letters, digits, . _ : -"


def inner_path(text: str) -> str:
    """Judge a path inside a release."""
    is_sound = not text.startswith(("/", "~")) and text.isprintable() and text.strip("/") and not {".", ".."} & set(text.split("/"))
    return "" if is_sound else "a path inside the release, without . and .."


def shared_entry(text: str) -> str:
    """Judge an entry of `shared`."""
    problem = inner_path(text)
    try:
        shared_path(text)
    except UsageFault:
        return problem or "a path inside the release that is not the console's own, without //"
    return problem


def output_path(text: str) -> str:
    """Judge a path inside the build, which may be all of it."""
    return "" if text == "." else inner_path(text)


def zone_name(text: str) -> str:
    """Judge a time zone by what this machine knows."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        known = available_timezones()
        if not known:
            return "a time zone, but this machine has no time zone data (install tzdata)"
        like = nearest(text, tuple(sorted(known)))
        return "an IANA time zone such as Europe/Berlin" + (f" (did you mean {like}?)" if like else "")
    return ""


def closed_word(text: str) -> str:
    """Return why this is no closed time; empty: it is one."""
    return "" if is_closed_word(text) else 'a day such as "fri", or "fri 12:00-24:00" (across midnight: two of them)'


def http_url(text: str) -> str:
    """Judge a URL for HTTP, in which placeholders may stand."""
    try:
        parts = urlsplit(PLACEHOLDER.sub("1", text))
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    return "" if is_sound and text.isprintable() and " " not in text else "a URL that begins with http:// or https://"


def journal_address(text: str) -> str:
    """Judge where the record of runs is."""
    return "" if text.startswith(("postgresql+psycopg://", "postgresql://")) and text.isprintable() else "a URL that begins with postgresql+psycopg://"


def known_hosts_file(text: str) -> str:
    """Judge a file of known host keys, which can't be none."""
    return "a file of host keys (they are always checked)" if text in ("none", "/dev/null") else ""


def has_pipe(command: str) -> bool:
    """Whether a command has a `|` that is not `||`."""
    return re.search(r"(?<!\|)\|(?!\|)", command) is not None
