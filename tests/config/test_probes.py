"""Checks and health checks of the file: what each kind needs, what is refused before anything is asked, and what becomes of it."""

from pathlib import Path

import pytest

from console.config.load import load_file
from console.errors import UsageFault
from console.model.configured_checks import CheckSpec
from console.model.host_commands import Command
from console.model.secret import SecretRef

HEAD = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = ["web01"]\n'


@pytest.fixture
def load(tmp_path: Path):
    def loaded(text, table="checks"):
        (tmp_path / "hosts.toml").write_text(f"{HEAD}[[environments.production.{table}]]\n{text}\n")
        return load_file(str(tmp_path / "hosts.toml")).environment("production")

    return loaded


def refused(load, text, table="checks"):
    with pytest.raises(UsageFault) as caught:
        load(text, table)
    (problem,) = caught.value.problems
    assert problem.line > 5
    return f"{problem.key}: {problem.message} ({problem.hint})"


def test_a_check_has_its_defaults_and_its_secrets_have_names(load, tmp_path):
    environment = load('name = "CI"\nkind = "gitlab"\nrepository = "acme/shop"\ntoken = { file = "token" }\ncontexts = ["test*"]')
    token = SecretRef("file", str(tmp_path / "token"))
    assert environment.checks == (CheckSpec("CI", "gitlab", repository="acme/shop", token=token, contexts=("test*",)),)
    assert (environment.checks[0].on, environment.checks[0].blocking, environment.checks[0].timeout) == ("console", True, 30.0)
    assert environment.secret_references() == {"check CI token": token}


def test_a_health_check_s_url_may_be_a_secret(load):
    environment = load('kind = "postgres"\nurl = { env = "DB" }\nquery = "select 1"', "health")
    assert environment.health[0].name == "postgres select 1"
    assert environment.secret_references() == {"health postgres select 1 url": SecretRef("env", "DB")}


def test_a_command_is_asked_where_it_says(load):
    (check,) = load('name = "Stock"\nkind = "command"\ncommand = "bin/stock {host} {version}"\non = "web01"').checks
    assert (check.command, check.on) == (Command("bin/stock {host} {version}"), "web01")


@pytest.mark.parametrize(("text", "words"), [
    ('kind = "manual"\nprompt = "x"', "name: missing"),
    ('name = "a=b"\nkind = "manual"\nprompt = "x"', "without ="),
    ('name = "Reach"\nkind = "manual"\nprompt = "x"', "that no built-in check has"),
    ('name = "x"\nkind = "manual"', "prompt: missing"),
    ('name = "x"\nkind = "manuel"\nprompt = "x"', "did you mean manual?"),
    ('name = "x"\nkind = "github"\nrepository = "a/b"\nquery = "x"', "has no such key"),
    ('name = "x"\nkind = "postgres"\nurl = "mysql://db"', "begins with postgresql://"),
    ('name = "x"\nkind = "prometheus"\nurl = "http://p"\nquery = "up"', "neither above nor below"),
    ('name = "x"\nkind = "tcp"\nport = 1', "address: missing"),
    ('name = "x"\nkind = "http"\nurl = "http://{address}/"', 'is asked from the console (on = "host")'),
    ('name = "x"\nkind = "command"\ncommand = "a {previous}"\non = "host"', "not known before the release"),
    ('name = "x"\nkind = "tcp"\nport = 1\non = "web02"', "host, console, or the name of a host"),
])  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_asked(load, text, words):
    assert words in refused(load, text)


def test_two_checks_of_one_name_are_refused(load):
    text = 'name = "x"\nkind = "manual"\nprompt = "x"\n'
    assert "a second check is named x" in refused(load, f"{text}[[environments.production.checks]]\n{text}")


def test_a_problem_never_shows_a_password(load):
    assert "hunter2" not in refused(load, 'name = "x"\nkind = "redis"\nurl = "http://:hunter2@cache"')


@pytest.mark.parametrize(("table", "more"), [("checks", 'name = "c"\n'), ("health", ""), ("critical", 'name = "c"\n')])
@pytest.mark.parametrize("command", ["{}", '{ timeout = "5s" }'])
def test_a_command_that_runs_nothing_is_no_check(load, table: str, more: str, command: str):
    assert "command.run: missing; it is required" in refused(load, f'{more}kind = "command"\ncommand = {command}', table)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1" + "0" * 400], ids=["nan", "inf", "-inf", "huge"])
def test_a_bound_is_a_number_that_can_be_compared_with(load, value: str):
    said = refused(load, f'name = "q"\nkind = "redis"\nurl = "redis://p"\nquery = "LLEN jobs"\nbelow = {value}')
    assert "below: expected a number" in said


@pytest.mark.parametrize("text", ['kind = "redis"\nurl = " "\nquery = "PING"', 'kind = "github"\nrepository = "a/b"\ntoken = ""'])
def test_an_empty_address_or_token_is_refused(load, text: str):
    assert "expected text, not empty" in refused(load, f'name = "q"\n{text}')
