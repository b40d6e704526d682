"""The way of a person to a host: what hosts.toml says of it, with its key checked, as one argv."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.login_command import visit
from console.errors import UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh


def an_environment(host: Host, ssh: Ssh | None = None, path: str = "/srv/shop", jumps: tuple[Host, ...] = ()) -> Environment:
    return Environment("shop", "production", path, (host,), ssh=ssh or Ssh(), jumps=jumps)


def option(argv: tuple[str, ...], name: str) -> str:
    return next(word.partition("=")[2] for word in argv if word.startswith(f"{name}="))


def test_everything_that_the_file_says_of_the_way_is_in_it():
    host = Host("web07", "10.0.0.7", 2207)
    argv = visit(an_environment(host, Ssh(user="deploy", identity="/keys/id", known_hosts=("/a b/known", "/c"))), host)
    assert argv[0] == "ssh"
    assert option(argv, "StrictHostKeyChecking") == "yes"
    assert option(argv, "UserKnownHostsFile") == '"/a b/known" /c'
    words = " ".join(argv)
    assert "-l deploy -p 2207 -i /keys/id" in words
    assert argv[-3:-1] == ("--", "10.0.0.7")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_whatever_the_path_is_it_stays_one_word(path):
    host = Host("web01", "10.0.0.1")
    environment = an_environment(host, path="/" + path)
    assert shlex.split(visit(environment, host)[-1])[:2] == ["cd", f"{environment.path_on(host)}/current"]


def test_a_jump_host_is_a_way_of_its_own_with_its_key_checked():
    host = Host("web01", "10.0.0.1", jump="gate")
    argv = visit(an_environment(host, Ssh(user="deploy", known_hosts=("/known",)), jumps=(Host("gate", "gate.example.org", 2222, "ada"),)), host)
    inner = shlex.split(option(argv, "ProxyCommand"))
    assert inner[0] == "ssh"
    assert option(tuple(inner), "StrictHostKeyChecking") == "yes"
    assert "-l ada -p 2222" in " ".join(inner)
    assert inner[-4:] == ["-W", "[%h]:%p", "--", "gate.example.org"]


def test_the_machine_itself_needs_no_ssh():
    host = Host("here", "localhost")
    assert visit(an_environment(host), host)[:2] == ("sh", "-c")


@pytest.mark.parametrize("host", [Host("a", "-oProxyCommand=x"), Host("a", "10.0.0.1", jump="no way at all"), Host("a", "10.0.0.1", jump="-oProxyCommand=x")])
def test_what_ssh_would_read_otherwise_is_refused(host):
    with pytest.raises(UsageFault):
        visit(an_environment(host), host)


def test_a_jump_that_comes_back_to_itself_is_refused():
    host = Host("a", "10.0.0.1", jump="b")
    with pytest.raises(UsageFault, match="itself"):
        visit(an_environment(host, jumps=(Host("b", "10.0.0.2", jump="a"),)), host)


CHECKED = ["ssh", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", "-o", "ConnectTimeout=10"]
THERE = 'cd /srv/shop/current && exec "${SHELL:-/bin/sh}" -l'


@pytest.mark.parametrize(
    ("host", "ssh", "words"),
    [
        (Host("web01"), Ssh(), ["-t", "--", "web01"]),
        (Host("web01", "10.0.0.1"), Ssh(), ["-t", "--", "10.0.0.1"]),
        (Host("web01", "[fe80::1]"), Ssh(), ["-t", "--", "fe80::1"]),
        (Host("web01", user="ada"), Ssh(user="deploy"), ["-l", "ada", "-t", "--", "web01"]),
        (Host("web01"), Ssh(user="deploy"), ["-l", "deploy", "-t", "--", "web01"]),
        (Host("web01"), Ssh(port=2200), ["-p", "2200", "-t", "--", "web01"]),
        (Host("web01", port=22), Ssh(port=2200), ["-p", "22", "-t", "--", "web01"]),
        (Host("web01"), Ssh(identity="/my keys/id"), ["-i", "/my keys/id", "-o", "IdentitiesOnly=yes", "-t", "--", "web01"]),
        (Host("web01"), Ssh(known_hosts=("/a b", "/c")), ["-o", 'UserKnownHostsFile="/a b" /c', "-o", "GlobalKnownHostsFile=/dev/null", "-t", "--", "web01"]),
        (Host("web01", jump="web01"), Ssh(), ["-t", "--", "web01"]),
    ],
    ids=["bare", "address", "IPv6", "its own user", "a user", "a port", "its own port", "a key", "known hosts", "itself as jump"],
)
def test_each_thing_that_the_file_says_is_an_option(host: Host, ssh: Ssh, words: list[str]):
    assert list(login(host, ssh)) == [*CHECKED, *words, THERE]


def login(host: Host, ssh: Ssh | None = None, jumps: tuple[Host, ...] = ()) -> tuple[str, ...]:
    return visit(an_environment(host, ssh, jumps=jumps), host)


@pytest.mark.parametrize(("seconds", "shown"), [(10.0, 10), (2.6, 3), (0.2, 1), (0.0, 1), (90, 90)])
def test_a_connection_has_a_limit_of_whole_seconds(seconds: float, shown: int):
    assert option(login(Host("web01"), Ssh(connect_timeout=seconds)), "ConnectTimeout") == str(shown)


def hops(argv: tuple[str, ...]) -> list[list[str]]:
    """The words of each way through a jump host, outermost first."""
    found = []
    while any(word.startswith("ProxyCommand=") for word in argv):
        argv = tuple(word.replace("%%", "%") for word in shlex.split(option(argv, "ProxyCommand")))
        found.append([word for word in argv[len(CHECKED) :] if not word.startswith("ProxyCommand=")])
    return found


END = ["-W", "[%h]:%p", "--"]


@pytest.mark.parametrize(
    ("host", "ssh", "jumps", "ways"),
    [
        (Host("a", jump="far"), Ssh(), (), [[*END, "far"]]),
        (Host("a", jump="ada@far:2222"), Ssh(), (), [["-l", "ada", "-p", "2222", *END, "far"]]),
        (Host("a", jump="[::1]:22"), Ssh(), (), [["-p", "22", *END, "::1"]]),
        (Host("a"), Ssh(jump="far"), (), [[*END, "far"]]),
        (Host("a", jump="near"), Ssh(jump="far"), (), [[*END, "near"]]),
        (Host("a", jump="far"), Ssh(user="deploy", port=2200), (), [["-l", "deploy", *END, "far"]]),
        (Host("a", jump="gate"), Ssh(), (Host("gate", "9.9.9.9", 23, "lin"),), [["-l", "lin", "-p", "23", *END, "9.9.9.9"]]),
        (Host("a", jump="gate"), Ssh(), (Host("gate", jump="outer"),), [[*END, "gate"], [*END, "outer"]]),
        (Host("a", jump="one,two"), Ssh(), (), [[*END, "two"], [*END, "one"]]),
        (Host("a", jump="one, ada@two:7"), Ssh(), (), [["-l", "ada", "-p", "7", *END, "two"], [*END, "one"]]),
        (Host("a", jump="gate"), Ssh(jump="gate"), (Host("gate"),), [[*END, "gate"]]),
    ],
    ids=["a name", "all of it", "IPv6", "for all", "its own", "user for all", "of the file", "of the file through another", "two", "two, written out", "not through itself"],
)  # fmt: skip
def test_a_jump_host_is_a_way_with_its_own_options(host: Host, ssh: Ssh, jumps: tuple[Host, ...], ways: list[list[str]]):
    assert [[word for word in way if word != "-o"] for way in hops(login(host, ssh, jumps))] == ways


def test_the_key_of_every_host_on_the_way_is_checked():
    argv = login(Host("a", jump="gate"), Ssh(known_hosts=("/known",)), (Host("gate", jump="outer"), Host("outer")))
    for _ in range(3):
        assert option(argv, "StrictHostKeyChecking") == "yes"
        assert option(argv, "UserKnownHostsFile") == "/known"
        assert option(argv, "GlobalKnownHostsFile") == "/dev/null"
        argv = tuple(shlex.split(option(argv, "ProxyCommand"))) if any(word.startswith("ProxyCommand=") for word in argv) else argv


def test_a_percent_sign_reaches_ssh_as_it_is():
    inner = shlex.split(option(login(Host("a", jump="gate"), Ssh(identity="/keys/50%"), (Host("gate"),)), "ProxyCommand"))
    assert "/keys/50%%" in inner
    assert "[%h]:%p" in inner


@pytest.mark.parametrize(
    ("host", "jumps", "words"),
    [
        (Host("a", "-x"), (), "-x is no address"), (Host("-x"), (), "-x is no address"), (Host("a", jump="gate"), (Host("gate", "-x"),), "-x is no address"),
        (Host("a", jump="no way"), (), "the jump host 'no way' is not written as [user@]NAME[:port]"), (Host("a", jump="far:ssh"), (), "the jump host 'far:ssh' is not"),
        (Host("a", jump="far:123456"), (), "the jump host 'far:123456' is not"), (Host("a", jump="one,,"), (), "the jump host '' is not"), (Host("a", jump="::1"), (), "the jump host '::1' is not"),
        (Host("a", jump="b"), (Host("b", jump="c"), Host("c", jump="b")), "b is reached through itself"), (Host("a", jump="b"), (Host("b", jump="a"),), "a is reached through itself"),
    ],
)  # fmt: skip
def test_a_way_that_cannot_be_written_down_is_refused_with_its_name(host: Host, jumps: tuple[Host, ...], words: str):
    with pytest.raises(UsageFault) as fault:
        login(host, None, jumps)
    assert fault.value.message.startswith(words)
    assert "hosts.toml" in fault.value.hint


def test_this_machine_is_a_shell_in_its_live_release():
    host = Host("here", "localhost")
    assert login(host) == ("sh", "-c", THERE)
    assert visit(an_environment(host, path="/srv/my shop"), host)[2].startswith("cd '/srv/my shop/current' && exec ")
