import grp
import os
import pwd
import socket

import pytest

from console.engine.server import access, user_directory
from console.engine.server.access import Role, peer_of, person_of
from console.engine.server.refusal_record import MOST, Refusals
from console.engine.server.user_directory import looked_up
from console.model.configured_environment import Access
from console.model.request import Person


@pytest.fixture
def machine(monkeypatch):
    """ada (1000, in deploy), bob (1001, in oncall by his own group), eve (1002)."""
    users = {1000: ("ada", 1000), 1001: ("bob", 70), 1002: ("eve", 1002)}
    groups = {"deploy": 60, "oncall": 70}

    def user(uid):
        return pwd.struct_passwd((users[uid][0], "x", uid, users[uid][1], "", "/", "/bin/sh"))

    def group(name):
        return grp.struct_group((name, "x", groups[name], []))

    monkeypatch.setattr(user_directory.pwd, "getpwuid", user)
    monkeypatch.setattr(user_directory.grp, "getgrnam", group)
    monkeypatch.setattr(user_directory.os, "getgrouplist", lambda name, gid: [gid, 60] if name == "ada" else [gid])


def role_of(uid: int, rules: Access | None, owner: int) -> Role:
    return access.role_of(uid, rules, owner, looked_up(uid, rules))


def may_carry_runs(owner: int, rules: Access | None) -> bool:
    return access.may_carry_runs(owner, rules, looked_up(owner, rules))


RULES = Access(operators=("@deploy", "@nogroup-here"), viewers=("eve", "@oncall"))


def test_roles_follow_users_and_groups(machine):
    assert [role_of(uid, RULES, owner=500) for uid in (1000, 1001, 1002, 4711)] == ["operator", "viewer", "viewer", "none"]
    assert role_of(1000, Access(("@nogroup-here", "bob")), 500) == "none"


def test_of_whom_nothing_is_known_may_nothing():
    assert access.role_of(1000, RULES, 500, None) == "none"
    assert not access.may_carry_runs(1000, RULES, None)
    assert (access.role_of(1000, RULES, 1000, None), access.role_of(0, RULES, 1000, None)) == ("operator", "operator")


def test_the_owner_and_root_are_always_operators(machine):
    assert role_of(1002, RULES, owner=1002) == role_of(0, RULES, owner=1002) == role_of(0, None, owner=1002) == "operator"
    assert role_of(1000, None, owner=1002) == "none"


def test_only_an_operators_engine_carries_runs(machine):
    assert may_carry_runs(1000, RULES)
    assert may_carry_runs(0, RULES)
    assert not may_carry_runs(1002, RULES)
    assert may_carry_runs(1002, None)


def test_a_uid_without_a_name_is_called_by_its_number(machine):
    assert person_of(4711, None).name == "uid 4711"


def test_claims_are_harmless_and_short(machine):
    person = person_of(1000, looked_up(1000, None), "ada \x1b[31m\u202e" + "x" * 5000)
    assert "\x1b" not in person.claims
    assert len(person.claims) <= 220


def test_the_kernel_says_who_the_peer_is():
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        peer = peer_of(one)
    assert (peer.pid, peer.uid, peer.gid) == (os.getpid(), os.getuid(), os.getgid())


def test_a_refusal_is_written_down_once_a_minute_and_many_keep_no_later_one_from_it():
    refusals, ada = Refusals(), Person("ada", 1000)
    assert [refusals.is_new(ada, "abort", now) for now in (1.0, 60.9, 61.0, 62.0)] == [True, False, True, False]
    assert sum(refusals.is_new(Person(f"u{uid}", uid), "abort", 62.0) for uid in range(2 * MOST)) == MOST - 1
    assert not refusals.is_new(ada, "pause", 120.0)
    assert refusals.is_new(ada, "pause", 122.0)
