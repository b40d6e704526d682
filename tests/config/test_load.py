from pathlib import Path

import pytest

from console.config.file_place import find_file
from console.config.load import ConfigFile, digest, load_file
from console.errors import Problem, UsageFault
from console.exit_codes import Exit
from console.model.application_metrics import QueriedMetric
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_commands import Command
from console.model.number_of_hosts import NumberOfHosts
from console.model.secret import SecretRef

APP = """
[app]
name = "shop"
path = "/srv/shop"
[app.commands]
restart = "systemctl restart shop"
"""
MINIMAL = f'{APP}[environments.production]\nhosts = ["deploy@web[01-12].example.net"]\n'
STAGING = f'{APP}[environments.staging]\nhosts = ["web01", "web02"]\n'


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> str:
        path = tmp_path / "hosts.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return _write


@pytest.fixture
def load(write):
    return lambda text: load_file(write(text))


@pytest.fixture
def problems(write):
    def _problems(text: str) -> tuple[Problem, ...]:
        with pytest.raises(UsageFault) as caught:
            load_file(write(text))
        assert caught.value.exit is Exit.USAGE
        return caught.value.problems

    return _problems


def only(config: ConfigFile) -> Environment:
    return config.environment()


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_smallest_file_that_deploys(load, tmp_path: Path) -> None:
    config = load(MINIMAL)
    environment = config.environment("production")
    assert [host.name for host in environment.hosts][::11] == ["web01.example.net", "web12.example.net"]
    assert len(environment.hosts) == 12
    assert {host.user for host in environment.hosts} == {"deploy"}
    assert environment.command(environment.hosts[0], "restart") == Command("systemctl restart shop")
    assert (environment.app, environment.path, environment.keep) == ("shop", "/srv/shop", 5)
    assert environment.repository == str(tmp_path)
    assert environment.file == str(tmp_path / "hosts.toml")
    assert environment.rolling.batch == (NumberOfHosts(count=1),)
    assert config.not_yet() == ()
    assert config.warnings == ()


def test_production_is_protected_and_closed_on_fridays_unless_it_says_otherwise(load) -> None:
    assert (only(load(MINIMAL)).protected, only(load(MINIMAL)).closed) == (True, ("fri",))
    assert (only(load(STAGING)).protected, only(load(STAGING)).closed) == (False, ())
    open_ = only(load(f"{MINIMAL}protected = false\n"))
    assert (open_.protected, open_.closed) == (False, ())
    assert only(load(f"{STAGING}protected = true\n")).closed == ("fri",)
    assert only(load(f"{MINIMAL}closed = []\n")).closed == ()


def test_which_environment_and_which_application(load) -> None:
    two = load(f'default_environment = "b"\n{APP}[environments.a]\nhosts = ["x"]\n[environments.b]\nhosts = ["y"]\n')
    assert (two.environment_names, two.default_environment, two.environment().name) == (("a", "b"), "b", "b")
    assert load(STAGING).default_environment == "staging"
    unnamed = load(f'{APP}[environments.aa]\nhosts = ["x"]\n[environments.bb]\nhosts = ["y"]\n')
    assert unnamed.default_environment == ""
    with pytest.raises(UsageFault, match="which environment"):
        unnamed.environment()
    with pytest.raises(UsageFault) as caught:
        load(STAGING).environment("stagin")
    assert caught.value.hint == "did you mean staging?"
    with pytest.raises(UsageFault, match="no application"):
        load(STAGING).environment("staging", "shap")


def test_hosts_in_all_their_notations(load) -> None:
    hosts = only(load(f"""{APP}[environments.e]
hosts = [
  "web[01-02,07].x[a-b]", "ada@plain:2222",
  {{ name = "bob@job01:23", address = "10.0.0.9", port = 2222, tags = ["jobs"], jump = "gate", color = "blue", server = "s1" }},
  {{ name = "six", address = "fd00::1", user = "root" }}, {{ name = "n[1,3]", tags = ["n"] }}, "localhost",
]
""")).hosts  # fmt: skip
    assert [host.name for host in hosts[:6]] == ["web01.xa", "web01.xb", "web02.xa", "web02.xb", "web07.xa", "web07.xb"]
    assert hosts[6] == Host("plain", port=2222, user="ada")
    assert hosts[7] == Host("job01", "10.0.0.9", 2222, "bob", ("jobs",), "gate", "blue", "s1")
    assert hosts[8] == Host("six", "fd00::1", user="root")
    assert [host.name for host in hosts[9:]] == ["n1", "n3", "localhost"]
    assert hosts[10].tags == ("n",)
    assert [host.is_local for host in hosts[9:]] == [False, False, True]


@pytest.mark.parametrize(
    "host",
    ['"web[3-1]"', '"::1"', '"web:0"', '"web:70000"', '"-oProxyCommand=x"', '"wéb"', '"a b"', '""', '"@web"', '"we;b"', "5",
     '{ address = "x" }', '{ name = "w[1-2]", address = "10.0.0.1" }', '{ name = "w", port = 0 }', '{ name = "w", address = "a b" }',
     '{ name = "w", user = "-x" }', '{ name = "w", jump = "w" }', '{ name = "w", jump = "-x" }', '{ name = "w", color = "red" }'],
)  # fmt: skip
def test_hosts_that_are_refused(problems, host: str) -> None:
    text = f"{APP}[environments.e]\nhosts = [{host}]\n"
    found = problems(text)
    assert all(problem.line == line_of(text, "hosts =") for problem in found)
    assert all(problem.key.startswith("environments.e.hosts") for problem in found)


def test_the_same_host_twice_is_an_error(problems) -> None:
    (problem,) = problems(f'{APP}[environments.e]\nhosts = ["web[01-03]", "web02"]\n')
    assert (problem.key, "web02 stands here twice" in problem.message) == ("environments.e.hosts[1]", True)


@pytest.mark.parametrize("hosts", [
    '{ name = "a", address = "10.0.0.9" }, { name = "b", address = "10.0.0.9", user = "ops" }', '"10.0.0.9", { name = "b", address = "10.0.0.9" }',
])  # fmt: skip
def test_one_machine_under_two_names_is_the_same_host_twice(problems, hosts: str) -> None:
    (problem,) = problems(f"{APP}[environments.e]\nhosts = [{hosts}]\n")
    assert (problem.key, "b is " in problem.message, "10.0.0.9" in problem.message) == ("environments.e.hosts[1]", True, True)


@pytest.mark.parametrize("more", ["port = 2222", 'jump = "gate"'])
def test_one_address_behind_another_port_or_jump_host_is_another_machine(load, more: str) -> None:
    hosts = f'{{ name = "a", address = "10.0.0.9" }}, {{ name = "b", address = "10.0.0.9", {more} }}'
    assert len(only(load(f"{APP}[environments.e]\nhosts = [{hosts}]\n")).hosts) == 2


def test_all_problems_come_at_once_with_place_expectation_and_nearest_name(problems, tmp_path: Path) -> None:
    text = """[app]
name = "shop"
path = "srv/shop"
repositry = "."
[app.commands]
restart = "systemctl restart {hots}"
restrat = "x"
[environments.production]
hosts = ["web01"]
timezone = "Europe/Berln"
[environments.production.rolling]
batch = "0%"
pause = 30
[[environments.production.health]]
kind = "http"
[[environments.production.health]]
kind = "tcp"
port = 80
urls = "x"
[envronments.staging]
"""
    found = problems(text)
    seen = {problem.key: problem for problem in found}
    assert [problem.line for problem in found] == sorted(problem.line for problem in found)
    assert {problem.file for problem in found} == {str(tmp_path / "hosts.toml")}
    for key, line, said, hint in (
        ("app.path", 3, 'expected an absolute path on the hosts, such as /srv/shop; found "srv/shop"', ""),
        ("app.repositry", 4, "unknown key", "did you mean repository?"),
        ("app.commands.restart", 6, "unknown placeholder {hots}", "did you mean {host}?"),
        ("app.commands.restrat", 7, "unknown command", "did you mean restart?"),
        ("environments.production.timezone", 10, "did you mean Europe/Berlin?", ""),
        ("environments.production.rolling.batch", 12, 'a count from 1, or a share from "1%" to "100%"; found "0%"', ""),
        ("environments.production.rolling.pause", 13, "expected a duration", ""),
        ("environments.production.health[0].url", 14, "missing", ""),
        ("environments.production.health[1].urls", 19, "unknown key", ""),
        ("envronments", 20, "unknown key", "did you mean environments?"),
    ):
        assert (seen[key].line, said in seen[key].message) == (line, True), seen[key]
        assert hint in seen[key].hint
    assert len(found) == 10


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", "environments", "missing"),
        ("[environments.e]\nhosts=['x']\n", "app", "missing"),
        (f"{APP}[environments.e]\n", "environments.e.hosts", "missing"),
        (f"{APP}[environments.e]\nhosts = []\n", "environments.e.hosts", "at least one"),
        (f"{APP}[environments]\n", "environments", "at least one"),
        ("[app]\npath='/x'\n[environments.e]\nhosts=['x']\n", "app.name", "missing"),
        ("[app]\nname='x'\n[environments.e]\nhosts=['x']\n", "app.path", "missing"),
        (f"{APP}[environments.rollback]\nhosts = ['x']\n", "environments.rollback", "not a command's"),
        (f"default_environment = 'x'\n{STAGING}", "default_environment", "unknown environment"),
        (f"{STAGING}closed = ['friday']\n", "environments.staging.closed[0]", "a day such as"),
        (f"{STAGING}path = '/srv/../etc'\n", "environments.staging.path", "absolute path"),
        (f"{STAGING}shared = ['/etc']\n", "environments.staging.shared[0]", "inside the release"),
        (f"{STAGING}shared = ['storage/', 'storage/app/']\n", "environments.staging.shared[1]", "lies in storage/"),
        (f"{STAGING}shared = ['config/key', 'log/', 'config/']\n", "environments.staging.shared[2]", "config/key lies in config/"),
        (f"{STAGING}shared = ['a/', 'a']\n", "environments.staging.shared[1]", "a is a/ again"),
        (f"{STAGING}shared = ['a//b']\n", "environments.staging.shared[0]", "without //"),
        (f"{STAGING}shared = ['./a/']\n", "environments.staging.shared[0]", "without . and .."),
        (f"{STAGING}shared = ['.deploy-manifest']\n", "environments.staging.shared[0]", "the console's own"),
        (f"{STAGING}keep = true\n", "environments.staging.keep", "whole number"),
        (f"{STAGING}strategy = 'roling'\n", "environments.staging.strategy", "one of rolling"),
        (f"{STAGING}[environments.staging.ssh]\nknown_hosts = '/dev/null'\n", "environments.staging.ssh.known_hosts", "always checked"),
        (f"{STAGING}[environments.staging.variables]\nA = 5\n", "environments.staging.variables.A", "text in quotes"),
        (f"{STAGING}[environments.staging.variables]\n'A-B' = 'x'\n", 'environments.staging.variables.A-B', "letters, digits and _"),
        (f"{STAGING}[environments.staging.variables]\nDEPLOY_HOST = 'x'\n", 'environments.staging.variables.DEPLOY_HOST', "another name"),
        (f"{STAGING}[environments.staging.variables]\nA = {{ envv = 'x' }}\n", "environments.staging.variables.A.envv", "unknown key"),
        (f"{STAGING}[environments.staging.variables]\nA = {{ env = 'x', file = 'y' }}\n", "environments.staging.variables.A", "just one"),
        (f"{STAGING}[environments.staging.apps.shop]\nkeep = 3\n", "environments.staging.apps", "one application only"),
        (f"{STAGING}[[environments.staging.health]]\nkind='tcp'\nport=1\ntags=['wbe']\n", "environments.staging.health[0].tags", "tag wbe"),
        (f"{STAGING}[[environments.staging.health]]\nkind='tcp'\nport=1\non='web1'\n", "environments.staging.health[0].on", "name of a host"),
        (f"{STAGING}[[environments.staging.health]]\nkind='tcp'\nport=1\nurl='http://x'\n", "environments.staging.health[0].url", "no such key"),
        (f"{STAGING}[[environments.staging.health]]\nkind='http'\nurl='ftp://x'\n", "environments.staging.health[0].url", "http://"),
        (f"{STAGING}[[environments.staging.health]]\nkind='http'\nurl='http://x'\nexpect_status=99\n",
         "environments.staging.health[0].expect_status", "status code"),
        (f"{STAGING}[[environments.staging.hooks]]\nat='after swich'\nrun='x'\n", "environments.staging.hooks[0].at", "one of before release"),
        (f"{STAGING}[environments.staging.commands]\nstop = {{ timeout = '1m' }}\n", "environments.staging.commands.stop", "has no run"),
        (f"{STAGING}[access]\noperators = ['a b']\n", "access.operators[0]", "@name"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(problems, text: str, key: str, said: str) -> None:
    found = [problem for problem in problems(text) if problem.key == key]
    assert len(found) == 1
    assert said in found[0].message


def test_two_health_checks_of_one_name_are_refused(problems) -> None:
    check = "[[environments.staging.health]]\nname='up'\nkind='tcp'\nport=1\n"
    assert "named up" in problems(f"{STAGING}{check}{check}")[0].message


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = \n", 2), ("[app\n", 1), ("x = 'abc", 1)])
def test_what_is_no_toml_says_on_which_line(problems, text: str, line: int) -> None:
    (problem,) = problems(text)
    assert (problem.line, problem.message.startswith("not TOML")) == (line, True)


@pytest.mark.parametrize(("text", "line"), [("a = 1\na = 2\n", 2), ("[a]\n[b]\n[a]\n", 3), ("a = { b = 1, b = 2 }\n", 1), ("a = 1\n[a]\n", 2)])
def test_what_stands_there_twice_is_told_as_that(problems, text: str, line: int) -> None:
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (line, "a key or a table stands here for the second time")


def test_a_file_without_an_end_is_not_read_for_ever() -> None:
    with pytest.raises(UsageFault, match="larger than 16 MiB"):
        load_file("/dev/zero")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"a = '\xff'")
    for name, said in (("none.toml", "no such file"), ("bytes.toml", "not UTF-8"), (".", "cannot be read")):
        with pytest.raises(UsageFault, match=said):
            load_file(str(tmp_path / name))


def test_placeholders_are_told_from_other_braces(load, problems) -> None:
    fine = "echo {host} ${HOME} ${home} {a,b} '{\"k\": 1}' {} awk {A}"
    config = load(f'{STAGING}[environments.staging.commands]\ninstall = """{fine}"""\n')
    assert only(config).commands["install"].run == fine
    assert "{print}" in problems(f"{STAGING}[environments.staging.commands]\ninstall = \"awk '{{print}}'\"\n")[0].message


def test_an_environment_stands_over_the_application_key_by_key(load) -> None:
    environment = only(load("""
[app]
name = "shop"
path = "/srv/shop"
keep = 7
shared = ["log/"]
[app.commands]
restart = { run = "restart", run_as = "root", timeout = "3m" }
install = "bin/install"
[app.commands.jobs]
restart = "restart-jobs"
[app.variables]
A = "1"
B = { env = "B" }
[[app.hooks]]
at = "after switch"
run = "first"
[environments.e]
hosts = ["web", { name = "job", tags = ["jobs"] }]
path = "/opt/shop/"
shared = []
[environments.e.commands]
restart = { timeout = "10s" }
[environments.e.commands.jobs]
restart = { retries = 2 }
[environments.e.variables]
B = "plain"
C = { file = "secret" }
[[environments.e.hooks]]
at = "before host"
run = "second"
tags = ["jobs"]
"""))  # fmt: skip
    web, job = environment.hosts
    assert (environment.path, environment.keep, environment.shared) == ("/opt/shop", 7, ())
    assert environment.command(web, "restart") == Command("restart", "root", 10.0)
    assert environment.command(job, "restart") == Command("restart-jobs", "root", 10.0, retries=2)
    assert environment.command(job, "install") == Command("bin/install")
    assert environment.variables["A"] == "1"
    assert environment.variables["B"] == "plain"
    secret = environment.variables["C"]
    assert isinstance(secret, SecretRef)
    assert secret == SecretRef("file", str(Path(environment.file).parent / "secret"))
    assert [(hook.command.run, hook.tags) for hook in environment.hooks] == [("first", ()), ("second", ("jobs",))]


def test_two_tags_that_give_one_host_the_same_key_are_refused(problems) -> None:
    text = f"""{APP}[app.commands.a]
restart = "x"
[app.commands.b]
restart = {{ run = "y" }}
[environments.e]
hosts = [{{ name = "h", tags = ["a", "b"] }}]
"""
    (problem,) = problems(text)
    assert (problem.key, problem.line) == ("app.commands.b.restart", line_of(text, '"y"'))
    assert "the tags a and b both give h its restart" in problem.message


def test_a_tag_without_hosts_and_hosts_without_restart_are_warned_of(load) -> None:
    config = load("[app]\nname='s'\npath='/s'\n[app.commands.wbe]\nrestart='x'\n[environments.e]\nhosts=[{name='h', tags=['web']}]\n")
    assert [warning.message.partition(":")[0] for warning in config.warnings] == ["no host has the tag wbe", "no restart for h in e"]


def test_a_pipe_in_a_build_is_warned_of(load) -> None:
    config = load(f"{STAGING}[app.build]\ncommand = 'make | tee log || true'\n")
    (warning,) = config.warnings
    assert (warning.key, "pipefail" in warning.message) == ("app.build.command", True)
    assert load(f"{STAGING}[app.build]\ncommand = 'make || true'\n").warnings == ()


SEVERAL = """
[apps.api]
path = "/srv/api"
[apps.api.commands]
restart = "a"
[apps.web]
path = "/srv/web"
[apps.web.commands]
restart = "w"
[environments.e]
hosts = ["h"]
[environments.e.apps.web]
path = "/opt/web"
"""


def test_several_applications(load) -> None:
    config = load(SEVERAL)
    assert config.app_names == ("api", "web")
    assert config.environment("e", "api").path == "/srv/api"
    assert config.environment("e", "web").path == "/opt/web"
    with pytest.raises(UsageFault) as caught:
        config.environment("e")
    assert caught.value.hint == "--app api|web"


def test_several_applications_keep_their_overrides_apart(problems) -> None:
    found = problems(f"{SEVERAL}[environments.e.apps.wbe]\n[environments.f]\nhosts=['x']\nkeep=2\n[apps.web.build]\ncommand='x'\nnme=1\n")
    assert {problem.key for problem in found} == {"environments.e.apps.wbe", "environments.f.keep", "apps.web.build.nme"}


def test_paths_start_at_the_file_and_at_home(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    text = STAGING.replace('path = "/srv/shop"', 'path = "/srv/shop"\nrepository = "../src"')
    ssh = only(load(f"{text}[environments.staging.ssh]\nidentity = '~/.ssh/deploy'\nknown_hosts = ['keys', '~/k']\n")).ssh
    assert ssh.identity == "/home/ada/.ssh/deploy"
    assert ssh.known_hosts == (str(tmp_path / "keys"), "/home/ada/k")
    assert only(load(text)).repository == str(tmp_path.parent / "src")
    for url in ("https://git.example.net/shop.git", "git@example.net:acme/shop.git", "ssh://x/y"):
        assert only(load(text.replace("../src", url))).repository == url


def test_jump_hosts_are_named_as_hosts_name_them(load) -> None:
    environment = only(load(f"""{APP}[environments.e]
hosts = [{{ name = "a", jump = "ada@gate.example.net:2222" }}, {{ name = "b", jump = "gate" }}, {{ name = "gate", address = "10.0.0.1", user = "g" }}]
[environments.e.ssh]
jump = "other"
jump_limit_rate = "20MiB"
"""))  # fmt: skip
    assert environment.ssh.jump_limit_rate == 20 << 20
    assert {jump.name: (jump.address, jump.port, jump.user) for jump in environment.jumps} == {
        "ada@gate.example.net:2222": ("gate.example.net", 2222, "ada"),
        "gate": ("10.0.0.1", 0, "g"),
        "other": ("other", 0, ""),
    }


def test_health_checks_with_their_defaults(load) -> None:
    health = only(load(f"""{STAGING}
[[environments.staging.health]]
kind = "http"
url = "http://{{address}}:8080/healthz"
expect_status = [200, "3xx"]
[[environments.staging.health]]
name = "db"
kind = "tcp"
port = 5432
interval = "500ms"
[[environments.staging.health]]
name = "own"
kind = "command"
command = {{ run = "bin/ok", timeout = "3s" }}
on = "console"
""")).health  # fmt: skip
    assert health[0].name == "http http://{address}:8080/healthz"
    assert health[0].expect_status == ((200, 200), (300, 399))
    assert (health[0].passes, health[0].deadline, health[0].timeout) == (3, 180.0, 5.0)
    assert (health[1].address, health[1].port, health[1].interval) == ("localhost", 5432, 0.5)
    assert health[2].command == Command("bin/ok", timeout=3.0)


def test_rolling_in_all_its_forms(load) -> None:
    rolling = only(load(f"""{STAGING}[environments.staging.rolling]
batch = [1, "25%"]
pause_after = 2
max_failures = 3
pause = "1m30s"
on_failure = "pause"
""")).rolling  # fmt: skip
    assert rolling.batch == (NumberOfHosts(count=1), NumberOfHosts(share=0.25))
    assert (rolling.pause_after, rolling.max_failures, rolling.pause, rolling.on_failure) == (2, 3, 90.0, "pause")
    assert only(load(f"{STAGING}[environments.staging.rolling]\nbatch = '50%'\n")).rolling.batch == (NumberOfHosts(share=0.5),)


def test_what_is_still_to_come_is_named_for_its_environment_alone(load) -> None:
    config = load(f"""{APP}
[environments.staging]
hosts = ["a"]
confirm_within = "30s"
[[environments.staging.balancer]]
kind = "haproxy"
socket = "/run/x"
backend = "b"
[environments.other]
hosts = {{ command = "./inventory" }}
""")
    assert {problem.key.removeprefix("environments.staging.") for problem in config.not_yet("staging")} == {
        "confirm_within",
    }  # fmt: skip
    assert {problem.key for problem in config.not_yet("other")} == {"environments.other.hosts"}
    assert all(problem.line and "not yet" in problem.message for problem in config.not_yet("staging"))
    assert config.environment("staging").health == ()


def test_what_is_taken_silently(load) -> None:
    config = load(f"""{APP}[state]
keep = "180d"
size = "4GiB"
[environments.e]
hosts = ["a"]
frame = "red"
strategy = "rolling"
[environments.e.notify]
to = [{{ env = "PAGER" }}]
[environments.e.ticket]
close = "x"
[environments.e.metrics]
interval = "2s"
prometheus = {{ env = "PROMETHEUS_URL" }}
queue = {{ query = "sum(x)" }}
""")
    assert config.not_yet("e") == ()
    assert only(config).metrics_interval == 2.0
    assert only(config).metrics.queries == (QueriedMetric("queue", "sum(x)"),)
    assert only(config).secret_references()["metrics.prometheus"] == SecretRef("env", "PROMETHEUS_URL")


@pytest.mark.parametrize(
    ("close", "found"),
    [
        ('"bin/close {version} {commit} {release} {run} {env}"', "bin/close {version} {commit} {release} {run} {env}"),
        ('{ env = "CLOSE" }', SecretRef("env", "CLOSE")),
        ('"bin/close {host}"', "unknown placeholder {host}"),
        ('""', "expected a command or a URL, not empty"),
    ],
)
def test_a_ticket_is_closed_by_a_command_or_a_url(load, problems, close: str, found: object) -> None:
    text = f"{APP}[environments.e]\nhosts = ['a']\n[environments.e.ticket]\nclose = {close}\n"
    if isinstance(found, str) and not found.startswith("bin"):
        assert [found in problem.message for problem in problems(text)] == [True]
        return
    ticket = only(load(text)).ticket
    assert ticket is not None
    assert ticket.close == found


def test_the_digest_follows_the_meaning_not_the_text(load, write) -> None:
    one = digest(only(load(STAGING)))
    assert digest(only(load(f"# comment\n{STAGING}\nkeep = 5\n"))) == one
    assert digest(only(load(f"{STAGING}keep = 6\n"))) != one
    two = digest(only(load(f"{STAGING}[environments.staging.variables]\nA='1'\nB='2'\n")))
    assert digest(only(load(f"{STAGING}[environments.staging.variables]\nB='2'\nA='1'\n"))) == two


def test_where_the_file_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "hosts.toml").write_text("")
    assert find_file(None, {}, str(inner)) == str(tmp_path / "hosts.toml")
    (inner / "hosts.toml").mkdir()
    assert find_file(None, {}, str(inner)) == str(tmp_path / "hosts.toml")
    assert find_file(None, {"DEPLOY_CONFIG": "x.toml"}, str(inner)) == str(inner / "x.toml")
    assert find_file("y.toml", {"DEPLOY_CONFIG": "x.toml"}, str(inner)) == str(inner / "y.toml")
    assert find_file(None, {}, "/proc/self") is None


def test_a_required_environment_is_one_of_the_file(load) -> None:
    staging = '[environments.staging]\nhosts = ["a"]\n'
    config = load(f'{APP}{staging}[environments.production]\nhosts = ["b"]\nrequires = "staging"\nrequires_within = "2h"\n')
    production = config.environment("production")
    assert (production.requires, production.requires_within) == ("staging", 7200.0)
    with pytest.raises(UsageFault) as fault:
        load(f'{APP}{staging}[environments.production]\nhosts = ["b"]\nrequires = "stagin"\n')
    assert "staging" in str(fault.value.problems[0])
    with pytest.raises(UsageFault, match="cannot require itself"):
        load(f'{APP}[environments.staging]\nhosts = ["a"]\nrequires = "staging"\n')


def test_freezes_are_days_or_moments_and_end_after_they_begin(load) -> None:
    freezes = '[[environments.staging.freezes]]\nfrom = 2026-12-20\nto = 2027-01-03\nreason = "year\'s end"\n'
    found = only(load(f"{STAGING}{freezes}")).freezes
    assert [(freeze.start, freeze.end, freeze.reason) for freeze in found] == [("2026-12-20", "2027-01-03", "year's end")]
    with pytest.raises(UsageFault, match="before it begins"):
        load(f"{STAGING}[[environments.staging.freezes]]\nfrom = 2026-12-20\nto = 2026-12-19\n")


def test_a_release_without_files_has_nothing_that_is_built_or_copied(problems) -> None:
    told = problems("""[app]
name = "shop"
path = "/srv/shop"
ship = "none"
reuse = ["node_modules/"]
[app.build]
command = "make"
[app.commands]
restart = "systemctl restart shop"
[environments.staging]
hosts = ["web01"]
""")
    assert {problem.key for problem in told} == {"app.build", "app.reuse"}


@pytest.mark.parametrize(("text", "said"), [
    ('announce]\nto = [""]', "announce.to[0]: expected text, not empty"),
    ('notify]\nto = ["mailto://a@b.c", "ops@example.net"]', "notify.to[1]: expected the address of a channel"),
    ('notify]\nto = ["https://hooks.example.net/x", "foo://x"]', "notify.to[1]: expected the address of a channel, and Apprise has no service of that scheme"),
    ('announce]\nto = ["slak://x"]', "announce.to[0]: expected the address of a channel, and Apprise has no service of that scheme"),
    ('announce]\nto = []\nrequired = true', "announce.to: is empty, and GO waits"),
    ('database]\nkind = "postgres"\nurl = ""', "database.url: expected text, not empty"),
    ('monitor]\nwindow = "9999999d"', 'monitor.window: expected a duration such as "90s"'),
])  # fmt: skip
def test_a_channel_a_url_and_a_time_that_can_be_none_are_refused(problems, text: str, said: str) -> None:
    found = problems(f"{STAGING}[environments.staging.{text}\n")
    assert [said in str(problem) for problem in found] == [True]
    assert "ops@example.net" not in str(found[0])


def test_channels_by_their_addresses_or_from_elsewhere(load) -> None:
    announced = only(load(f'{STAGING}[environments.staging.announce]\nto = ["https://hooks.example.net/x", {{ env = "SLACK_URL" }}]\n')).announce
    assert announced is not None
    assert len(announced.to) == 2
    assert only(load(f"{STAGING}[environments.staging.announce]\nto = []\n")).announce is None


def test_no_tag_bears_the_name_of_a_command(problems) -> None:
    (problem,) = problems(f'{APP}[environments.staging]\nhosts = [{{ name = "web01", tags = ["web", "restart"] }}]\n')
    assert problem.key == "environments.staging.hosts[0].tags[1]"
    assert problem.message == 'expected a name that is not a command\'s; found "restart"'


def test_what_is_shown_of_the_file_acts_on_no_terminal(problems) -> None:
    (problem,) = problems(f'{APP}[environments.staging]\nhosts = ["web[01-02\\u001b[31m"]\n')
    assert "\x1b" not in problem.message
