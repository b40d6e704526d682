"""Which secrets each kind of run needs, and which it goes on without."""

import pytest

from console.core.secrets.needed import needs_of
from console.model.fleet import Announce, CheckSpec, Database, Environment, HealthCheck, Host, Notify
from console.model.secret import SecretRef

ONE = SecretRef("env", "X")
SHOP = Environment(
    "shop", "production", "/srv/shop", (Host("web01"),), variables={"TOKEN": ONE, "PLAIN": "x"}, health=(HealthCheck("web", "http", url=ONE),),
    checks=(CheckSpec("CI", "github", token=ONE),), database=Database("postgres", url=ONE), notify=Notify((ONE,)), announce=Announce(("json://x", ONE)),
)  # fmt: skip
COMMANDS = {"TOKEN"}
GATES = {"health web url"}
CHECKS = {"check CI token"}
TOLD = {"notify.to[0]", "announce.to[1]"}
DATABASE = {"database.url"}


@pytest.mark.parametrize(
    ("purpose", "how", "needed", "wanted"),
    [
        ("deploy", {}, COMMANDS | GATES | CHECKS | TOLD | DATABASE, set()),
        ("check", {}, COMMANDS | GATES | CHECKS | TOLD | DATABASE, set()),
        ("deploy", {"resumes": True}, COMMANDS | GATES | DATABASE, TOLD),
        ("rollback", {}, COMMANDS | GATES, TOLD | DATABASE),
        ("rollback", {"reverts": True}, COMMANDS | GATES | DATABASE, TOLD),
        ("restart", {}, COMMANDS | GATES, TOLD),
        ("catch-up", {}, COMMANDS | GATES, TOLD),
        ("restore", {}, COMMANDS | DATABASE, TOLD),
        ("exec", {}, COMMANDS, set()),
        ("logs", {}, COMMANDS, set()),
    ],
)
def test_each_kind_of_run_needs_what_its_commands_and_gates_need(purpose, how, needed, wanted):
    found = needs_of(SHOP, purpose, **how)
    assert (set(found.needed), set(found.wanted)) == (needed, wanted)
    assert set(SHOP.secret_references()) == COMMANDS | GATES | CHECKS | TOLD | DATABASE
