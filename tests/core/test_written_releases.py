"""Whether files of a release may be those of the one before: not where a command of the deployment may write into them."""

import pytest

from console.core.plan.written_releases import is_written_into
from console.model.configured_environment import Database
from console.model.host import Host
from console.model.host_commands import Command, Hook
from console.model.values import changed
from tests.core.simulation import an_environment

BARE = changed(an_environment(1), commands={"restart": Command("restart"), "start": Command("start"), "stop": Command("stop")})
HOST = Host("web01", tags=("web",))
HOOK = Hook(at="after switch", command=Command("warm"))
WRITES = [
    ("only the application is run", BARE, False),
    ("it is installed", changed(BARE, commands={**BARE.commands, "install": Command("install")}), True),
    ("it is installed on other hosts", changed(BARE, tag_commands={"jobs": {"install": {"run": "install"}}}), False),
    ("it is installed on such hosts", changed(BARE, tag_commands={"web": {"install": {"run": "install"}}}), True),
    ("a hook for all hosts", changed(BARE, hooks=(HOOK,)), True),
    ("a hook for such hosts", changed(BARE, hooks=(changed(HOOK, tags=("db",)), changed(HOOK, tags=("web",)))), True),
    ("a hook for other hosts", changed(BARE, hooks=(changed(HOOK, tags=("jobs",)),)), False),
    ("a database that is backed up", changed(BARE, database=Database("command", backup=Command("dump"))), False),
    ("a migration", changed(BARE, database=Database("command", migrate=Command("up"))), True),
    ("a migration that is taken back", changed(BARE, database=Database("command", revert=Command("down"))), True),
]


@pytest.mark.parametrize(("environment", "writes"), [pytest.param(*row[1:], id=row[0]) for row in WRITES])
def test_whether_anything_may_write_into_a_release(environment, writes: bool):
    assert is_written_into(environment, HOST) is writes
