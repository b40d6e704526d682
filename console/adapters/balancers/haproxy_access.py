"""Why HAProxy cannot be asked, or does not do as it is told, and what to type then. Words alone: nothing is decided from them."""

import shlex

from console.core.words.nearest_name import nearest
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.traffic import BalancerProblem
from console.ports.hosts import Transport, Unreached
from console.safe_text import SafeText

LOOKING = """\
f={path}; d={folder}
printf '%s\\n' "$(id -un)"
if [ ! -x "$d" ]; then echo folder; ls -ld "$d"
elif [ ! -S "$f" ]; then echo missing
elif [ ! -w "$f" ]; then echo denied; ls -ld "$f"
else echo silent; fi
"""


async def unreached(transport: Transport, host: Host, balancer: Balancer, problem: Unreached, *, deadline: float) -> BalancerProblem:
    """Return why its socket cannot be opened: sshd does not say, so the machine is asked."""
    if problem.kind == "forwarding":
        words = f"the sshd of {host.name} opens no connection to {balancer.socket}"
        return _told(balancer, words, f"AllowStreamLocalForwarding yes in sshd_config on {host.name}")
    if problem.kind != "channel":
        return BalancerProblem(balancer.name, problem.message, problem.hint)
    folder = balancer.socket.rpartition("/")[0] or "/"
    ran = await transport.run(host, LOOKING.format(path=shlex.quote(balancer.socket), folder=shlex.quote(folder)), deadline=deadline)
    user, _, rest = ran.out.decode("utf-8", "replace").partition("\n")
    state, _, shown = rest.partition("\n")
    access = f"in haproxy.cfg, section global: stats socket {balancer.socket} mode 660 group GROUP level admin, with {user} in that group; then reload it"
    match state:
        case "folder":
            return _told(balancer, f"{user} may not look into {folder} ({_mode(shown)})", access)
        case "missing":
            return _told(balancer, f"there is no socket {balancer.socket} on {host.name}", f"ls -l {folder} there; {access}")
        case "denied":
            return _told(balancer, f"{user} may not write to {balancer.socket} ({_mode(shown)})", access)
        case "silent":
            return _told(balancer, f"nobody answers there: {problem.message}", f"systemctl status haproxy on {host.name}")
        case _:
            return BalancerProblem(balancer.name, problem.message, problem.hint)


def no_admin(balancer: Balancer, level: str) -> BalancerProblem:
    """Return that the socket may only look."""
    hint = f"in haproxy.cfg: stats socket {balancer.socket} … level admin; then reload it"
    return _told(balancer, f"{balancer.socket} is of level {level or 'unknown'}; expected admin", hint, reached=True)


def no_backend(balancer: Balancer, said: str, known: tuple[str, ...]) -> BalancerProblem:
    """Return that it has no such backend, with the one that may be meant."""
    like = nearest(balancer.backend, known)
    meant = f"did you mean {like}?" if like else f"it has {', '.join(known) or 'none'}"
    return _told(balancer, f"no backend {balancer.backend}: {said}", f"backend in hosts.toml: {meant}", reached=True)


def no_server(balancer: Balancer, missing: dict[str, str], known: tuple[str, ...]) -> BalancerProblem:
    """Return that its backend lacks servers. `missing` is host to server."""
    host, server = next(iter(missing.items()))
    like = nearest(server, known)
    words = f"backend {balancer.backend} has no server {', '.join(missing.values())}; it has {', '.join(known) or 'none'}"
    return _told(balancer, words, f'{{ name = "{host}", server = "{like or "NAME"}" }} in hosts is what the balancer calls it', reached=True)


def refused(balancer: Balancer, command: str, said: str) -> BalancerProblem:
    """Return that a command was not carried out."""
    return _told(balancer, f"{command}: {said}", f"look at it on its socket {balancer.socket}", reached=True)


def _mode(shown: str) -> str:
    words = shown.split()
    return f"{words[0]} {words[2]} {words[3]}" if len(words) > 3 else shown.strip()


def _told(balancer: Balancer, message: str, hint: str, *, reached: bool = False) -> BalancerProblem:
    return BalancerProblem(balancer.name, SafeText(message, 400), SafeText(hint, 400), reached)
