"""Where releases come from: the repository, and the console's own machine, which builds and packs them."""

from collections.abc import Mapping
from typing import Protocol

from console.model.board import Candidate
from console.model.fleet import Environment
from console.model.pending import Between
from console.model.release import Package, Release, Revision
from console.ports.hosts import Sink
from console.ports.steps import StepResult
from console.text import SafeText


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

    async def export(self, revision: Revision, folder: str) -> None:
        """Write a clean copy of the commit. Raises NoGo for what cannot be shipped as it stands."""


class Workshop(Protocol):
    """The console's own machine, where a release is made."""

    async def build(self, environment: Environment, revision: Revision, release: Release, sink: Sink) -> StepResult:
        """Export the commit and run its build."""

    async def pack(self, environment: Environment, revision: Revision, release: Release) -> Package | StepResult:
        """Pack what was built, or the commit itself, once for all hosts."""
