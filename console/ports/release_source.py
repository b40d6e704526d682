"""Where releases come from: the repository, and the console's own machine, which builds and packs them."""

from collections.abc import Mapping
from typing import Protocol

from console.model.commit_holding import Holding
from console.model.configured_environment import Environment
from console.model.fleet_snapshot import Candidate
from console.model.pending_commits import Between
from console.model.release_facts import Package, Relation, Release, Revision
from console.ports.hosts import Sink
from console.ports.steps import StepResult
from console.safe_text import SafeText


class Repository(Protocol):
    """The source of releases."""

    async def resolve(self, ref: str) -> Revision:
        """Fetch, and pin REF to a commit. Raises UsageFault for an unknown REF, NoGo where it cannot be read."""

    async def candidates(self, live: Mapping[str, int], limit: int) -> tuple[Candidate, ...]:
        """Fetch, and say what could be released, newest first: tags, then commits of HEAD that nothing live holds.

        `live`: commits with the number of hosts that have them. Raises NoGo where the repository cannot be read.
        """

    async def between(self, live: str, commit: str, migrations: str) -> Between:
        """Say what one commit has that a live one has not; `migrations` is a glob of files. Fetches nothing.

        Where the live commit is not known (`known`), the migrations are all that the commit has.
        """

    async def contents(self, commit: str, paths: tuple[str, ...], largest: int) -> Mapping[str, bytes | SafeText]:
        """Return files of the commit, all at once; words for those over `largest` bytes or that cannot be read. Raises NoGo without the commit."""

    async def relation(self, live: str, commit: str) -> Relation:
        """Say how a commit stands to a live one. Fetches nothing. Raises NoGo where the repository cannot be read."""

    async def inspect(self, environment: Environment, revision: Revision) -> Holding:
        """Say what the commit holds, with its submodules and LFS files, which are fetched. Raises NoGo where it cannot be read."""

    async def export(self, environment: Environment, revision: Revision, folder: str, *, anyway: bool = False) -> None:
        """Write a clean copy of the commit. Raises NoGo for what is not to be had; `anyway`: that is left as it is."""


class Workshop(Protocol):
    """The console's own machine, where a release is made."""

    async def build(self, environment: Environment, revision: Revision, release: Release, sink: Sink, *, anyway: bool = False) -> StepResult:
        """Export the commit and run its build. `anyway`: what its content lacks was overridden."""

    async def pack(self, environment: Environment, revision: Revision, release: Release, *, anyway: bool = False) -> Package | StepResult:
        """Pack what was built, or the commit itself, once for all hosts."""
