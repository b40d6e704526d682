"""Whether a login runs what it is given, judged by a script that does nothing; else why not, in words for a person.

What it printed is shown: it is the only word on the reason, and never an answer. It opens nothing.
"""

from console.adapters.ssh.login_problems import unreached
from console.adapters.ssh.session import SshSession
from console.model.host import Host
from console.ports.hosts import Unreached
from console.safe_text import SafeText

SHOWN = 200
"""Characters that are shown of what a login printed."""
_FILES = "~/.bashrc (zsh: ~/.zshenv, csh: ~/.cshrc, fish: ~/.config/fish/config.fish), ~/.ssh/rc"


def judged_login(host: Host, session: SshSession, patience: float, *, is_slow: bool = False) -> Unreached | None:
    """Return None where the script has run; else what happened in its place. `is_slow`: nothing ran before its input was ended, within `patience` seconds."""
    if session.output.status is not None and not is_slow:
        return None
    if session.output.status is not None:
        words = f"a start-up file of the login on {host.name} reads standard input, which belongs to the commands that run there"
        return unreached(host, "shell", words, f"on the host, let it read a terminal only: look at {_FILES}")
    return unreached(host, "shell", f"the login on {host.name} {_what(session, patience, is_slow=is_slow)}{_shown(session)}", _hint(session))


def _what(session: SshSession, patience: float, *, is_slow: bool) -> str:
    if session.output.is_mangled:
        return "changes what commands print on its way here (outputs merged, or a terminal in between)"
    if session.output.has_begun:
        return f"ran a command and did not pass on its end{_ended(session)}"
    if session.output.lacks:
        return f"does not pass on the {session.output.lacks} of commands"
    if session.is_over or session.login_end:
        reads = "read standard input in place of running a command, and ended" if is_slow else "did not run a command: it ended"
        return f"{reads}{_ended(session)}"
    return f"did not begin to run a command within {patience:g} s"


def _ended(session: SshSession) -> str:
    return f" with {session.login_end}" if session.login_end else ""


def _shown(session: SshSession) -> str:
    printed = " ".join(SafeText(session.output.printed).split())
    if session.output.is_mangled or session.output.has_begun or session.output.lacks:
        return ""
    if not printed:
        return ", and printed nothing"
    return f", and printed: {printed[:SHOWN]}{'…' if len(printed) > SHOWN else ''}"


def _hint(session: SshSession) -> str:
    if session.output.is_mangled or session.output.lacks:
        return "look at ForceCommand in its sshd_config and at command= in authorized_keys"
    if session.login_end or session.is_over:
        return f"on the host, look at its shell (getent passwd), at {_FILES}, and at ForceCommand and command="
    return f"on the host, look at what takes so long: {_FILES}; or raise connect_timeout in hosts.toml"
