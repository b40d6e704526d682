"""What this engine has to do with those of other machines that share the record: who looks on there, and what is said there to runs that go on here."""

import os
from collections.abc import Awaitable, Callable

from console.engine.active_run import ActiveRun
from console.engine.active_runs import ActiveRuns
from console.engine.run.onlookers import Onlookers
from console.engine.run.run_lease import RunLease
from console.engine.run.shared_run import RunSharing
from console.engine.server.elsewhere_access import joins_as, standing_of
from console.engine.server.user_directory import UserDirectory
from console.engine.tasks import Unbroken
from console.errors import ConsoleError, UsageFault
from console.model.carrier import Carrier
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.configured_environment import Access
from console.model.onlooker import Onlooker
from console.model.request import Person
from console.ports.journal import Journal
from console.ports.sharing_machines import SentCommand
from console.safe_text import SafeText

Submit = Callable[[str, AnyCommand, Person], Awaitable[Accepted | Refusal]]
Refused = Callable[[Person, str, ConsoleError, str], Awaitable[None]]
"""(person, act, why, run): writes down what somebody tried without the right to."""


class OtherMachines:
    """The engines of other machines, as one engine meets them.

    `access`: who may connect here; `users`: those of this machine; `submit` and `refused` are this engine's own.
    """

    def __init__(
        self, journal: Journal, here: Carrier, onlookers: Onlookers, runs: ActiveRuns, access: Callable[[], Access | None], users: UserDirectory,
        submit: Submit, refused: Refused,
    ) -> None:  # fmt: skip
        self._journal = journal
        self.here = here
        """Who this engine is among them."""
        self._onlookers = onlookers
        self._runs = runs
        self._access = access
        self._users = users
        self._joining = Unbroken()
        self._submit = submit
        self._refused = refused

    def sharing(self, lease: RunLease) -> RunSharing:
        """What goes on for them while the run of that lease is carried here."""
        return RunSharing(lease, self._journal, self.here, self.submit, self._onlookers.here, self._heard)

    def _heard(self, run: str, people: tuple[Onlooker, ...]) -> None:
        """Hear who looks on at a run there; an operator there has joined it."""
        self._onlookers.hear(run, people)
        one = self._runs.get(run)
        if one is not None and people:
            self._joining.begin(self._join(one, people))

    async def _join(self, one: ActiveRun, people: tuple[Onlooker, ...]) -> None:
        for each in people:
            access = self._access()
            person = joins_as(each, access, os.getuid(), await self._users.look(each.name, access))
            if person is not None and one.preflight is not None:
                one.preflight.joined(person)

    async def submit(self, run: str, sent: SentCommand) -> Accepted | Refusal:
        """Judge what somebody said there, as this engine judges: by its own model, and by what proves the name."""
        access = self._access()
        standing = standing_of(sent.person, sent.login, access, os.getuid(), await self._users.look(sent.person.name, access))
        if not standing.problem:
            return await self._submit(run, sent.command, standing.person)
        await self._refused(standing.person, str(type(sent.command).__struct_config__.tag), UsageFault(standing.problem), run)
        return Refusal(standing.problem, SafeText("deploy attach --read-only"))
