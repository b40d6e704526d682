"""What a console at rest does when hosts.toml changes under it."""

from pathlib import Path

import pytest

from console.cli.command_access import environment_client
from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.errors import UsageFault

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
