"""The keys that say where the record of runs is, and whose runs are meant: read alone, as commands that only read it do, and with the whole file."""

import pytest

from console.config.load import load_file
from console.config.record_keys import app_of_file, journal_of_file
from console.core.secrets.needed import needs_of
from console.errors import UsageFault
from console.model.configured_environment import JOURNAL
from console.model.secret import SecretRef

FILE = """
[app]
name = "shop"
path = "/srv/shop"
[environments.production]
hosts = ["web01"]
"""
URL = "postgresql+psycopg://deploy@db01/deploy"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", ""),
        (f'journal = "{URL}"', URL),
        ('journal = "postgresql://db01/deploy"', "postgresql://db01/deploy"),
        ('journal = { env = "JOURNAL" }', SecretRef("env", "JOURNAL")),
        ('journal = { command = "pass show journal" }', SecretRef("command", "pass show journal")),
        ('journal = { file = "journal.url" }', "file"),
    ],
)
def test_the_key_alone_says_what_the_whole_file_says(tmp_path, key, expected):
    path = tmp_path / "hosts.toml"
    path.write_text(f"{key}\n{FILE}")
    expected = SecretRef("file", str(tmp_path / "journal.url")) if expected == "file" else expected
    environment = load_file(str(path)).environment("production")
    assert journal_of_file(str(path)) == environment.journal == expected
    is_secret = isinstance(expected, SecretRef)
    assert (JOURNAL in environment.secret_references()) is is_secret
    for purpose in ("deploy", "rollback", "maintenance", "catch-up", "exec", None):
        assert (JOURNAL in needs_of(environment, purpose).needed) is is_secret


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("journal = 5", "expected text in quotes, or a table with env, command or file"),
        ('journal = "mysql://db01/deploy"', "expected a URL that begins with postgresql"),
        ('journal = { env = "A", file = "b" }', "expected just one of env, command, file"),
        ('journal = { vault = "A" }', "unknown key"),
        ("journal = ", "not TOML"),
    ],
)
def test_what_names_no_record_is_a_problem_with_its_line_and_no_other_record_is_read(tmp_path, key, said):
    path = tmp_path / "hosts.toml"
    path.write_text(f"{key}\n{FILE}")
    with pytest.raises(UsageFault) as whole:
        load_file(str(path))
    assert said in str(whole.value.problems[0])
    assert whole.value.problems[0].line == 1
    if "mysql" in key:  # it is text, and the database's own address says what is wrong with it
        assert journal_of_file(str(path)) == "mysql://db01/deploy"
        return
    with pytest.raises(UsageFault) as alone:
        journal_of_file(str(path))
    assert alone.value.problems == whole.value.problems


@pytest.mark.parametrize(
    ("text", "app"),
    [
        (FILE, "shop"), ("[apps.api]\n[apps.web]\n", ""), ("[apps.api]\n", "api"), ("nonsense = = [", ""), ("app = 5\n", ""), ("[app]\nname = 5\n", ""),
        ("apps = 5\n", ""), ("", ""),
    ],
)  # fmt: skip
def test_whose_runs_are_meant_is_told_by_a_file_of_one_application(tmp_path, text, app):
    path = tmp_path / "hosts.toml"
    assert app_of_file(str(path)) == ""
    path.write_text(text)
    assert app_of_file(str(path)) == app


def test_a_file_that_was_changed_is_read_again(tmp_path):
    """A screen lives longer than what stood in the file when it was opened."""
    path = tmp_path / "hosts.toml"
    path.write_text('journal = "postgresql://db01/deploy"\n[app]\nname = "shop"\n')
    assert (journal_of_file(str(path)), app_of_file(str(path))) == ("postgresql://db01/deploy", "shop")
    path.write_text('journal = "postgresql://db02/deployments"\n[app]\nname = "api"\n')
    assert (journal_of_file(str(path)), app_of_file(str(path))) == ("postgresql://db02/deployments", "api")
