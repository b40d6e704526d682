"""What a console at rest does when hosts.toml changes under it."""

from pathlib import Path

import pytest

from console.cli import meet_engine
from console.cli.command_access import environment_client
from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.client.asked_engine import AskedEngine
from console.errors import Locked, UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.secret import SecretRef
from console.wire.questions import Welcome

FILE = """
[app]
name = "shop"
path = "/srv/shop"
[app.commands]
restart = "true"
[environments.production]
hosts = [{hosts}]
"""


async def test_an_edit_touches_what_is_prepared_next_and_nonsense_touches_nothing(tmp_path: Path):
    file = tmp_path / "hosts.toml"
    file.write_text(FILE.format(hosts='"web01.example.net"'))
    how = Invocation(file=str(file))
    station = environment_client(how, environment(how, "production"))
    await station.read_again()
    assert [host.name for host in station._found.hosts] == ["web01.example.net"]
    file.write_text("nonsense = = [")
    with pytest.raises(UsageFault):
        await station.read_again()
    assert len(station._found.hosts) == 1
    file.write_text(FILE.format(hosts='"web01.example.net", "web02.example.net"'))
    await station.read_again()
    assert len(station._found.hosts) == 2
    file.unlink()
    with pytest.raises(UsageFault, match=r"hosts\.toml"):
        await station.read_again()
    await station.close()


class Client:
    """An engine's client that counts what it was handed. `busy`: what it says of itself when it is met, then each time when it is looked at again."""

    lost = False

    def __init__(self, *busy: bool) -> None:
        self._busy = list(busy)
        self.welcome = Welcome(role="operator", busy=self._busy.pop(0))
        self.is_closed = False

    async def look_again(self) -> Welcome:
        self.welcome = Welcome(role="operator", busy=self._busy.pop(0))
        return self.welcome

    async def configure(self, *_: object) -> frozenset[str]:
        raise Locked("maintenance mode is being switched")

    async def close(self) -> None:
        self.is_closed = True


class Access:
    """Meets that engine; the secrets cannot be read the first time."""

    read_only = False

    def __init__(self, client: Client, *faults: UsageFault) -> None:
        self._client, self._faults, self.told = client, list(faults), 0

    async def meet_to_ask(self, model: Environment) -> Client:
        return self._client

    async def configure(self, *_: object) -> None:
        if self._faults:
            raise self._faults.pop()
        self.told += 1


MODEL = Environment("shop", "production", "/srv/shop", (Host("web01"),), variables={"TOKEN": SecretRef("env", "SHOP_TOKEN")})


async def test_secrets_that_could_not_be_read_are_read_again_for_the_next_question():
    access = Access(Client(False), UsageFault("the secret TOKEN could not be read"))
    engine = AskedEngine(access, MODEL)  # type: ignore[arg-type]
    with pytest.raises(UsageFault):
        await engine.tell_secrets("check")
    await engine.tell_secrets("check")
    await engine.tell_secrets("check")
    assert access.told == 1


async def test_an_engine_that_was_met_during_a_run_is_told_secrets_once_that_is_over():
    access = Access(Client(True, True, False))
    engine = AskedEngine(access, MODEL)  # type: ignore[arg-type]
    await engine.tell_secrets("check")
    assert access.told == 0
    await engine.tell_secrets("check")
    assert access.told == 1


async def test_an_engine_that_does_not_take_the_file_is_let_go_of(monkeypatch: pytest.MonkeyPatch):
    client = Client(False)

    async def met(*_: object) -> Client:
        return client

    monkeypatch.setattr(meet_engine, "engine_of", met)
    with pytest.raises(Locked):
        await meet_engine.asking(Invocation(), MODEL)
    assert client.is_closed
