"""What the repository says of a release, as checks of the pre-flight: its content, and how it stands to what is live and to the remote.

Asks the port; verdicts are `core`'s. Only a deploy is asked about: nothing that recovers waits for a repository.
"""

from collections.abc import Mapping

from console.core.checks.content import TITLE, assess_content
from console.core.checks.fleet import named, overridden
from console.errors import ConsoleError
from console.model.checks import Check
from console.model.configured_environment import Environment
from console.model.host_facts import HostFacts
from console.model.release_facts import Relation, Revision
from console.model.request import Request
from console.model.values import changed
from console.ports.release_source import Repository
from console.safe_text import SafeText

Relations = Mapping[str, Relation]
"""How a release stands to each commit that is live."""


async def content_check(repository: Repository, environment: Environment, request: Request, revision: Revision) -> Check:
    """Return whether what the commit holds can be shipped; what cannot be read is an error."""
    try:
        check = assess_content(environment, await repository.inspect(environment, revision))
    except ConsoleError as fault:
        check = Check("content", TITLE, "error", detail=SafeText(fault.message), remedy=SafeText(fault.hint))
    return named(overridden((check,), request.overrides)[0], environment.name)


async def sized(repository: Repository, environment: Environment, revision: Revision) -> Revision:
    """Return the revision with the size of all that is shipped: its submodules and LFS files too. As it was where that cannot be read."""
    try:
        held = await repository.inspect(environment, revision)
    except ConsoleError:
        return revision
    return changed(revision, files=max(revision.files, held.files), size=max(revision.size, held.size))


def reading(revision: Revision) -> Check:
    """Return what stands for the content while it is read."""
    return Check("content", TITLE, "waiting", detail=SafeText(f"{revision.version} is being read, with its submodules and LFS files"))


async def relations_of(repository: Repository, facts: tuple[HostFacts, ...], revision: Revision) -> Relations:
    """Return how the commit stands to each that is live; one that cannot be compared is not known."""
    live = {release.commit for fact in facts if (release := fact.release(fact.current)) and release.commit}
    found: dict[str, Relation] = {}
    for commit in live:
        try:
            found[commit] = await repository.relation(commit, revision.commit)
        except ConsoleError:
            found[commit] = "unknown"
    return found
