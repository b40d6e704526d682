import re
import tomllib
from pathlib import Path

import pytest

from console.config.load import load_file
from console.config.schema import known_keys
from console.model.balancer import Balancer
from console.model.configured_checks import HealthCheck
from console.model.host import Ssh
from console.model.strategy import Rolling

EXAMPLE = Path(__file__).parents[2] / "hosts.toml.example"

USERS_NAMES = re.compile(
    r"(?<=^environments\.)(?:production|staging)|(?<=^app\.commands\.)jobs|(?<=\.metrics\.)queue|(?<=\.variables\.)[A-Z_]+|(?<=\]\.form\.)\w+|(?<=\]\.headers\.)\w+|(?<=\]\.capture\.)\w+|(?<=\.errors\.)status"
)

SEVERAL_APPS = re.compile(r"^apps|^environments\.\*\.apps")
SHOWN_ELSEWHERE = re.compile(
    r"^environments\.\*\.(commands|hooks|variables)"  # the forms of [app]
    r"|^app\.commands\..*\.(run|run_as|timeout|cancel|retries)$|^app\.commands\.\*"  # the table's form at install
    r"|^environments\.\*\.(health|checks|critical)\[\]\.command\.(cancel|retries)$"  # not used there
    r"|^environments\.\*\.(database|balancer\[\])\..*\.(run|run_as|timeout|cancel|retries)$"
    r"|\.metrics\.[\w*]+\.(query|counter|errors|histogram|quantile)"  # a metric's form
    r"|\.(balancer\[\]|database)\.host\."  # a host's form at hosts
)


def uncommented() -> str:
    return re.sub(r"^#(?! |$)(.*)$", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("#  {", "  {")


def keys_of(value: object, path: str = "") -> set[str]:
    if isinstance(value, list):
        return {key for element in value for key in keys_of(element, f"{path}[]")}
    if not isinstance(value, dict) or set(value) <= {"env", "command", "file"} or path.endswith("steps[].json"):
        return set()
    found: set[str] = set()
    for name, element in value.items():
        here = f"{path}.{name}".removeprefix(".")
        found |= {here} | keys_of(element, here)
    return found


@pytest.fixture(scope="module")
def text() -> str:
    return uncommented()


def test_the_example_loads_as_it_stands() -> None:
    config = load_file(str(EXAMPLE))
    assert len(config.environment("production").hosts) == 12
    assert config.not_yet() == ()
    assert config.warnings == ()


def test_the_example_loads_with_every_key(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(text, encoding="utf-8")
    config = load_file(str(file))
    assert config.warnings == ()
    environment = config.environment("production")
    assert [check.kind for check in environment.health] == ["http", "tcp", "command", "redis", "redis", "prometheus"]
    assert [check.kind for check in environment.checks] == ["github", "http", "tcp", "command", "postgres", "prometheus", "manual"]
    assert environment.limit_rate == environment.ssh.jump_limit_rate == 20 * 1024**2
    assert environment.journal == "postgresql+psycopg://deploy@db01/deploy"
    expected = {"app.artifact", "environments.production.confirm_within"}
    assert [(path.name, path.kind, len(path.steps)) for path in environment.critical] == [
        ("Login", "command", 0),
        ("Sign in", "http", 5),
        ("Payment", "manual", 0),
    ]
    assert [balancer.kind for balancer in environment.balancers] == ["haproxy", "nginx", "command"]
    assert expected <= {problem.key for problem in config.not_yet()}


def test_the_example_has_every_key_of_the_schema_and_no_other(text: str) -> None:
    seen = {USERS_NAMES.sub("*", key) for key in keys_of(tomllib.loads(text))}
    known = {key for key in known_keys() if not SEVERAL_APPS.search(key)}
    assert seen - known == set()
    assert {key for key in known - seen if not SHOWN_ELSEWHERE.search(key)} == set()


def test_the_example_says_the_defaults(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(text, encoding="utf-8")
    shown, default = (load_file(str(path)).environment("production") for path in (file, EXAMPLE))
    same = ("keep", "branches", "release_tags", "protected", "closed", "strategy", "metrics_interval", "monitor", "path")
    assert {name: getattr(shown, name) for name in same} == {name: getattr(default, name) for name in same}
    assert shown.rolling == Rolling()
    assert (shown.ssh.connect_timeout, shown.ssh.keepalive) == (Ssh().connect_timeout, Ssh().keepalive)
    http, plain = shown.health[0], HealthCheck("x", "http")
    timing = ("expect_status", "interval", "timeout", "passes", "deadline", "on")
    assert {name: getattr(http, name) for name in timing} == {name: getattr(plain, name) for name in timing}
    assert (shown.commands["install"].timeout, shown.hooks[0].command.timeout) == (120, 120)
    haproxy, nginx, _ = shown.balancers
    bare = Balancer("nginx")
    assert (haproxy.drain_timeout, haproxy.on_drain_timeout, haproxy.maintenance) == (bare.drain_timeout, bare.on_drain_timeout, bare.maintenance)
    assert (nginx.test, nginx.reload, nginx.pid) == (bare.test, bare.reload, bare.pid)
    assert shown.build is not None
    assert shown.build.timeout == 900
