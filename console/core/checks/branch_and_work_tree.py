"""What the source allows: branches and release tags, uncommitted work, commits that the remote does not have. Pure: the commit comes in as a value."""

from fnmatch import fnmatchcase

from console.core.host.shell import quote
from console.core.words.sizes import counted
from console.model.checks import Check
from console.model.release_facts import Revision
from console.safe_text import SafeText


def assess_branch(branches: tuple[str, ...], tags: tuple[str, ...], revision: Revision) -> Check:
    """Judge where the commit stands: on a branch or under a tag that one of these globs matches; either is enough."""
    title = SafeText("Branch or release tag allowed")
    for kind, globs, names in (("on branch", branches, revision.branches), ("tagged", tags, revision.tags)):
        match = next((name for name in names if any(fnmatchcase(name, glob) for glob in globs)), None)
        if match is not None:
            return Check("branch", title, "passed", detail=SafeText(f"{kind} {match}"))
    if "*" in branches and not revision.branches:
        return Check("branch", title, "warning", blocking=False, detail=SafeText("the commit is on no branch and has no tag"))
    seen = f"{_listed('branch', revision.branches)}, {_listed('tag', revision.tags)}"
    allowed = f"{_listed('branch', branches)}, {_listed('tag', tags)}"
    remedy = SafeText("merge or tag the commit first, or --override branch=REASON")
    return Check("branch", title, "failed", detail=SafeText(f"seen {seen}; allowed {allowed}"), remedy=remedy)


def assess_tree(revision: Revision) -> Check:
    """Point out what the work tree has changed: it is no part of the release."""
    title = SafeText("Work tree is committed")
    if not revision.uncommitted:
        return Check("tree", title, "passed", blocking=False)
    files = f"{counted(revision.uncommitted, 'file')} {'is' if revision.uncommitted == 1 else 'are'}"
    names = ", ".join(revision.changed_files) + (" …" if revision.uncommitted > len(revision.changed_files) else "")
    remedy = SafeText("commit them and start again, if they belong to it")
    words = f"{files} not committed and will not be shipped" + (f": {names}" if revision.changed_files else "")
    return Check("tree", title, "warning", blocking=False, detail=SafeText(words), remedy=remedy)


def assess_behind(revision: Revision, protected: bool, repository: str) -> Check:
    """Judge whether the commit is what the remote has: a branch that lacks commits of its upstream, or a commit that no remote has.

    `repository` is its folder, for what is to be typed.
    """
    git = f"git -C {quote(repository)}"
    title = SafeText("Up to date with the remote")
    name, commit = str(revision.ref) or "HEAD", revision.commit[:7]
    said, remedies = [], []
    if revision.behind:
        said.append(f"{name} lacks {counted(revision.behind, 'commit')} of {revision.upstream}; release that, or pull")
        remedies.append(f"deploy ENV --version {revision.upstream}")
    if revision.published is False:
        said.append(f"{commit} is on no remote ({revision.remote} was asked)")
        remedies.append(f"{git} push")
    if not said:
        return _with_the_remote(title, revision, name, commit, git)
    said += ["or --override behind=REASON"] if protected else []
    return Check("behind", title, "failed" if protected else "warning", blocking=protected, detail=SafeText("; ".join(said)), remedy=SafeText(remedies[0]))


def _with_the_remote(title: SafeText, revision: Revision, name: str, commit: str, git: str) -> Check:
    if not revision.remote:
        return Check("behind", title, "skipped", blocking=False, detail=SafeText("the repository has no remote"))
    if revision.published is None:
        words = f"whether a remote has {commit} is not known: the repository's history is cut off"
        return Check("behind", title, "warning", blocking=False, detail=SafeText(words), remedy=SafeText(f"{git} fetch --unshallow"))
    if revision.named != "branch":
        return Check("behind", title, "skipped", blocking=False, detail=SafeText(f"{name} is a {revision.named} that {revision.remote} has"))
    return Check("behind", title, "passed", detail=SafeText(f"{name} holds all of {revision.upstream}" if revision.upstream else f"{revision.remote} has it"))


def _listed(noun: str, names: tuple[str, ...] | tuple[SafeText, ...]) -> str:
    if not names:
        return f"no {noun}"
    plural = {"branch": "branches", "tag": "tags"}[noun] if len(names) > 1 else noun
    return f"{plural} {', '.join(names[:4])}{' …' if len(names) > 4 else ''}"
