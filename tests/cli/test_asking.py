"""A question to an engine that lives and lacks nothing: what a command loads for it, and when it is given secrets first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.adapters.statefolder import prepared
from console.config.load import digest, load_file
from console.wire.address import socket_path
from console.wire.questions import Answer, Welcome
from tests.client.engine_script import EngineScript, scripted_engine

SLOW = ("asyncio", "ssl", "logging", "concurrent.futures", "sqlalchemy", "console.wire.codec", "console.ports.feed", "console.core.run", "console.model.events")
MASKS = "console.model.events"
"""What hides a secret knows the events' own words, which stay readable."""
FOUND = {"environment": "production", "maintenance": "off", "run": "", "locked_by": None, "owed": [], "hosts": []}
HOSTS = """
[app]
name = "shop"
path = "/srv/shop"
[app.commands]
restart = "true"
[environments.production]
hosts = ["web01"]
"""
SECRET = '[app.variables]\nTOKEN = { env = "SHOP_TOKEN" }\n'


def loaded_for(folder: Path, *words: str) -> tuple[dict[str, object], list[str]]:
    """What a command prints as JSON, and what of `SLOW` it loads."""
    code = f"import sys, atexit; sys.argv = ['deploy', *{words!r}]\natexit.register(lambda: print([m for m in {SLOW!r} if m in sys.modules]))\nimport console.__main__ as m; m.main()"
    environ = os.environ | {"DEPLOY_STATE": str(folder / "state"), "DEPLOY_CONFIG": str(folder / "hosts.toml"), "SHOP_TOKEN": "kJ8f0aQz77LmN2"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, env=environ, cwd=folder)
    assert ran.returncode in (0, 3), ran.stderr
    said, loaded = ran.stdout.splitlines()
    return json.loads(said), json.loads(loaded.replace("'", '"'))


def welcome_for(folder: Path, text: str, left: bool | None) -> tuple[str, Welcome]:
    """The engine's socket, and what it says first, where it has the model of such a file."""
    (folder / "hosts.toml").write_text(text)
    prepared(str(folder / "state"))
    mark = digest(load_file(str(folder / "hosts.toml")).environment("production"))
    return socket_path(str(folder / "state"), "shop", "production"), Welcome(app="shop", environment="production", digest=mark, role="operator", left=left)


@pytest.mark.parametrize(("text", "more"), [(HOSTS, []), (HOSTS + SECRET, [MASKS])], ids=["no secret", "a secret"])
def test_status_loads_neither_an_event_loop_nor_events_nor_the_record(tmp_path: Path, text: str, more: list[str]):
    path, welcome = welcome_for(tmp_path, text, left=False)
    with scripted_engine(path, welcome, Answer(), Answer(id=1, value=FOUND)) as engine:
        said, loaded = loaded_for(tmp_path, "status", "--json")
    assert (said, loaded) == (FOUND, more)
    assert [one["type"] for one in engine.heard] == ["hello", "query"]


def test_where_runs_have_left_something_the_engine_gets_the_secrets_for_it_first(tmp_path: Path):
    path, welcome = welcome_for(tmp_path, HOSTS + SECRET, left=True)
    answers = {
        "hello": lambda said: Answer(),
        "configure": lambda said: Answer(id=said["id"], value=["TOKEN"]),
        "query": lambda said: Answer(id=said["id"], value=FOUND),
    }
    with EngineScript(path, welcome, lambda said: answers[said["type"]](said)) as engine:
        said, loaded = loaded_for(tmp_path, "status", "--json")
    assert (said, "sqlalchemy" in loaded) == (FOUND, False)
    assert [one["type"] for one in engine.heard] == ["hello", "configure", "configure", "query"]
    assert engine.heard[2]["secrets"] == {"TOKEN": "kJ8f0aQz77LmN2"}
