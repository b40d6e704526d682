"""Which secrets each kind of run needs, and which it goes on without."""

from typing import get_args

import pytest

from console.core.secrets.masking import MASK
from console.core.secrets.needed import Needs, left_to_do, masking_for, needs_of, unhidden
from console.model.application_metrics import Metrics
from console.model.configured_checks import CheckSpec, CriticalPath, HealthCheck
from console.model.configured_environment import JOURNAL, Announce, Database, Environment, Notify, Ticket
from console.model.host import Host, Ssh
from console.model.host_commands import Command
from console.model.http_step import HttpStep
from console.model.request import RunKind
from console.model.secret import SecretRef
from console.model.state import RunState
from console.model.values import changed

ONE = SecretRef("env", "X")
SHOP = Environment(
    "shop", "production", "/srv/shop", (Host("web01"),), variables={"TOKEN": ONE, "PLAIN": "x"}, health=(HealthCheck("web", "http", url=ONE),),
    checks=(CheckSpec("CI", "github", token=ONE),), database=Database("postgres", url=ONE), notify=Notify((ONE,)), announce=Announce(("json://x", ONE)),
    ticket=Ticket(ONE),
    critical=(CriticalPath("Login", "http", steps=(HttpStep("POST", "http://x/", form={"password": ONE}),)),),
)  # fmt: skip
COMMANDS = {"TOKEN"}
GATES = {"health web url"}
CHECKS = {"check CI token"}
TOLD = {"notify.to[0]", "announce.to[1]"}
DATABASE = {"database.url"}
TICKET = {"ticket.close"}
PATHS = {"critical Login, step 1, form password"}


@pytest.mark.parametrize(
    ("purpose", "how", "needed", "wanted"),
    [
        ("deploy", {}, COMMANDS | GATES | CHECKS | TOLD | DATABASE | TICKET | PATHS, set()),
        ("check", {}, COMMANDS | GATES | CHECKS | TOLD | DATABASE | TICKET | PATHS, set()),
        ("deploy", {"resumes": True}, COMMANDS | GATES | DATABASE | PATHS, TOLD | TICKET),
        ("rollback", {}, COMMANDS | GATES, TOLD | DATABASE),
        ("rollback", {"reverts": True}, COMMANDS | GATES | DATABASE, TOLD),
        ("restart", {}, COMMANDS | GATES, TOLD),
        ("catch-up", {}, COMMANDS | GATES, TOLD),
        ("restore", {}, COMMANDS | DATABASE, TOLD),
        ("exec", {}, COMMANDS, set()),
        ("maintenance", {}, COMMANDS, TOLD),
        ("logs", {}, COMMANDS, set()),
    ],
)
def test_each_kind_of_run_needs_what_its_commands_and_gates_need(purpose, how, needed, wanted):
    found = needs_of(SHOP, purpose, **how)
    assert (set(found.needed), set(found.wanted)) == (needed, wanted)
    assert set(SHOP.secret_references()) == COMMANDS | GATES | CHECKS | TOLD | DATABASE | TICKET | PATHS


PURPOSES = [*get_args(RunKind), "check", "logs"]


@pytest.mark.parametrize("purpose", [*PURPOSES, None])
def test_the_record_s_own_secret_is_needed_beside_the_others_whatever_is_done(purpose):
    shared = SecretRef("env", "JOURNAL")
    found, before = needs_of(changed(SHOP, journal=shared), purpose), needs_of(SHOP, purpose)
    assert (found.needed, found.wanted) == ({**before.needed, JOURNAL: shared}, before.wanted)


def test_a_run_that_only_ends_needs_nothing():
    assert needs_of(SHOP, None) == Needs({}, {})


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("reverts", [False, True])
def test_whatever_a_run_is_for_it_asks_for_no_secret_twice_and_for_none_that_the_file_has_not(purpose, resumes: bool, reverts: bool):
    found = needs_of(SHOP, purpose, resumes=resumes, reverts=reverts)
    assert not found.needed.keys() & found.wanted.keys()
    assert found.all == found.needed | found.wanted
    assert found.all.items() <= SHOP.secret_references().items()
    assert COMMANDS <= found.needed.keys()


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_file_without_secrets_needs_none(purpose):
    bare = Environment("shop", "production", "/srv/shop", (Host("web01"),), variables={"PLAIN": "x"}, notify=Notify(("json://x",)))
    assert needs_of(bare, purpose).all == {}


def test_taking_a_run_up_asks_for_no_more_than_beginning_it():
    begun, taken_up = needs_of(SHOP, "deploy"), needs_of(SHOP, "deploy", resumes=True)
    assert set(taken_up.needed) < set(begun.needed)
    assert set(taken_up.all) <= set(begun.all)


@pytest.mark.parametrize(
    ("state", "purpose"),
    [
        (RunState(kind="deploy", go=True, phase="running"), "deploy"), (RunState(kind="restart", go=True, phase="rolling-back"), "restart"),
        (RunState(kind="deploy", go=False, phase="running"), None), (RunState(kind="deploy", go=None, phase="preflight"), None),
        (RunState(kind="deploy", go=True, phase="ended"), None), (RunState(kind="deploy", go=True, phase="rolling-back"), "rollback"),
    ],
    ids=["running", "going back", "no-go", "not decided", "ended", "a release that goes back"],
)  # fmt: skip
def test_what_taking_a_run_up_is_for(state: RunState, purpose):
    assert left_to_do(state) == purpose


@pytest.mark.parametrize(
    ("state", "purpose"),
    [
        (RunState(kind="deploy", go=True, phase="running"), "rollback"), (RunState(kind="restart", go=True, phase="running"), "restart"),
        (RunState(kind="deploy", go=False, phase="running"), None), (RunState(kind="deploy", go=True, phase="ended"), None),
    ],
)  # fmt: skip
def test_a_run_that_is_taken_up_to_be_rolled_back_needs_what_a_rollback_needs(state: RunState, purpose):
    assert left_to_do(state, goes_back=True) == purpose
    found = needs_of(SHOP, left_to_do(state, goes_back=True), resumes=True)
    assert not PATHS & found.all.keys()


FULL = Environment(
    "bigshop", "production", "/srv/bigshop", (Host("web01", "10.0.0.11", user="deployer", server="frontend01", tags=("canary",)),),
    file="/home/ada/hosts.toml", jumps=(Host("bastion", "192.0.2.1"),), ssh=Ssh(user="sshuser"), requires="staging", variables={"API_TOKEN": ONE, "PLAIN": "visiblevalue"},
    commands={"install": Command("make")}, repository="https://git:repopass99@git.example.net/shop.git",
    health=(HealthCheck("frontpage", "http", url="http://probe:probepass7@web/x"),), checks=(CheckSpec("buildserver", "github", token="ghp_plaintoken11"),),
    database=Database("postgres", url="postgresql://shop:dbpass2024@db01/shop"), notify=Notify(("json://user:notifypass3@hook.example.net/", ONE)),
    announce=Announce(("mailto://me:mailpass44@mail.example.net",)), ticket=Ticket("https://bot:ticketpass6@tickets.example.net/close"),
    critical=(CriticalPath("Sign in", "http", steps=(HttpStep("GET", "http://x/"), HttpStep("GET", "http://smoke:loginpass5@x/account"))),),
    metrics=Metrics(prometheus="http://reader:prompass7@prometheus:9090"), journal="postgresql+psycopg://shop:recordpass8@db01/deploys",
)  # fmt: skip


@pytest.mark.parametrize(
    "secret",
    [
        "repopass99",
        "probepass7",
        "ghp_plaintoken11",
        "dbpass2024",
        "notifypass3",
        "mailpass44",
        "s3cr3t-of-a-store",
        "loginpass5",
        "ticketpass6",
        "prompass7",
        "recordpass8",
    ],
)
def test_passwords_that_stand_in_the_file_are_hidden_like_those_that_are_read(secret: str):
    assert masking_for(FULL, ["s3cr3t-of-a-store"])(f"refused: {secret}!") == f"refused: {MASK}!"


@pytest.mark.parametrize(
    "word",
    ["bigshop", "production", "/srv/bigshop", "/home/ada/hosts.toml", "sshuser", "staging", "web01", "10.0.0.11", "deployer", "frontend01", "canary", "bastion", "192.0.2.1",
     "frontpage", "buildserver", "API_TOKEN", "PLAIN", "install"],
)  # fmt: skip
def test_names_that_a_screen_is_made_of_stay_readable_even_as_a_secret(word: str):
    assert masking_for(FULL, [word])(f"on {word} now") == f"on {word} now"
    assert unhidden(FULL, {"API_TOKEN": word}) == (
        "the secret API_TOKEN is not hidden where it is printed: it is a word that the console, or hosts.toml, uses itself",
    )


def test_values_of_the_file_that_are_no_passwords_stay_readable():
    words = "visiblevalue make hook.example.net mail.example.net"
    assert masking_for(FULL, [])(words) == words


def test_each_secret_that_cannot_be_hidden_is_said_with_its_reason():
    assert unhidden(FULL, {}) == ()
    assert unhidden(FULL, {"A": "abc", "B": "12345", "C": "long enough"}) == (
        "the secret A is not hidden where it is printed: it is shorter than 4 characters, or 6 digits",
        "the secret B is not hidden where it is printed: it is shorter than 4 characters, or 6 digits",
    )
