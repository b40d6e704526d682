"""What a process of ours gets of an environment."""

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
    kept = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TERM", "SSH_AUTH_SOCK", "DEPLOY_STATE", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HTTPS_PROXY", "no_proxy"}
    assert set(engine_environment(FULL)) == kept
    assert set(engine_environment(FULL, without={"HTTPS_PROXY", "DEPLOY_STATE"})) == kept - {"HTTPS_PROXY", "DEPLOY_STATE"}
