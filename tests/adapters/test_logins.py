"""Logins as people have them: shells, start-up files that print, read, wait or end, forced commands. An answer, or a reason; never a wrong one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.adapters.host_inspection import HostScout
from console.adapters.host_lock import HostLocks
from console.adapters.ssh.pool import SshTransport
from console.model.configured_environment import Environment
from console.model.host_facts import LockHolder
from console.ports.hosts import Reached, Unreached
from console.safe_text import SafeText
from tests.adapters.test_transport_contract import host_of, transport_of
from tests.fleet import Fleet, missing

pytestmark = pytest.mark.real
HOME = "/home/deploytest"
BINARY = r"printf '\000\377\376\033]0;title\007\033[2J\200 no end of line'"


@dataclass(frozen=True)
class Login:
    """A login shell, its start-up files, and what stands before the key in authorized_keys."""

    shell: str = "/bin/bash"
    files: dict[str, str] = field(default_factory=dict)
    key: str = ""
    says: str = ""
    """What the reason has to name, where no answer can be had."""


def rc(text: str, **more: str) -> Login:
    return Login(files={".bashrc": text}, **more)  # type: ignore[arg-type]


ANSWERING = {
    "load": rc("echo current load: 0.42"),
    "lock": rc("echo lock your screen; echo release 20240101000000; echo 'now 12'"),
    "no line end": rc("printf 'greeting without an end'"),
    "errors only": rc("echo 'warning: no locale' >&2"),
    "our words": rc("echo 'deploy-step done 0' >&2; echo 'epoch: other.1'; echo 'age: 1'"),
    "megabytes": rc("head -c 5000000 /dev/zero | tr '\\0' x"),
    "binary": rc(BINARY),
    "folder": rc("cd /"),
    "set -e": rc("set -e"),
    "set -u": rc("set -u"),
    "set -x": rc("set -x"),
    "set -v": rc("set -v"),
    "trap": rc("trap 'echo bye; exit 9' EXIT"),
    "slow": rc("sleep 1"),
    "left behind": rc("(sleep 30; echo late) &"),
    "searched folders": rc("mkdir -p ~/else/srv; export CDPATH=~/else:/tmp LC_ALL=de_DE.UTF-8 POSIXLY_CORRECT=1 DF_BLOCK_SIZE=1M"),
    "stty and tty": rc("stty erase '^H'; tty; tput clear; clear"),
    "traps on each command": rc("trap 'echo about to run' DEBUG; PROMPT_COMMAND='echo prompt'; export BASH_ENV=~/.bashrc ENV=~/.bashrc"),
    "umask and limits": rc("umask 077; ulimit -n 64"),
    "functions": rc("printf() { echo no; }; export -f printf; alias echo=false sh=false"),
    "ssh rc": Login(files={".ssh/rc": "echo from ssh rc; echo problem >&2"}),
    "dash": Login("/bin/dash"),
    "busybox": Login("/run/ash"),
    "rbash": Login("/bin/rbash"),
    "csh": Login("/bin/bsd-csh", {".cshrc": "echo current load: 0.42\nset prompt='%'"}),
    "tcsh": Login("/usr/bin/tcsh", {".cshrc": "echo hello\nset echo verbose"}),
    "fish": Login("/usr/bin/fish", {".config/fish/config.fish": "echo hello; cd /"}),
    "zsh": Login("/usr/bin/zsh", {".zshenv": "echo hello\nsetopt nomatch extendedglob errexit"}),
    "forced, to a log": Login(key='command="echo in >&2; $SHELL -c \\"$SSH_ORIGINAL_COMMAND\\"; echo out; true" '),
}
SILENT = {
    "exit 0": rc("exit 0", says="exit code 0"),
    "exit 0, told": rc("echo come back tomorrow; exit 0", says="come back tomorrow"),
    "exit 3": rc("echo broken >&2; exit 3", says="broken"),
    "exec zsh": rc("exec zsh", says="in place of running"),
    "exec cat": rc("exec cat", says="in place of running"),
    "exec in a loop": rc("exec bash -c 'while :; do sleep 1; done'", says="did not begin"),
    "expired": Login(key='command="echo Password change required but no TTY available. >&2; exit 1" ', says="Password change required"),
    "menu": rc("select way in deploy leave; do exit 4; done", says="reads standard input"),
    "read": rc("read -r answer", says="reads standard input"),
    "read all": rc("cat > /dev/null", says="reads standard input"),
    "nologin": Login("/usr/sbin/nologin", says="not available"),
    "false": Login("/bin/false", says="exit code 1"),
    "forced": Login(key='command="echo Backups only." ', says="Backups only."),
    "forced, mimics": Login(key='command="echo $SSH_ORIGINAL_COMMAND" ', says="did not run a command"),
    "forced, merged": Login(key='command="$SHELL -c \\"$SSH_ORIGINAL_COMMAND\\" 2>&1" ', says="outputs merged"),
    "forced, deaf": Login(key='command="$SHELL -c \\"$SSH_ORIGINAL_COMMAND\\" 2>/dev/null" ', says="standard error"),
    "terminal": Login(key='command="script -qec \\"$SSH_ORIGINAL_COMMAND\\" /dev/null" ', says="terminal"),
    "endless": rc("yes 'in a loop'", says="in a loop"),
    "asleep": rc("echo wait for it; sleep 60", says="wait for it"),
    "stopped": rc("kill -STOP $$", says="did not begin"),
}


def lay(fleet: Fleet, login: Login) -> None:
    """Give the host this login and no other."""
    if not Path(login.shell).exists() and login.shell != "/run/ash":
        pytest.skip(f"{login.shell} is not installed (Debian: csh, tcsh, fish, zsh)")
    files = [f"mkdir -p $(dirname {HOME}/{name}); cat > {HOME}/{name} <<'END_OF_FILE'\n{text}\nEND_OF_FILE\n" for name, text in login.files.items()]
    fleet.exec_in(
        "web01",
        f"find {HOME} -mindepth 1 -delete; cp /bin/busybox /run/ash; {''.join(files)}chown -R deploytest: {HOME}\n"
        f"cp /etc/ssh/passwd /run/passwd; sed 's|^\\(deploytest:.*\\):[^:]*$|\\1:{login.shell}|' /run/passwd > /etc/ssh/passwd\n"
        f"printf '%s\\n' {_quoted(login.key + fleet.user_key.public)} > /etc/ssh/authorized_keys",
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(1, tmp_path_factory.mktemp("logins")) as fleet:
        yield fleet


@pytest.fixture
async def reach(one: Fleet) -> AsyncIterator[Callable[..., SshTransport]]:
    opened: list[SshTransport] = []

    def lay_and_reach(login: Login, connect_timeout: float = 60.0) -> SshTransport:
        lay(one, login)
        opened.append(transport_of(one, connect_timeout=connect_timeout))
        return opened[-1]

    yield lay_and_reach
    for transport in opened:
        await transport.close()
    one.exec_in("web01", "pkill -KILL -u deploytest; :", check=False)


@pytest.mark.parametrize("name", ANSWERING)
async def test_what_a_login_prints_is_never_part_of_an_answer(one: Fleet, reach: Callable[..., SshTransport], name: str) -> None:
    transport, host = reach(ANSWERING[name]), host_of(one)
    assert isinstance(await transport.connect(host), Reached)
    ran = await transport.run(host, "printf 'it is\\n'; cat; printf said >&2; exit 7", b"what was\nsent", deadline=60)
    assert (ran.status, ran.out, ran.err, ran.problem) == (7, b"it is\nwhat was\nsent", b"said", None)
    heard: list[bytes] = []
    ran = await transport.run(host, "head -c 3000000 /dev/zero", deadline=60, sink=heard.append)
    assert (ran.status, b"".join(heard).count(b"\0")) == (0, 3_000_000)
    environment = Environment("shop", "production", "/srv/shop", (host,))
    seen = await HostScout(transport).examine(environment, host, deadline=60)
    assert (seen.problem, seen.current, seen.releases, seen.lock, seen.missing_tools) == ("", "", (), None, ())
    assert seen.free > 1_000_000
    assert abs(seen.clock_skew) < 30
    locks, holder = HostLocks(transport), LockHolder(SafeText("ada"), run="20261124T071407Z-production-3f2a", epoch="20261124T071407Z-production-3f2a.1")
    assert await locks.take(host, "/srv/shop", holder) is None
    seen = await HostScout(transport).look(environment, host, deadline=60)
    assert seen.lock is not None
    assert seen.lock.epoch == holder.epoch
    assert await locks.release(host, "/srv/shop", holder.epoch) is None


@pytest.mark.parametrize("name", SILENT)
async def test_a_login_that_runs_nothing_says_why_and_is_sent_nothing(one: Fleet, reach: Callable[..., SshTransport], name: str) -> None:
    login = SILENT[name]
    transport, host = reach(login, 4.0), host_of(one)
    environment = Environment("shop", "production", "/srv/shop", (host,))
    reached, ran, seen = await asyncio.gather(
        transport.connect(host),
        transport.run(host, "cat", b"touch /tmp/was-run\n", deadline=60),
        HostScout(transport).examine(environment, host, deadline=60),
    )
    assert isinstance(reached, Unreached), reached
    assert (ran.status, ran.out) == (None, b"")
    for problem in (reached, ran.problem):
        assert problem is not None
        assert (problem.kind, login.says in problem.message) == ("shell", True), problem
        assert problem.hint
    assert (seen.problem_kind, login.says in seen.problem, seen.free, seen.boot) == ("shell", True, 0, ""), seen
    assert one.exec_in("web01", "ls /tmp") == ""


async def test_what_was_found_out_on_a_connection_that_is_gone_is_no_word_on_the_next_one(one: Fleet, reach: Callable[..., SshTransport]) -> None:
    transport, host = reach(ANSWERING["load"]), host_of(one)
    assert isinstance(await transport.connect(host), Reached)
    link = transport.link_of(host)
    assert link.live is not None

    async def lost() -> Unreached:
        await asyncio.sleep(0)
        return Unreached("web01", "unreachable", SafeText("the link to web01 was lost"))

    link.proven, link.proving, link.proving_on = None, asyncio.create_task(lost()), None
    link.proving.add_done_callback(lambda _: setattr(link, "proving", None))
    ran = await transport.run(host, "echo here", deadline=60)
    assert (ran.out, ran.problem) == (b"here\n", None)
    assert link.proven is link.live


async def test_a_login_that_breaks_on_a_warm_link_is_no_answer_either(one: Fleet, reach: Callable[..., SshTransport]) -> None:
    transport, host = reach(Login()), host_of(one)
    assert isinstance(await transport.connect(host), Reached)
    lay(one, rc("echo the disk of homes is away; exit 0"))
    ran = await transport.run(host, "echo fine", deadline=60)
    assert (ran.status, ran.out, ran.problem and ran.problem.kind) == (None, b"", "shell")
    assert "the disk of homes is away" in str(ran.problem)
    lay(one, Login())
    assert (await transport.run(host, "echo fine", deadline=60)).out == b"fine\n"
