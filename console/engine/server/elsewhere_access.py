"""Who may do what by way of another machine: by name, since no kernel here proves that person's uid.

What proves the name is the login of the database by which the words came, where people have logins of their own there. Else it is the word of
the engine on the other machine, and said to be advisory. Pure; knows nothing of runs.
"""

from dataclasses import dataclass

from console.engine.server.access import Role, role_of
from console.engine.server.user_directory import ListedUser
from console.model.configured_environment import Access
from console.model.onlooker import Onlooker
from console.model.request import Person
from console.model.values import changed
from console.safe_text import SafeText

NAME = 100
"""Characters of a name that are kept."""


@dataclass(frozen=True, slots=True)
class LoginStanding:
    """What was found of somebody who speaks by way of another machine."""

    role: Role
    person: Person
    """With how far the name is proven among its claims."""
    problem: SafeText = SafeText("")
    """Why they may change nothing; empty: they may."""


def standing_of(person: Person, login: str, access: Access | None, owner: int, found: ListedUser | None) -> LoginStanding:
    """Judge who sent a command.

    `login`: of the database, as its server knows it; `owner`: whose engine this is; `found`: what this machine says of the name, asked with that access.
    """
    proof = f"proven by the database's login {login}" if login == person.name else f"advisory: the database's login is {login or 'not known'}"
    known = changed(person, name=str(SafeText(person.name, NAME)), claims=str(SafeText(f"{person.claims} ({proof})".strip())))
    if login != person.name and _is_a_persons(login, access):
        return LoginStanding("none", known, SafeText(f"the name {known.name} came by the database's login of {login}"))
    role = role_by_name(person.name, access, owner, found)
    if role == "operator":
        return LoginStanding(role, known)
    who = "operators are named by [access] in hosts.toml" if access else "hosts.toml has no [access]: only the engine's owner and root"
    named = "a viewer" if role == "viewer" else "nobody that it knows"
    return LoginStanding(role, known, SafeText(f"to this engine {known.name} is {named}, and may change nothing; {who}"))


def role_by_name(name: str, access: Access | None, owner: int, found: ListedUser | None) -> Role:
    """Return what a person of that name may do with an engine of that owner."""
    if name == "root" or (access is not None and name in access.operators):
        return "operator"
    role = role_of(found.uid, access, owner, found) if found and found.name == name else "none"
    return "viewer" if role == "none" and access is not None and name in access.viewers else role


def joins_as(onlooker: Onlooker, access: Access | None, owner: int, found: ListedUser | None) -> Person | None:
    """Return who joins a run by looking on from another machine; None: that one is no operator, there or here."""
    if not onlooker.operator or role_by_name(onlooker.name, access, owner, found) != "operator":
        return None
    return Person(onlooker.name, claims=f"{onlooker.claims} by way of {onlooker.host}".strip())


def _is_a_persons(login: str, access: Access | None) -> bool:
    """Whether the configuration names somebody whose login of the database that is."""
    return access is not None and login in (*access.operators, *access.viewers)
