"""Balancers of the file: what each kind needs, what is refused before anything is asked, and what becomes of it."""

from pathlib import Path

import pytest

from console.config.load import load_file
from console.errors import UsageFault
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.host_commands import Command

HEAD = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = [{ name = "web01", tags = ["web"] }, "lb01"]\n'
HAPROXY = 'kind = "haproxy"\nsocket = "/run/haproxy/admin.sock"\nbackend = "shop"\n'
NGINX = 'kind = "nginx"\nfile = "/etc/nginx/up/shop.conf"\nupstream = "shop"\n'
COMMAND = 'kind = "command"\ndrain = "lb out {server}"\nrestore = "lb in {server}"\nstate = "lb state {server}"\n'


@pytest.fixture
def load(tmp_path: Path):
    def loaded(*texts, head=HEAD):
        tables = "\n".join(f"[[environments.production.balancer]]\n{text}" for text in texts)
        (tmp_path / "hosts.toml").write_text(f"{head}{tables}\n")
        return load_file(str(tmp_path / "hosts.toml")).environment("production")

    return loaded


def refused(load, *texts, head=HEAD):
    with pytest.raises(UsageFault) as caught:
        load(*texts, head=head)
    (problem,) = caught.value.problems
    assert problem.line > 5
    return f"{problem.key.removeprefix('environments.production.')}: {problem.message} ({problem.hint})"


def test_each_kind_has_its_keys_and_its_defaults(load):
    haproxy, nginx, command = load(f'{HAPROXY}host = "lb01"', f'{NGINX}host = "root@lb02:2222"', COMMAND).balancers
    assert haproxy == Balancer("haproxy", Host("lb01"), socket="/run/haproxy/admin.sock", backend="shop")
    assert (haproxy.drain_timeout, haproxy.on_drain_timeout, haproxy.maintenance, haproxy.tags) == (30.0, "pause", False, ())
    assert nginx == Balancer("nginx", Host("lb02", port=2222, user="root"), file="/etc/nginx/up/shop.conf", upstream="shop")
    assert (nginx.test, nginx.reload, nginx.pid, nginx.flag) == ("nginx -t", "nginx -s reload", "/run/nginx.pid", "")
    assert command.drain == Command("lb out {server}", timeout=30.0)
    assert [one.name for one in (haproxy, nginx, command)] == ["lb01/shop", "lb02/shop", "localhost/command"]


def test_what_the_file_says_comes_before_the_defaults(load):
    text = f'{HAPROXY}host = {{ name = "lb", address = "10.0.0.2" }}\ndrain_timeout = "2m"\non_drain_timeout = "proceed"\nmaintenance = true\ntags = ["web"]'
    (balancer,) = load(text).balancers
    assert balancer.host == Host("lb", address="10.0.0.2")
    assert (balancer.drain_timeout, balancer.on_drain_timeout, balancer.maintenance) == (120.0, "proceed", True)
    assert [host.name for host in balancer.served(load(text).hosts)] == ["web01"]


@pytest.mark.parametrize("text", ["", 'host = "localhost"', 'host = { name = "here", address = "localhost" }'])
def test_this_machine_needs_no_host(load, text):
    assert load(HAPROXY + text).balancers[0].host is None


WRONG = [
    ('socket = "/x"', "balancer[0].kind: missing; it is required"),
    ('kind = "haprox"', 'expected one of haproxy, nginx, command; found "haprox" (did you mean haproxy?)'),
    ('kind = "haproxy"\nsocket = "/x"', "balancer[0].backend: missing; it is required"),
    ('kind = "nginx"\nfile = "/x"', "balancer[0].upstream: missing; it is required"),
    ('kind = "command"\ndrain = "x"\nrestore = "y"', "balancer[0].state: missing; it is required"),
    (f'{HAPROXY}upstream = "shop"', "balancer[0].upstream: a balancer of the kind haproxy has no such key"),
    (f'{HAPROXY}soket = "x"', "balancer[0].soket: unknown key (did you mean socket?)"),
    ('kind = "haproxy"\nsocket = "run/x"\nbackend = "b"', "balancer[0].socket: expected an absolute path"),
    ('kind = "haproxy"\nsocket = "/run/x"\nbackend = "b; shutdown"', "balancer[0].backend: expected a name of letters, digits, . _ : -"),
    (f'{HAPROXY}host = "lb[01-02]"', "balancer[0].host: expected one host"),
    (f'{HAPROXY}tags = ["wbe"]', "balancer[0].tags: no host has the tag wbe (did you mean web?)"),
    (f'{HAPROXY}drain_timeout = 30', "balancer[0].drain_timeout: expected a duration"),
    (f"{COMMAND}maintenance = true", "balancer[0].maintenance: a balancer of the kind command has no maintenance page"),
    (COMMAND.replace("lb out {server}", "lb out {release}"), "balancer[0].drain: unknown placeholder {release}"),
    (COMMAND.replace('"lb out {server}"', '{ timeout = "1s" }'), "balancer[0].drain: has no run"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_place(load, text, words):
    assert words in refused(load, text)


def test_two_tables_of_one_balancer_and_two_hosts_of_one_server_are_refused(load):
    assert "balancer[1]: a second balancer is localhost/shop" in refused(load, HAPROXY, HAPROXY)
    head = HEAD.replace('"lb01"', '{ name = "web02", server = "web01" }')
    assert "balancer[0]: web01 and web02 are both the server web01" in refused(load, HAPROXY, head=head)
