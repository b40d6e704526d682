"""How hosts are reached: where `ssh` by hand gets in, the console does, and where it does not the console says why. Real sshd, real agent, both asked."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.adapters.host_inspection import HostScout
from console.adapters.ssh import read_once
from console.adapters.ssh.host_keys import KnownHosts
from console.adapters.ssh.pool import SshTransport
from console.adapters.ssh.trust import Shown, scan
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from console.ports.hosts import Reached, Unreached
from tests.adapters.reset_once import resetting
from tests.adapters.test_transport_contract import host_of, ssh_of, transport_of
from tests.fleet import Fleet, missing
from tests.fleet.fleet import make_key
from tests.reserved import free_port

pytestmark = pytest.mark.real
BASE = "Host web01\n  HostName {address}\n  Port {port}\n  User {user}\n  UserKnownHostsFile {known}\n"
KEY = BASE + "  IdentityFile {good}\n"
AGENT = "agent"


@dataclass(frozen=True)
class Case:
    """A configuration, what the agent holds (none: there is no agent), and whether one gets in."""

    text: str
    agent: tuple[str, ...] | None = None
    says: str = ""
    """What the console's message has to name; empty: one gets in."""


CASES = {
    "alias": Case(KEY),
    "equals signs and quotes": Case('Host="web01"\nHostName={address}\nPort={port}\nUser={user}\nUserKnownHostsFile={known}\nIdentityFile="{good}"\n'),
    "patterns": Case("Host web*\n  IdentityFile {good}\nHost * !web02\n" + BASE.partition("\n")[2]),
    "include": Case("Include {tmp}/more/*.conf\n"),
    "tokens": Case(BASE + "  IdentityFile {tmp}/%n-%h-%p-%r.key\n"),
    "agent alone": Case(BASE, ("good",)),
    "agent beside an old key": Case(BASE + "  IdentityFile {bad}\n", ("good",)),
    "public key picks from a full agent": Case(
        BASE + "  IdentityFile {good}.pub\n  IdentitiesOnly yes\n", ("bad", "bad2", "bad3", "bad4", "bad5", "bad6", "good")
    ),
    "key picks from a full agent": Case(BASE + "  IdentityFile {good}\n", ("bad", "bad2", "bad3", "bad4", "bad5", "bad6", "good")),
    "public key of a private one that is not here": Case(BASE + "  IdentityFile {tmp}/away\n  IdentitiesOnly yes\n", ("good",)),
    "only the named one, which is wrong": Case(BASE + "  IdentityFile {bad}\n  IdentitiesOnly yes\n", ("good",), "refused the login"),
    "full agent": Case(BASE, ("bad", "bad2", "bad3", "bad4", "bad5", "bad6", "good"), "MaxAuthTries"),
    "identity agent": Case(BASE + "  IdentityAgent {tmp}/named-agent\n", ()),
    "no agent by name": Case(BASE + "  IdentityAgent none\n", ("good",), "refused the login"),
    "open to others, in the agent too": Case(BASE + "  IdentityFile {open}\n", ("good",)),
    "open to others": Case(BASE + "  IdentityFile {open}\n", None, "can be read by others"),
    "open to others, and a good one": Case(KEY + "  IdentityFile {open}\n"),
    "passphrase, in the agent": Case(BASE + "  IdentityFile {locked}\n  IdentitiesOnly yes\n", ("good",)),
    "passphrase": Case(BASE + "  IdentityFile {locked}\n", None, "passphrase"),
    "missing": Case(BASE + "  IdentityFile {tmp}/none\n", None, "refused the login"),
    "rubbish": Case(BASE + "  IdentityFile {rubbish}\n  IdentityFile {good}\n"),
    "rsa in pem": Case(BASE + "  IdentityFile {rsa}\n"),
    "ecdsa in pkcs8": Case(BASE + "  IdentityFile {ecdsa}\n"),
    "certificate beside it": Case(BASE + "  IdentityFile {certified}\n"),
    "certificate by name": Case(BASE + "  IdentityFile {bad2}\n  CertificateFile {certified}-cert.pub\n  IdentityFile {certified2}\n"),
    "certificate for an agent's key": Case(BASE + "  IdentityFile {certified}.pub\n  CertificateFile {certified}-cert.pub\n", ("certified",)),
    "lines that change nothing": Case(
        KEY + "  ControlMaster auto\n  ControlPath {tmp}/%C\n  ControlPersist 5\n  AddKeysToAgent yes\n  SendEnv LANG LC_*\n  GSSAPIAuthentication yes\n"
        "  GSSAPIDelegateCredentials no\n  CheckHostIP yes\n  ForwardAgent yes\n  ServerAliveInterval 5\n  Compression yes\n  RequestTTY no\n  HashKnownHosts yes\n"
        "  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n  VisualHostKey yes\n  AddressFamily inet\n"
    ),
    "match": Case("Match originalhost web01\n" + KEY.partition("\n")[2]),
    "match user": Case("Match originalhost web01\n  User {user}\nMatch user {user}\n" + KEY.partition("\n")[2]),
    "match, and the word later": Case(KEY + "Match host *.example.net\n  RemoteCommand exec fish\n# Match exec true\nMatch host exec\n  User exec\n"),
    "match exec for others": Case(
        KEY + 'Match originalhost db* exec "touch {tmp}/ran"\n  User nobody\nMatch user somebody originalhost web01 exec "touch {tmp}/ran"\n'
    ),
    "known by another name": Case(KEY.replace("{known}", "{aliased}") + "  HostKeyAlias shop-web\n"),
    "hashed": Case(KEY.replace("{known}", "{hashed}")),
    "authority": Case(KEY.replace("{known}", "{authority}")),
    "revoked": Case(KEY.replace("{known}", "{revoked}"), None, "revoked"),
    "unknown": Case(KEY.replace("{known}", "{tmp}/none"), None, "is not known"),
    "jump": Case(KEY + "  ProxyJump {user}@{gate}:{port}\n" + "Host {gate}\n  IdentityFile {good}\n  UserKnownHostsFile {known}\n"),
    "jump by name": Case(KEY + "  ProxyJump gate\n" + KEY.replace("web01", "gate").replace("{address}", "{gate}")),
    "chain": Case(
        KEY
        + "  ProxyJump gate,web02\n"
        + KEY.replace("web01", "gate").replace("{address}", "{gate}")
        + KEY.replace("web01", "web02").replace("{address}", "{second}")
    ),
    "jump of a jump": Case(
        KEY
        + "  ProxyJump web02\n"
        + KEY.replace("web01", "gate").replace("{address}", "{gate}")
        + KEY.replace("web01", "web02").replace("{address}", "{second}")
        + "  ProxyJump gate\n"
    ),
    "jump for all": Case(KEY + KEY.replace("web01", "gate").replace("{address}", "{gate}") + "Host * !gate\n  ProxyJump gate\n"),
    "jump to nowhere": Case(KEY + "  ProxyJump {user}@{gate}:1\n", None, "through"),
    "wrong user": Case(KEY.replace("{user}", "nobody"), None, "refused the login of nobody"),
    "wrong port": Case(KEY.replace("{port}", "1"), None, "refused"),
    "wrong name": Case(KEY.replace("{address}", "nowhere.invalid"), None, "nowhere.invalid is not known"),
    "no such keyword": Case(KEY + "  Nonsense yes\n", None, "Bad configuration option"),
    "version six": Case(KEY.replace("{address}", "::1").replace("{port}", "{six}")),
    "old cipher": Case(KEY.replace("{port}", "2299") + "  Ciphers +aes256-cbc\n"),
    "no common cipher": Case(KEY.replace("{port}", "2299"), None, "no algorithm"),
}


def run(*argv: str, **more: object) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, **more).stdout  # type: ignore[call-overload,no-any-return]


def make_keys(folder: Path, fleet: Fleet) -> dict[str, str]:
    """Keys of many kinds, and the names that the configurations have for them."""
    paths = {name: str(folder / name) for name in ("good", "open", "locked", "rsa", "ecdsa", "rubbish", "certified", "certified2", "ca", "hostca")}
    paths |= {name: str(folder / name) for name in ("bad", "bad2", "bad3", "bad4", "bad5", "bad6")}
    (folder / "good").write_bytes(fleet.user_key.private)
    (folder / "good").chmod(0o600)
    (folder / "good.pub").write_text(fleet.user_key.public + "\n")
    (folder / "away.pub").write_text(fleet.user_key.public + "\n")
    for name in ("open", "locked", "certified2"):
        (folder / name).write_bytes((folder / "good").read_bytes())
        (folder / name).chmod(0o600)
    run("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", paths["locked"])
    for name in ("bad", "bad2", "bad3", "bad4", "bad5", "bad6", "certified", "ca", "hostca"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", paths[name])
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", paths["rsa"])
    run("ssh-keygen", "-q", "-t", "ecdsa", "-m", "PKCS8", "-N", "", "-f", paths["ecdsa"])
    (folder / "rubbish").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnot a key\n-----END OPENSSH PRIVATE KEY-----\n")
    (folder / "rubbish").chmod(0o600)
    run("ssh-keygen", "-q", "-s", paths["ca"], "-I", "deploy", "-n", fleet.user, f"{paths['certified']}.pub")
    (folder / "certified2").write_bytes((folder / "certified").read_bytes())
    (folder / "open").chmod(0o644)
    return paths


def make_known_hosts(folder: Path, fleet: Fleet, paths: dict[str, str]) -> dict[str, str]:
    machine = fleet["web01"]
    where = f"[{machine.address}]:{machine.port}"
    files = {
        "aliased": "".join(line for line in fleet.known_hosts.read_text().splitlines(True) if where not in line) + f"shop-web {machine.key.public}\n",
        "hashed": fleet.known_hosts.read_text(),
        "authority": f"@cert-authority [127.*]:* {Path(paths['hostca'] + '.pub').read_text()}",
        "revoked": f"@revoked * {machine.key.public}\n{machine.known_hosts_line}\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    run("ssh-keygen", "-H", "-f", str(folder / "hashed"))
    return {name: str(folder / name) for name in files}


@dataclass
class Place:
    """Three hosts, keys, and the words that the configurations are filled with."""

    fleet: Fleet
    folder: Path
    words: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("ways")
    extra = "TrustedUserCAKeys /etc/ssh/ca.pub\nHostCertificate /etc/ssh/host_key-cert.pub\nMaxAuthTries 6"
    fleet = Fleet(3, folder / "fleet", sshd_extra=extra)
    paths = make_keys(folder, fleet)
    for machine in fleet.hosts.values():
        machine.files.mkdir(parents=True, exist_ok=True)
        (machine.files / "ca.pub").write_text(Path(paths["ca"] + ".pub").read_text())
        (machine.files / "host_key.pub").write_text(machine.key.public + "\n")
        run("ssh-keygen", "-q", "-s", paths["hostca"], "-I", machine.name, "-h", "-n", machine.address, str(machine.files / "host_key.pub"))
    with fleet:
        machine = fleet["web01"]
        others = "".join(Path(f"{paths[name]}.pub").read_text() for name in ("rsa", "ecdsa"))
        fleet.exec_in("web01", f"cat >> /etc/ssh/authorized_keys <<'END'\n{others}END")
        old = "sed 's/^Port.*/Port 2299/' /etc/ssh/sshd_config > /etc/ssh/old; echo 'Ciphers aes256-cbc' >> /etc/ssh/old; /usr/sbin/sshd -f /etc/ssh/old"
        fleet.exec_in("web01", old)
        six_port = free_port()  # ::1 is every suite's
        six = f"sed 's/^Port.*/Port {six_port}/; s/^ListenAddress.*/ListenAddress ::1/' /etc/ssh/sshd_config > /etc/ssh/six; /usr/sbin/sshd -f /etc/ssh/six"
        fleet.exec_in("web01", six)
        known = folder / "known"
        known.write_text(fleet.known_hosts.read_text() + f"[{machine.address}]:2299,[::1]:{six_port} {machine.key.public}\n")
        words = {"address": machine.address, "port": str(machine.port), "user": machine.user, "six": str(six_port), "known": str(known), "tmp": str(folder),
                 "gate": fleet["web03"].address, "second": fleet["web02"].address, **paths, **make_known_hosts(folder, fleet, paths)}  # fmt: skip
        (folder / f"web01-{machine.address}-{machine.port}-{machine.user}.key").write_bytes(Path(paths["good"]).read_bytes())
        (folder / f"web01-{machine.address}-{machine.port}-{machine.user}.key").chmod(0o600)
        (folder / "more").mkdir()
        (folder / "more" / "shop.conf").write_text(KEY.format(**words))
        yield Place(fleet, folder, words)


@pytest.fixture
def agents(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, tuple[str, ...]], None]]:
    """Start an agent at that socket, with those keys."""
    started: list[subprocess.Popen[bytes]] = []

    def start(socket: str, keys: tuple[str, ...]) -> None:
        Path(socket).unlink(missing_ok=True)
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(agent)
        while not Path(socket).exists():
            assert agent.poll() is None
        for key in keys:
            copy = place.folder / "for-agent"
            copy.write_bytes(Path(place.words[key]).read_bytes())
            copy.chmod(0o600)
            run("ssh-add", "-q", str(copy), env={**os.environ, "SSH_AUTH_SOCK": socket})

    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield start
    for agent in started:
        agent.kill()
        agent.wait(60)


@pytest.mark.parametrize("name", CASES)
async def test_who_gets_in_by_hand_gets_in(
    place: Place, agents: Callable[[str, tuple[str, ...]], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    case = CASES[name]
    if case.agent is not None:
        agents(str(tmp_path / "agent"), case.agent)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    if "named-agent" in case.text:
        agents(str(place.folder / "named-agent"), ("good",))
    monkeypatch.setenv("HOME", str(tmp_path))
    config = tmp_path / "config"
    config.write_text(case.text.format(**place.words))
    by_hand = subprocess.run(
        ["ssh", "-F", str(config), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-n", "web01", "true"], capture_output=True, check=False
    )
    (place.folder / "ran").unlink(missing_ok=True)
    transport = SshTransport(Ssh(connect_timeout=5.0), (), "production", config=config)
    try:
        reached = await transport.connect(Host("web01"))
    finally:
        await transport.close()
    assert not (place.folder / "ran").exists()
    said = "" if isinstance(reached, Reached) else f"{reached.message} -- {reached.hint}"
    assert ((by_hand.returncode == 0), isinstance(reached, Reached)) == (not case.says, not case.says), (by_hand.stderr.decode(), said)
    assert case.says in said, said


@pytest.mark.parametrize("line", ["ProxyCommand ssh -W %h:%p gate", "ProxyCommand ssh -q -W [%h]:%p -o BatchMode=yes gate", "ProxyCommand /usr/bin/nc %h %p"])
async def test_a_proxy_command_that_is_a_jump_is_one(place: Place, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    config = tmp_path / "config"
    config.write_text((KEY + f"  {line}\n" + KEY.replace("web01", "gate").replace("{address}", "{gate}")).format(**place.words))
    for host, jumps in ((Host("web01"), ()), (Host("web01", jump="gate"), (Host("gate"),))):
        transport = SshTransport(Ssh(connect_timeout=5.0), jumps, "production", config=config)
        reached = await transport.connect(host)
        await transport.close()
        if "nc" in line and not host.jump:
            assert isinstance(reached, Unreached)
            assert "ProxyCommand, which is not run: /usr/bin/nc" in reached.message
            assert 'jump = "HOST"' in reached.hint
        else:
            assert isinstance(reached, Reached), reached


async def test_match_exec_is_not_run_and_names_its_line(place: Place, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f'Match host web* exec "touch {tmp_path}/ran"\n  User bob\n' + KEY.format(**place.words))
    transport = SshTransport(Ssh(connect_timeout=5.0), (), "production", config=config)
    reached = await transport.connect(Host("web01"))
    await transport.close()
    assert isinstance(reached, Unreached)
    assert f"Match host web* exec touch {tmp_path}/ran" in reached.message
    assert not (tmp_path / "ran").exists()


async def test_a_host_that_has_a_key_of_another_kind_only_has_changed_its_key(own_fleet: Fleet) -> None:
    own_fleet.exec_in("web01", "rm /etc/ssh/host_key; ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/host_key; kill -HUP 1")
    own_fleet.await_shown_key("web01", "rsa")
    shown = own_fleet.exec_in("web01", "ssh-keygen -lf /etc/ssh/host_key.pub").split()[1]
    transport, host = transport_of(own_fleet), host_of(own_fleet)
    reached = await transport.connect(host)
    await transport.close()
    assert isinstance(reached, Unreached)
    assert (reached.kind, own_fleet["web01"].key.fingerprint in reached.message, shown in reached.message) == ("changed-key", True, True), reached
    assert "ssh-keygen" in reached.hint


@pytest.mark.parametrize("resets", [1, 3])
async def test_a_changed_key_is_told_from_a_connection_that_is_reset(fleet: Fleet, tmp_path: Path, resets: int) -> None:
    run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(tmp_path / "key"))
    async with resetting(fleet["web01"].address, fleet["web01"].port, resets) as port:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {(tmp_path / 'key.pub').read_text()}")
        transport = SshTransport(ssh_of(fleet, known_hosts=(str(known),)), (), "production", config=Path("/nonexistent/config"))
        reached = await transport.connect(Host("web01", "127.0.0.1", port, fleet["web01"].user))
        await transport.close()
    assert isinstance(reached, Unreached)
    assert (reached.kind, fleet["web01"].key.fingerprint in reached.message) == ("changed-key", True), reached


def with_a_second_key(fleet: Fleet, kind: str) -> str:
    """Give web01 a host key of that kind beside its own, and return its public part."""
    fleet.exec_in("web01", f"ssh-keygen -q -t {kind} -N '' -f /etc/ssh/second; echo HostKey /etc/ssh/second >> /etc/ssh/sshd_config; kill -HUP 1")
    fleet.await_shown_key("web01", kind, kind)
    return " ".join(fleet.exec_in("web01", "cat /etc/ssh/second.pub").split()[:2])


@pytest.mark.parametrize(("second", "is_known"), [("rsa", False), ("ecdsa", True)])
async def test_a_connection_that_is_reset_has_not_changed_its_key_where_the_host_has_two(own_fleet: Fleet, tmp_path: Path, second: str, is_known: bool) -> None:
    """asyncssh asks for RSA first, and for ECDSA last, whatever is known."""
    public, machine = with_a_second_key(own_fleet, second), own_fleet["web01"]
    public = public if is_known else machine.key.public
    async with resetting(machine.address, machine.port, 1) as port:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{port} {public}\n")
        transport = SshTransport(ssh_of(own_fleet, known_hosts=(str(known),)), (), "production", config=Path("/nonexistent/config"))
        reached = await transport.connect(Host("web01", "127.0.0.1", port, machine.user))
        await transport.close()
    assert isinstance(reached, Reached), reached


async def test_a_key_that_is_known_is_the_one_that_is_shown_for_trust(own_fleet: Fleet, tmp_path: Path) -> None:
    public, machine = with_a_second_key(own_fleet, "ecdsa"), own_fleet["web01"]
    known = tmp_path / "known_hosts"
    known.write_text(f"[{machine.address}]:{machine.port} {public}\n")
    shown = await scan(host_of(own_fleet), ssh_of(own_fleet, known_hosts=(str(known),)))
    assert isinstance(shown, Shown)
    assert (shown.is_changed, shown.fingerprint in shown.known) == (False, True), shown


async def test_a_key_file_that_was_open_to_others_is_used_once_it_is_closed(fleet: Fleet, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(fleet.user_key.private)
    key.chmod(0o644)
    transport, host = transport_of(fleet, identity=str(key)), host_of(fleet)
    refused = await transport.connect(host)
    assert isinstance(refused, Unreached)
    assert "chmod 600" in refused.hint
    key.chmod(0o600)
    await asyncio.sleep(read_once.FRESH)
    assert isinstance(await transport.connect(host), Reached)
    await transport.close()


async def test_known_hosts_that_could_not_be_read_are_read_once_they_can_be(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"web01 {make_key().public}\n")
    known.chmod(0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "read_text", _denied)  # root reads whatever the mode says
        keys = KnownHosts((str(known),))
    assert keys.fingerprints("web01", 22) == ()
    known.chmod(0o600)
    assert keys.refresh()
    assert len(keys.fingerprints("web01", 22)) == 1


def _denied(*_: object, **__: object) -> str:
    raise PermissionError


@pytest.mark.parametrize("agent", ["gone", "silent"])
async def test_an_agent_that_does_not_answer_is_named_where_the_login_is_refused(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:  # fmt: skip
    monkeypatch.setattr("console.adapters.ssh.identity.PATIENCE", 0.1)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    listening = socket.socket(socket.AF_UNIX)
    if agent == "silent":
        listening.bind(str(tmp_path / "agent"))
        listening.listen()
    transport = transport_of(fleet, identity="")
    refused = await transport.connect(host_of(fleet))
    await transport.close()
    listening.close()
    assert isinstance(refused, Unreached)
    assert (refused.kind, f"the agent at {tmp_path}/agent" in refused.message) == ("login", True), refused


async def test_a_key_that_is_not_known_any_more_is_seen_on_a_warm_link(own_fleet: Fleet) -> None:
    transport, host = SshTransport(ssh_of(own_fleet), (), "production", config=Path("/nonexistent/config")), host_of(own_fleet)
    environment = Environment("shop", "production", "/srv/shop", (host,))
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem == ""
    connected = own_fleet.log("web01").count("Accepted publickey")
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem == ""
    assert own_fleet.log("web01").count("Accepted publickey") == connected
    kept = own_fleet.known_hosts.read_text()
    own_fleet.known_hosts.write_text(kept.replace(own_fleet["web01"].known_hosts_line, ""))
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem_kind == "unknown-key"
    own_fleet.known_hosts.write_text(kept)
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem == ""
    await transport.close()


async def test_a_look_that_a_person_asks_for_tries_a_login_that_was_refused_before(own_fleet: Fleet) -> None:
    transport, host = SshTransport(ssh_of(own_fleet), (), "production", config=Path("/nonexistent/config")), host_of(own_fleet)
    environment = Environment("shop", "production", "/srv/shop", (host,))
    own_fleet.exec_in("web01", "mv /etc/ssh/authorized_keys /etc/ssh/away")
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem_kind == "login"
    own_fleet.exec_in("web01", "mv /etc/ssh/away /etc/ssh/authorized_keys")
    assert (await HostScout(transport).look(environment, host, deadline=60)).problem_kind == "login"
    assert (await HostScout(transport).examine(environment, host, deadline=60)).problem == ""
    await transport.close()
