"""Whether what a commit holds can be shipped: names, links, submodules, LFS files. Pure; the packer asks the same rules of what a build has made."""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, normpath

from console.core.host.shared_entries import blocked_ways
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted
from console.model.checks import Check
from console.model.commit_holding import Flaw, Holding
from console.model.configured_environment import Environment
from console.safe_text import SafeText

NAME_MAX = 255
"""Bytes of one part of a path that a file system takes."""
PATH_MAX = 3583
"""Bytes of a path that a host takes below a release's own folder (4095 in all)."""
HOPS = 40
"""Links behind links that a system follows; more are a circle."""
NAMED = 10
MANIFEST = ".deploy-manifest"
OWN = (".deploy-listing", ".deploy-linked", ".deploy-new")
"""Names at the top of a release that the console gives itself, besides the manifest, which replaces an older one."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
TITLE = SafeText("Content can be shipped")


def unfit(name: str) -> str:
    """Return why a release cannot carry a path of that name; empty: it can. Bytes that are no UTF-8 are surrogates, and are fine."""
    return _impossible(name) or ("holds a backslash or a control character" if _CONTROL.search(name) else "")


def _impossible(name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "is no plain path"
    if any(_size(part) > NAME_MAX for part in parts):
        return f"is longer than a file system takes ({NAME_MAX} bytes between two /)"
    if _size(name) > PATH_MAX:
        return f"is longer than a host takes ({PATH_MAX} bytes)"
    return "is the console's own name" if parts[0] in OWN or (parts[0] == MANIFEST and len(parts) > 1) else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def leads_out(name: str, target: str, links: Mapping[str, str], allowed: frozenset[str]) -> bool:
    """Return whether a link leads out of the release. It is followed as a system would, through the release's other links; never through an allowed one."""
    if target.startswith("/"):
        return True
    passed: list[str] = []
    ahead = [*dirname(name).split("/"), *target.split("/")][::-1]
    hops = 0
    while ahead and hops <= HOPS:
        part = ahead.pop()
        here = "/".join((*passed, part))
        if part in ("", "."):
            continue
        if part == "..":
            if not passed:
                return True
            passed.pop()
        elif here not in links:
            passed.append(part)
        elif here in allowed:
            return False
        elif links[here].startswith("/"):
            return True
        else:
            hops += 1
            ahead += links[here].split("/")[::-1]
    return False


def flaws_of(names: Iterable[str], links: Mapping[str, str], pointers: Iterable[str], links_out: tuple[str, ...]) -> tuple[Flaw, ...]:
    """Return what keeps a folder from being shipped, all at once. Paths are relative to it."""
    allowed = frozenset(normpath(entry) for entry in links_out)
    return (
        *(_name(name, words) for name in names if (words := unfit(name))),
        *(_link(name, target) for name, target in links.items() if name not in allowed and leads_out(name, target, links, allowed)),
        *(_target(name) for name, target in links.items() if _CONTROL.search(target)),
        *(_pointer(name, "", "the build is to fetch it: git lfs pull") for name in pointers),
    )


def _name(name: str, words: str) -> Flaw:
    return Flaw(SafeText("names"), SafeText(f"{_cut(name)} {words}"), SafeText("rename it"), firm=bool(_impossible(name)))


def _link(name: str, target: str) -> Flaw:
    listed = _cut(name)
    return Flaw(
        SafeText("links out of the release"), SafeText(f"{_cut(name)} -> {_cut(target)}"), SafeText(f'make it relative, or links_out = ["{listed}"] in [app]')
    )


def _target(name: str) -> Flaw:
    return Flaw(SafeText("links"), SafeText(f"{_cut(name)} has a target with a backslash or a control character"), SafeText("rename the target"))


def _pointer(name: str, why: str, remedy: str) -> Flaw:
    return Flaw(SafeText("LFS files"), SafeText(f"{_cut(name)} is a pointer only" + (f": {why}" if why else "")), SafeText(remedy))


def _cut(name: str) -> str:
    """The name as one printable line, its middle left out where it is very long."""
    shown = repr(name)[1:-1] if _CONTROL.search(name) else name
    return shown if len(shown) <= 160 else f"{shown[:80]}…{shown[-60:]}"


def flaws_in(environment: Environment, held: Holding) -> tuple[Flaw, ...]:
    """Return what keeps a commit from being shipped, all at once. What a build alone reads counts where the build cannot do without it."""
    root = shipped_root(environment)
    links = dict(_below(root, held.links))
    names = [name for name, _ in _below(root, ((name, "") for name in held.unfit))]
    missing = () if held.has_directory else (_directory(environment.directory),)
    modules = (
        Flaw(SafeText("submodules"), SafeText(f"{_cut(path)}: {why}"), SafeText("push it, or submodules = false in [app]")) for path, why in held.modules
    )
    return (
        *missing,
        *flaws_of(names, links, (), environment.links_out),
        *(_pointer(name, str(held.pointers_why), str(held.pointers_remedy)) for name in held.pointers),
        *modules,
        *_behind_links(environment, held, root),
        *_in_the_build(environment, held, root),
    )


def _behind_links(environment: Environment, held: Holding, root: str) -> Iterator[Flaw]:
    """Entries of `shared` that the commit leads to by a link or a file of its own. What a build makes of it is not known: the host looks then."""
    if environment.build is not None:
        return
    kinds = {**{name: "link" for name, _ in _below(root, held.links)}, **{name: "file" for name, _ in _below(root, ((name, "") for name in held.standing))}}
    for words in blocked_ways(environment.shared, kinds):
        remedy = SafeText("make it a folder in the repository, or share what it leads to")
        yield Flaw(SafeText("what is shared"), SafeText(words), remedy, firm=True)


def shipped_root(environment: Environment) -> str:
    """Return the folder of the repository that is shipped, or that a build's output stands in; `.` is all of it."""
    return normpath(f"{environment.directory}/{environment.build.output}" if environment.build else environment.directory)


def _in_the_build(environment: Environment, held: Holding, root: str) -> Iterator[Flaw]:
    """Names that not even the console's machine takes, and links that a build may copy."""
    if environment.build is None or root == ".":
        return
    for name in held.unfit:
        if not name.startswith(f"{root}/"):
            found = _name(name, unfit(name))
            yield Flaw(found.what, found.name, found.remedy, firm=found.firm, shipped=found.firm)
    links = dict(held.links)
    for name, target in held.links:
        if not name.startswith(f"{root}/") and leads_out(name, target, links, frozenset()):
            found = _link(name, target)
            yield Flaw(found.what, found.name, found.remedy, shipped=False)


def _below(root: str, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        if root == ".":
            yield name, value
        elif name.startswith(f"{root}/"):
            yield name.removeprefix(f"{root}/"), value


def _directory(directory: str) -> Flaw:
    words = SafeText(f"{directory} is no folder of the commit")
    return Flaw(SafeText("no folder"), words, SafeText("directory in [app]: a folder of the repository"), firm=True)


def assess_content(environment: Environment, held: Holding) -> Check:
    """Judge the whole tree of the commit, all that is found at once."""
    flaws = flaws_in(environment, held)
    blocking = [flaw for flaw in flaws if flaw.shipped]
    if not flaws:
        return Check("content", TITLE, "passed", detail=SafeText(counted(held.files, "file")))
    if not blocking:
        return Check("content", TITLE, "warning", blocking=False, detail=SafeText(f"in what is built, and not in its output: {told(flaws)}"))
    firm = any(flaw.firm for flaw in blocking)
    remedies = "; ".join(dict.fromkeys(str(flaw.remedy) for flaw in blocking))
    way = "" if firm else ", or --override content=REASON ships it as it is"
    return Check("content", TITLE, "failed", detail=told(tuple(blocking)), remedy=SafeText(f"{remedies}{way}"), firm=firm)


def told(flaws: tuple[Flaw, ...]) -> SafeText:
    """Return flaws in words, those of one kind together."""
    kinds: dict[str, list[str]] = {}
    for flaw in flaws:
        kinds.setdefault(str(flaw.what), []).append(str(flaw.name))
    return SafeText("; ".join(f"{what}: {shortened(names, NAMED)}" for what, names in kinds.items()))
