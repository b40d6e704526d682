"""Critical paths of the file: what each kind needs, what is refused before anything is asked, and what becomes of it."""

from pathlib import Path

import pytest

from console.config.load import load_file
from console.errors import UsageFault
from console.model.configured_checks import CriticalPath
from console.model.host_commands import Command
from console.model.http_step import HttpStep
from console.model.secret import SecretRef

HEAD = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = [{ name = "web01", tags = ["web"] }, "job01"]\n'
GET = '{ get = "http://{address}/" }'
LOGIN = """
  { get = "http://{address}/login", capture = { token = 'value="([^"]+)"', order_id = 'id=(\\d+)' } },
  { post = "http://{address}/login", form = { user = "smoke", password = { env = "SMOKE" }, csrf = "{token}" }, expect_status = [302, 303] },
  { put = "http://{address}/order/{order_id}", json = { a = 1, b = [true, { env = "B" }], "c/d" = { e = { file = "key" }, f = "{token}" } } },
  { delete = "http://{address}/x", headers = { X-Key = { command = "pass x" }, accept = "{order_id}" }, expect_body = "{token}", timeout = "3s" },
"""


@pytest.fixture
def load(tmp_path: Path):
    def loaded(text, more=""):
        (tmp_path / "hosts.toml").write_text(f"{HEAD}[[environments.production.critical]]\n{text}\n{more}")
        return load_file(str(tmp_path / "hosts.toml"))

    return loaded


def problems(load, text, more=""):
    with pytest.raises(UsageFault) as caught:
        load(text, more)
    return [f"{problem.line} {problem.key.removeprefix('environments.production.critical')}: {problem.message} ({problem.hint})"
            for problem in caught.value.problems]  # fmt: skip


def steps(*lines):
    return 'name = "Sign in"\nkind = "http"\nsteps = [\n' + ",\n".join(lines) + "\n]"


def test_a_sequence_is_read_with_its_secrets_named_by_step_and_place(load, tmp_path):
    config = load(f'name = "Sign in"\nkind = "http"\nsteps = [{LOGIN}]')
    environment = config.environment("production")
    (path,) = environment.critical
    assert path == CriticalPath("Sign in", "http", steps=(
        HttpStep("GET", "http://{address}/login", capture={"token": 'value="([^"]+)"', "order_id": "id=(\\d+)"}),
        HttpStep("POST", "http://{address}/login", {"user": "smoke", "password": SecretRef("env", "SMOKE"), "csrf": "{token}"},
                 expect_status=((302, 302), (303, 303))),
        HttpStep("PUT", "http://{address}/order/{order_id}", json='{"a": 1, "b": [true, null], "c/d": {"e": null, "f": "{token}"}}',
                 json_secrets={"/b/1": SecretRef("env", "B"), "/c~1d/e": SecretRef("file", str(tmp_path / "key"))}),
        HttpStep("DELETE", "http://{address}/x", headers={"X-Key": SecretRef("command", "pass x"), "accept": "{order_id}"}, expect_body="{token}", timeout=3.0),
    ))  # fmt: skip
    assert (path.on, path.blocking, path.at, path.tags, path.timeout) == ("console", True, ("first batch", "canary", "end"), (), 120.0)
    assert list(environment.secret_references()) == [
        "critical Sign in, step 2, form password", "critical Sign in, step 3, json /b/1", "critical Sign in, step 3, json /c~1d/e",
        "critical Sign in, step 4, header X-Key",
    ]  # fmt: skip
    assert config.not_yet() == ()


def test_a_command_and_a_manual_path_have_their_defaults(load):
    (command,) = (
        load('name = "Login"\nkind = "command"\ncommand = { run = "./smoke {address}", timeout = "5s" }\nblocking = false\nat = ["end"]').environment().critical
    )
    assert command == CriticalPath("Login", "command", command=Command("./smoke {address}", timeout=5.0), blocking=False, at=("end",), timeout=5.0)
    (manual,) = load('name = "Pay"\nkind = "manual"\nprompt = "Buy something."\ntags = ["web"]').environment().critical
    assert manual == CriticalPath("Pay", "manual", prompt="Buy something.", tags=("web",))


@pytest.mark.parametrize(("step", "words"), [
    ('{ expect_body = "x" }', "10 [0].steps[0]: names no request (get, post, put or delete"),
    ('{ get = "http://a/", post = "http://a/" }', "10 [0].steps[0].post: a second request (post) in a step that has get"),
    ('{ get = "ftp://a/" }', "10 [0].steps[0].get: expected a URL that begins with http://"),
    ('{ gett = "http://a/" }', "10 [0].steps[0].gett: unknown key (did you mean get?)"),
    ('{ method = "POST", url = "http://a/" }', "[0].steps[0].method: unknown key"),
    ('{ post = "http://a/", form = { a = "1" }, json = { b = 1 } }', "10 [0].steps[0].json: a second body"),
    ('{ get = "http://a/", form = { a = "1" } }', "10 [0].steps[0].form: a get has no body"),
    ('{ post = "http://a/", form = { a = 1 } }', 'form.a: expected text in quotes'),
    ('{ post = "http://a/", json = { a = 2026-12-20 } }', "json.a: expected text, a number"),
    ('{ post = "http://a/", json = { a = nan } }', "json.a: expected text, a number"),
    ('{ post = "http://a/{tokan}" }', "post: unknown placeholder {tokan} (known here: {host}"),
    ('{ post = "http://a/{adress}" }', "post: unknown placeholder {adress} (did you mean {address}?)"),
    ('{ post = "http://a/", form = { a = "{verson}" } }', "form.a: unknown placeholder {verson} (did you mean {version}?)"),
    ('{ post = "http://a/", json = { a = ["{verson}"] } }', "json.a[0]: unknown placeholder {verson}"),
    ('{ get = "http://a/", headers = { b = "{verson}" } }', "headers.b: unknown placeholder {verson}"),
    ('{ get = "http://a/", expect_body = "{verson}" }', "expect_body: unknown placeholder {verson}"),
    ('{ get = "http://a/", headers = { "a b" = "1" } }', "expected the name of a header"),
    ('{ get = "http://a/", headers = { a = "1\\n2" } }', "the value of a header has one line"),
    ('{ get = "http://a/{token}", capture = { token = "(x)" } }', "get: {token} is not captured yet: step 1 does that"),
    ('{ get = "http://a/", capture = { token = "x" } }', "capture.token: expected a regular expression with one group; it has no group"),
    ('{ get = "http://a/", capture = { token = "(x)(y)" } }', "it has 2 groups"),
    ('{ get = "http://a/", capture = { token = "(x" } }', "missing )"),
    ('{ get = "http://a/", capture = { host = "(x)" } }', "capture.host: expected a name of a to z and _ that no placeholder has"),
    ('{ get = "http://a/", capture = { Token = "(x)" } }', "capture.Token: expected a name of a to z"),
    ('{ get = "http://a/", expect_status = "3x" }', "expect_status: expected a status code"),
])  # fmt: skip
def test_a_step_that_is_wrong_is_told_with_its_line_and_its_key(load, step, words):
    assert any(words in problem for problem in problems(load, steps(step)))


def test_a_later_capture_is_named_and_all_problems_are_told_at_once(load):
    found = problems(load, steps('{ get = "http://a/{token}" }', '{ get = "http://a/", capture = { token = "(x)" } }', '{ put = "http://a/{tokn}" }'))
    assert found == [
        "10 [0].steps[0].get: {token} is not captured yet: step 2 does that (a step uses what the steps before it captured)",
        "12 [0].steps[2].put: unknown placeholder {tokn} (did you mean {token}?)",
    ]


@pytest.mark.parametrize(("text", "words"), [
    ('kind = "http"\nsteps = [{ get = "http://a/" }]', "name: missing"),
    ('name = "x"\nkind = "http"', "steps: missing"),
    ('name = "x"\nkind = "http"\nsteps = []', "at least 1"),
    ('name = "x"\nkind = "https"', "did you mean http?"),
    ('name = "x"\nkind = "manual"\nblocking = false', "always blocking"),
    ('name = "x"\nkind = "manual"\non = "host"', "from nowhere in particular"),
    ('name = "x"\nkind = "manual"\ntimeout = "5s"', "has no such key"),
    ('name = "x"\nkind = "command"\ncommand = "true"\nat = []', "at: expected a list with at least 1"),
    ('name = "x"\nkind = "command"\ncommand = "true"\nat = ["first"]', "at[0]: expected one of first batch, canary, end"),
    ('name = "x"\nkind = "command"\ncommand = "true"\ntags = ["wep"]', "did you mean web?"),
    ('name = "x"\nkind = "command"\ncommand = "true"\non = "job1"', "did you mean job01?"),
    ('name = "x"\nkind = "command"\ncommand = "echo {tokan}"', "unknown placeholder"),
    ('name = "x"\nkind = "manual"\n[[environments.production.critical]]\nname = "x"\nkind = "manual"', "a second critical path is named x"),
    ('name = "x"\nkind = "manual"\n[[environments.production.checks]]\nname = "x"\nkind = "manual"\nprompt = "y"', "a manual check is named x too"),
])  # fmt: skip
def test_what_is_wrong_is_told(load, text, words):
    (problem,) = problems(load, text)
    assert words in problem


@pytest.mark.parametrize(
    ("strategy", "at", "warns"),
    [("rolling", '["canary"]', True), ("canary", '["canary"]', False), ("rolling", '["canary", "end"]', False), ("bluegreen", '["canary"]', True)],
)
def test_a_path_that_only_a_canary_tries_is_warned_of_where_the_file_has_none(tmp_path, strategy, at, warns):
    text = HEAD.replace("[environments.production]\n", f'[environments.production]\nstrategy = "{strategy}"\ncanary.analysis = "0s"\n')
    (tmp_path / "hosts.toml").write_text(f'{text}[[environments.production.critical]]\nname = "Look"\nkind = "manual"\nat = {at}\n')
    told = [one for one in load_file(str(tmp_path / "hosts.toml")).warnings if one.key == "environments.production.critical[0].at"]
    assert [(one.line, f'strategy is "{strategy}"' in one.message) for one in told] == [(11, True)] * warns


@pytest.mark.parametrize(("key", "warns"), [("retries = 2", True), ("retries = 0", False), ('cancel = "kill x"', True), ('timeout = "2s"', False)])
def test_a_command_that_only_answers_has_no_use_for_keys_of_steps(load, key, warns):
    config = load(f'name = "Pay"\nkind = "command"\ncommand = {{ run = "smoke/pay", {key} }}')
    told = [one for one in config.warnings if "is not used" in one.message]
    assert [(one.line, one.key.rpartition(".")[2]) for one in told] == [(9, key.split()[0])] * warns
