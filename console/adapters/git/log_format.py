"""How git is asked what could be released, and how its answers are read. Texts and parsing only: it runs nothing."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from console.core.words.sizes import size_words
from console.model.fleet_snapshot import Candidate
from console.model.pending_commits import Change
from console.safe_text import SafeText

TAGS = "%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)%00%(creator)%00%(contents:subject)%00%(*subject)%00%(tree)%00%(*tree)"
"""A tag's name, the object, the commit of an annotated one, when, who, the first words of the tag (or the commit), of the commit; what each holds."""
COMMITS = "%H%x00%ct%x00%an%x00%s%x00%T"


def tags_from(said: str, live: Mapping[str, int], held: frozenset[str]) -> tuple[Candidate, ...]:
    """Read `for-each-ref`'s answer. `live`: commits and how many hosts have them; `held`: tags that hold nothing new."""
    return tuple(_tag(words.split("\0"), live, held) for words in said.split("\n") if words.count("\0") == 8)


def _tag(words: list[str], live: Mapping[str, int], held: frozenset[str]) -> Candidate:
    name, thing, peeled, seconds, creator, own, under, tree, tree_under = words
    commit = peeled or thing
    who = creator.rpartition(" <")[0] or creator
    return Candidate(
        ref=SafeText(name), commit=commit, is_tag=True, at=_utc(seconds), by=SafeText(who), subject=SafeText(under or own),
        live=live.get(commit, 0), ahead=name not in held, tree=tree_under or tree,
    )  # fmt: skip


def commits_from(said: str, live: Mapping[str, int], known: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Read `log`'s answer, without the commits that a tag names."""
    tagged = {each.commit for each in known}
    return tuple(
        Candidate(
            ref=SafeText(commit[:7]), commit=commit, at=_utc(seconds), by=SafeText(author), subject=SafeText(title), live=live.get(commit, 0), tree=tree
        )
        for commit, seconds, author, title, tree in _commits(said) if commit not in tagged
    )  # fmt: skip


def changes_from(said: str) -> tuple[Change, ...]:
    """Read `log`'s answer as it is."""
    return tuple(Change(commit, _utc(seconds), SafeText(author), SafeText(title)) for commit, seconds, author, title, _ in _commits(said))


def _commits(said: str) -> list[list[str]]:
    return [words.split("\0") for words in said.split("\n") if words.count("\0") == 4]


def _utc(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds.isdigit() else ""


def unread_words(kind: str, size: str, largest: int) -> str:
    """Why a file of a commit is not read."""
    if kind != "blob":
        return "it is no file of the commit that can be read"
    return f"it is {size_words(int(size))} large, and files over {size_words(largest)} are not read"
