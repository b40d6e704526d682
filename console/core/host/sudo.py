"""Whether sudo would run each command of a host by itself, asked without running one: texts for POSIX sh, and what they answer. Pure.

`sudo -n -l` says what is allowed and not whether a password is asked. sudo asks for one before it refuses `-T`, which it always refuses where
user_command_timeouts is not set: so a command is given a time-out, where the listing shows that this setting is absent.
"""

import re
import shlex
from collections.abc import Mapping

from console.core.host.shell import PLACEHOLDER, quote
from console.core.host_selection import applies
from console.model.configured_checks import CriticalPath, HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command

LOOK = r"""
sudo_says() { said=$(LC_ALL=C; export LC_ALL; eval "sudo -n $1" 2>&1 < /dev/null); }
last_said() { printf '%s\n' "$said" | tail -n 1; }
why_not() { case $said in *'password is required'*) echo 'asks for a password' ;; *) echo "does not allow it ($(last_said))" ;; esac; }
listed=
runs_as() { sudo_says "-k -u $1 -- sh -c :" || why_not; }
runs() {
  sudo_says "-l $1" || { why_not; return; }
  [ -n "$listed" ] || { sudo_says -l; listed=$said; }
  case $listed in
    *user_command_timeouts*)
      case $(printf '%s\n' "$listed" | grep '^ *(' | grep -v 'NOPASSWD:') in '') return ;; esac
      echo 'may ask for a password: it cannot be tried where user_command_timeouts is set'
      return ;;
    *'may run the following'*) ;;
    *) echo "does not list what it allows ($(last_said))"; return ;;
  esac
  sudo_says "-k -T 60 $1" && { echo 'ran it: -T was not refused'; return; }
  case $said in *timeout*) ;; *'password is required'*) echo 'asks for a password' ;; *) echo "cannot be tried ($(last_said))" ;; esac
}
tried() {
  why=
  case $1 in as:*) why=$(runs_as "${1#as:}") ;; run:*) why=$(runs "${1#run:}") ;; esac
  [ -z "$why" ] || say sudo "$why: ${1#*:}"
}
"""
"""`tried ASK` says `sudo WHY: WHAT` for a command that sudo would not run by itself."""

_LEADING = frozenset(("if", "then", "else", "elif", "do", "while", "until", "!", "exec", "time", "command", "nohup", "{"))
_VALUED = frozenset("aCcDghpRrTtUu")
"""Options of sudo that take a value."""
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")


def sudo_asks(environment: Environment, host: Host) -> tuple[str, ...]:
    """What to try for the commands of a host, those of checks and critical paths that it runs too.

    `as:USER` for a `run_as`, `run:…` for a command that calls sudo itself, as words of a shell.
    """
    names = {*environment.commands, *(name for tag in host.tags for name in environment.tag_commands.get(tag, {}))}
    found = [command for name in sorted(names) if (command := environment.command(host, name))]
    found += [hook.command for hook in environment.hooks if applies(hook.tags, host)]
    found += [check.command for check in environment.checks if check.command is not None and check.on in ("host", host.name)]
    probes: tuple[HealthCheck | CriticalPath, ...] = (*environment.health, *environment.critical)
    asked = (probe.command for probe in probes if probe.on == host.name or (probe.on == "host" and applies(probe.tags, host)))
    found += [command for command in asked if command is not None]
    values = {
        "host": host.name, "address": host.address or host.name, "server": host.server or host.name, "env": environment.name,
        "shared": f"{environment.path_on(host)}/shared",
    }  # fmt: skip
    return tuple(dict.fromkeys(ask for command in found for ask in _asks_of(command, values)))


def _asks_of(command: Command, values: Mapping[str, str]) -> list[str]:
    if command.run_as:
        return [f"as:{quote(command.run_as)}"]
    text = PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), command.run)
    return [f"run:{ask}" for words in _simple_commands(text) if words[0] == "sudo" and (ask := _ask(words[1:]))]


def _simple_commands(text: str) -> list[list[str]]:
    """Split a command into its simple commands; empty where the shell would have to be asked."""
    lexer = shlex.shlex(text.replace("\\\n", "").replace("\n", ";"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word and set(word) <= set(";&|()<>"):
                commands.append([])
            elif commands[-1] or not (word in _LEADING or _ASSIGNED.match(word)):
                commands[-1].append(word)
    except ValueError:
        return []
    return [words for words in commands if words]


def _ask(words: list[str]) -> str:
    """The command with the user and group that sudo is to run it as; empty: it is known on the host only."""
    left, kept = list(words), list[str]()
    while left and (left[0].startswith("-") or _ASSIGNED.match(left[0])):
        word = left.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            kept += _long(word, left)
        elif word.startswith("-"):
            kept += _short(word[1:], left)
    if not left or any("$" in word or "`" in word or PLACEHOLDER.search(word) for word in (*kept, *left)):
        return ""
    return shlex.join([*kept, *left])


def _long(word: str, left: list[str]) -> list[str]:
    name, given, value = word.partition("=")
    if name not in ("--user", "--group"):
        return []
    return [name.removeprefix("-")[:2], value if given else left.pop(0) if left else ""]


def _short(letters: str, left: list[str]) -> list[str]:
    for number, letter in enumerate(letters):
        if letter in _VALUED:
            value = letters[number + 1 :] or (left.pop(0) if left else "")
            return [f"-{letter}", value] if letter in "ug" else []
    return []
