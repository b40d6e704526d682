"""How a commit stands in its repository: what REF names, the tags and branches that hold it, its upstream, whether a remote has it. Reads only."""

import re
from dataclasses import dataclass

from console.adapters.git.git_command import Git
from console.adapters.git.git_fetch import Remote
from console.core.words.nearest_name import near_names
from console.errors import NoGo, UsageFault
from console.model.release_facts import Named, Relation
from console.safe_text import SafeText

_BRANCH = re.compile(r"refs/(?:heads|remotes)/")
_TAG = re.compile(r"(?:refs/)?tags/|[~^@].*$")


@dataclass(frozen=True)
class FoundRef:
    """What a REF is: its commit, and the full name of the ref where it names one."""

    commit: str
    name: str = ""

    @property
    def kind(self) -> Named:
        """Whether a branch, a tag or a commit was named."""
        return "branch" if _BRANCH.match(self.name) else "tag" if self.name.startswith("refs/tags/") else "commit"


async def found(git: Git, ref: str, remote: Remote) -> FoundRef:
    """Return the commit of a REF. Raises UsageFault for an unknown one and for one that names two commits, NoGo for a tag that was moved."""
    tag = _TAG.sub("", ref)
    if tag in remote.moved:
        raise NoGo(
            f"the tag {tag} here is not the tag {tag} of {remote.name} in {git.shown}: it was moved",
            f"take the remote's: git -C {git.folder} fetch {remote.name} tag {tag} --force; or give the commit itself",
        )
    for name in (ref, f"{remote.name or 'origin'}/{ref}"):
        commit = await _commit(git, name)
        if commit:
            await _refuse_two(git, ref, commit)
            return FoundRef(commit, (await git.run("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", name)).text.strip())
    known = await names(git, "refs/tags", "refs/heads", "refs/remotes")
    near = near_names(ref, known, 3) or known[:3]
    cut = f"; its history is cut off: git -C {git.folder} fetch --unshallow" if await is_shallow(git) else ""
    hint = f"near it: {', '.join(near)}" if near else "the repository has no tag and no branch"
    raise UsageFault(f"unknown REF {SafeText(ref)} in {git.shown}", f"{hint}{cut}")


async def _commit(git: Git, name: str) -> str:
    return (await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")).text.strip()


async def _refuse_two(git: Git, ref: str, commit: str) -> None:
    """Git takes the tag where a branch has the same name. Which is meant is not known here."""
    branch = await _commit(git, f"refs/heads/{ref}")
    tag = await _commit(git, f"refs/tags/{ref}") if branch else ""
    if tag and branch != tag:
        words = f"{SafeText(ref)} is a tag ({tag[:7]}) and a branch ({branch[:7]}) in {git.shown}"
        raise UsageFault(words, f"--version refs/tags/{SafeText(ref)}, or --version refs/heads/{SafeText(ref)}")


async def names(git: Git, *places: str, contains: str = "") -> list[str]:
    """Return the short names of refs, the newest first, each once."""
    wanted = ("--contains", contains) if contains else ()
    refs = (await git.ask("for-each-ref", "--sort=-creatordate", "--format=%(refname)", *wanted, *places)).split("\n")
    short = (re.sub(r"^refs/(tags|heads|remotes/[^/]+)/", "", ref) for ref in refs if ref and not ref.endswith("/HEAD"))
    return list(dict.fromkeys(short))


async def upstream(git: Git, known: FoundRef, remote: Remote) -> str:
    """Return the full name of what a local branch follows: as it is configured, else the remote's branch of that name; empty: nothing that is there."""
    if not known.name.startswith("refs/heads/"):
        return ""
    rows = (row.split(" ") for row in (await git.ask("for-each-ref", "--format=%(refname) %(upstream)", known.name)).splitlines())
    configured = next((name for branch, name in rows if branch == known.name), "")
    for name in (configured, f"refs/remotes/{remote.name}/{known.name.removeprefix('refs/heads/')}"):
        if name and await _commit(git, name):
            return name
    return ""


async def behind(git: Git, commit: str, name: str) -> int:
    """Return how many commits of that ref the commit does not hold."""
    return int(await git.ask("rev-list", "--count", f"{commit}..{name}", "--"))


async def is_published(git: Git, commit: str, remote: Remote) -> bool | None:
    """Return whether a remote has the commit, on a branch or under a tag; None: there is no remote, or the history is cut off before it shows."""
    if not remote.name:
        return None
    if (await git.ask("for-each-ref", "--count=1", "--contains", commit, "--format=x", "refs/remotes")).strip():
        return True
    rows = (await git.ask("for-each-ref", "--contains", commit, "--format=%(objectname) %(refname:strip=2)", "refs/tags")).splitlines()
    if any(remote.tags.get(name) == thing for thing, _, name in (row.partition(" ") for row in rows)):
        return True
    return None if await is_shallow(git) else False


async def relation(git: Git, live: str, commit: str) -> Relation:
    """Return how a commit stands to one that is live. Where history is cut off, only what is in it counts as known."""
    if live == commit:
        return "same"
    if not (await git.run("cat-file", "-e", f"{live}^{{commit}}")).ok:
        return "unknown"
    for older, newer, name in ((live, commit, "newer"), (commit, live, "older")):
        answer = await git.run("merge-base", "--is-ancestor", older, newer)
        if answer.ok:
            return "newer" if name == "newer" else "older"
        if answer.status != 1:
            return "unknown"
    return "unknown" if await is_shallow(git) else "diverged"


async def is_shallow(git: Git) -> bool:
    """Return whether history is cut off."""
    return (await git.run("rev-parse", "--is-shallow-repository")).text.strip() == "true"
