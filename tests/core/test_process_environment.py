"""What a process of ours gets of an environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.process_environment import NETWORK, engine_environment, program_environment

FULL = {
    "PATH": "/bin", "HOME": "/root", "USER": "ada", "LOGNAME": "ada", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "TERM": "xterm", "SSH_AUTH_SOCK": "/s",
    "DEPLOY_STATE": "/state", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": "/r", "HTTPS_PROXY": "p", "no_proxy": "n", "TOKEN": "t", "GIT_DIR": "g",
    "PGPASSWORD": "p", "LC": "x", "MY_DEPLOY_KEY": "k",
}  # fmt: skip


def test_a_program_gets_what_it_needs():
    assert set(program_environment(FULL)) == {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"}
    assert set(program_environment(FULL, *NETWORK)) == set(program_environment(FULL)) | {"SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "HTTPS_PROXY", "no_proxy"}
    assert set(program_environment(FULL, "TERM", "XDG_*")) == set(program_environment(FULL)) | {"TERM", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"}


def test_an_engine_gets_what_the_contract_names():
    kept = {
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "LC_ALL",
        "TZ",
        "TERM",
        "SSH_AUTH_SOCK",
        "DEPLOY_STATE",
        "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR",
        "HTTPS_PROXY",
        "no_proxy",
    }
    assert set(engine_environment(FULL)) == kept
    assert set(engine_environment(FULL, without={"HTTPS_PROXY", "DEPLOY_STATE"})) == kept - {"HTTPS_PROXY", "DEPLOY_STATE"}


@pytest.mark.parametrize(
    ("name", "engine", "program", "network"),
    [
        ("PATH", True, True, True), ("HOME", True, True, True), ("USER", True, True, True), ("LANG", True, True, True), ("TZ", True, True, True), ("TERM", True, False, False),
        ("LOGNAME", False, True, True), ("LC_ALL", True, True, True), ("LC_", True, True, True), ("LC", False, False, False), ("XLC_ALL", False, False, False),
        ("DEPLOY_STATE", True, False, False), ("DEPLOY", False, False, False), ("XDG_CONFIG_HOME", True, False, True), ("XDG_RUNTIME_DIR", True, False, False),
        ("SSH_AUTH_SOCK", True, False, True), ("SSH_ASKPASS", False, False, False), ("http_proxy", True, False, True), ("HTTPS_PROXY", True, False, True), ("No_Proxy", True, False, True),
        ("PROXY", False, False, False), ("my_proxy_x", False, False, False), ("AWS_SECRET_ACCESS_KEY", False, False, False), ("LD_PRELOAD", False, False, False),
        ("PYTHONPATH", False, False, False), ("path", False, False, False), ("proxies", False, False, True), ("", False, False, False),
    ],
)  # fmt: skip
def test_which_variables_get_where(name: str, engine: bool, program: bool, network: bool):
    given = {name: "value"}
    assert engine_environment(given) == (given if engine else {})
    assert program_environment(given) == (given if program else {})
    assert program_environment(given, *NETWORK) == (given if network else {})


def test_a_secret_is_left_out_whatever_it_is_called():
    assert engine_environment({"DEPLOY_TOKEN": "s", "PATH": "/bin"}, without={"DEPLOY_TOKEN"}) == {"PATH": "/bin"}
    assert engine_environment({"PATH": "/bin"}, without=["PATH"]) == {}


def test_a_name_with_a_star_is_the_beginning_of_several():
    given = {"GIT_DIR": "a", "GIT_": "b", "MY_GIT_DIR": "c", "GIT*": "d", "PG": "e", "PGHOST": "f"}
    assert set(program_environment(given, "GIT_*")) == {"GIT_DIR", "GIT_"}
    assert set(program_environment(given, "GIT_*", "PG*")) == {"GIT_DIR", "GIT_", "PG", "PGHOST"}
    assert set(program_environment(given, "GIT")) == set()


@given(st.dictionaries(st.sampled_from(["PATH", "TOKEN", "LC_A", "DEPLOY_X", "x_proxy", "HOME"]), st.text(max_size=5)))
def test_nothing_is_made_up_or_changed(environ: dict[str, str]):
    assert engine_environment(environ).items() <= environ.items()
    assert program_environment(environ, "TOKEN").items() <= environ.items()
    assert ("TOKEN" in program_environment(environ, "TOKEN")) is ("TOKEN" in environ)
