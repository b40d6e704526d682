"""Who one client of an engine is, and what it may ask, by what this machine says of its peer and by how it introduced itself.

It must not know how a request is carried out, or answered.
"""

from typing import Protocol

from console.engine.server.access import Role, may_carry_runs, person_of, person_with, role_of
from console.engine.server.service import EngineService
from console.engine.server.user_directory import ANSWER, UserDirectory
from console.errors import UsageFault
from console.model.configured_environment import Access
from console.model.request import Person
from console.wire.frames import FROM_STRANGER, FROM_VIEWER, TO_ENGINE
from console.wire.messages import READS, Asked, Configure, Follow, OpenRunRequest, Resume, Submit
from console.wire.questions import Hello, Query

JUDGED = 10.0
"""Seconds that this machine has to say who somebody is before a request is refused for that."""


class OwnedEngine(Protocol):
    """What is known of the engine that is asked."""

    service: EngineService
    owner: int
    users: UserDirectory


class ClientRights:
    """Of the process with that uid at the other end."""

    def __init__(self, server: OwnedEngine, uid: int) -> None:
        self._server = server
        self._service = server.service
        self.uid = uid
        self.person = person_of(uid, None)
        self._is_named = False
        self._was_waited_for = False
        self._is_introduced = False
        self._read_only = False

    @property
    def role(self) -> Role:
        """What this client may do now."""
        role = self._role_of_login
        return "viewer" if role == "operator" and self._read_only else role

    @property
    def may_hand_over(self) -> bool:
        """Whether the model is taken from this client. Who only looks on has an engine know its environment that knows none: else nothing could be seen."""
        return self.role == "operator" or (self._role_of_login == "operator" and not self._service.digest)

    @property
    def limit(self) -> int:
        """Bytes that a frame may have: who may do nothing needs none, and whoever has not said hello is nobody yet."""
        sizes = {"operator": TO_ENGINE, "viewer": FROM_VIEWER, "none": FROM_STRANGER}
        return sizes[self._role_of_login] if self._is_introduced else FROM_STRANGER

    def introduce(self, hello: Hello) -> None:
        """Take what the client says of itself."""
        self._read_only = hello.read_only
        self.person = person_with(self.person, hello.claims)
        self._is_introduced = True

    async def look_up(self, seconds: float | None = None) -> None:
        """Know what this machine says of the peer now. The owner and root need nothing of it but their name, which stays, and is waited for once."""
        access = None if self.uid in (0, self._server.owner) else self._service.access
        if access is None and self._is_named:
            return
        patience = ANSWER if seconds is None else seconds
        if access is None and self._was_waited_for:
            patience = 0.0
        self._was_waited_for = True
        found = await self._server.users.look(self.uid, access, patience)
        if found is not None and not self._is_named:
            self.person, self._is_named = person_of(self.uid, found, self.person.claims), True

    async def judge(self, message: Asked) -> None:
        """Raise UsageFault for what this client has no right to; what was tried is in the record then."""
        await self.look_up(JUDGED)
        if isinstance(message, OpenRunRequest | Resume):
            await self._server.users.look(self._server.owner, self._service.access, JUDGED)
        try:
            self._judge_role(message)
        except UsageFault as refused:
            if not self._read_only:
                await self._service.refused(self.person, _act(message), refused)
            raise

    def _judge_role(self, message: Asked) -> None:
        role, access = self.role, self._service.access
        if role == "none":
            if access is not None and self._server.users.known(self.uid, access) is None:
                raise UsageFault(f"{self.person.name} may do nothing here as long as this machine does not say which groups that is in", f"id {self.uid}")
            raise _forbidden(self.person, "look at", "viewers or operators", access)
        looks = isinstance(message, Follow | Hello) or (isinstance(message, Query) and message.name in READS)
        known = isinstance(message, Configure) and (self.may_hand_over or message.digest == self._service.digest)
        if role == "viewer" and not (looks or known):
            if self._read_only:
                raise UsageFault("this console only looks on: it was opened with --read-only", "leave --read-only out")
            raise _forbidden(self.person, "change", "operators", access)
        if isinstance(message, OpenRunRequest | Resume) and not self._may_carry_runs:
            raise UsageFault("this engine belongs to a user who is no operator, so it carries no run: stop it, and ask again", "deploy engine stop")

    @property
    def _role_of_login(self) -> Role:
        access = self._service.access
        return role_of(self.uid, access, self._server.owner, self._server.users.known(self.uid, access))

    @property
    def _may_carry_runs(self) -> bool:
        owner, access = self._server.owner, self._service.access
        return may_carry_runs(owner, access, self._server.users.known(owner, access, float("inf")))


def _act(message: Asked) -> str:
    """What was tried, by the name that a person would search for."""
    if isinstance(message, Submit):
        return str(type(message.command).__struct_config__.tag)
    return message.name if isinstance(message, Query) else str(type(message).__struct_config__.tag)


def _forbidden(person: Person, act: str, who: str, access: Access | None) -> UsageFault:
    named = "[access] in hosts.toml" if access else "hosts.toml has no [access]: only the engine's owner and root"
    return UsageFault(f"{person.name} may not {act} this environment", f"{who} are named by {named}")
