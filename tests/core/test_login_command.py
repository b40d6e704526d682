"""The way of a person to a host: what hosts.toml says of it, with its key checked, as one argv."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.host.login_command import visit
from console.errors import UsageFault
from console.model.fleet import Environment, Host, Ssh


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
