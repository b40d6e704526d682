"""Whether the people are there that a release needs: operators beside whoever began it, each with a login of their own. Pure."""

from collections.abc import Iterable

from console.model.checks import Check
from console.model.declared_impact import Impact
from console.model.request import Person
from console.safe_text import SafeText


def needed_operators(required: int, impact: Impact) -> int:
    """Return how many operators are needed besides the starter: what the file says, and at least one where it breaks something or is of high risk."""
    return max(required, 1 if impact.breaking == "yes" or impact.risk == "high" else 0)


def others(starter: Person, joined: Iterable[Person]) -> tuple[Person, ...]:
    """Return those who have joined and are somebody else, each once, by the login that joined last."""
    found: list[Person] = []
    for person in joined:
        if not is_same(person, starter):
            found = [*(other for other in found if not is_same(other, person)), person]
    return tuple(found)


def is_same(one: Person, other: Person) -> bool:
    """Whether that is one person: one uid is, however many terminals it has. Of another machine the uid says nothing, and the name counts."""
    return one.uid == other.uid if one.uid >= 0 and other.uid >= 0 else one.name == other.name


def assess_team(needed: int, starter: Person, joined: Iterable[Person]) -> Check:
    """Judge whether enough operators have joined, each from a login of their own."""
    there = others(starter, joined)
    names = ", ".join(sorted(person.name for person in there))
    title = SafeText("Team is there")
    if not needed:
        return Check("team", title, "passed" if there else "skipped", blocking=False, detail=SafeText(f"with {names}" if there else "nobody else is needed"))
    if len(there) >= needed:
        return Check("team", title, "passed", detail=SafeText(f"with {names}"))
    count = f"{needed} more {'operator is' if needed == 1 else 'operators are'} needed"
    there_now = f"{count}, {len(there)} joined" + (f": {names}" if names else "")
    detail = SafeText(f"{there_now}; they join from a login of their own, or --override team=REASON")
    return Check("team", title, "waiting", detail=detail, remedy=SafeText("deploy attach"))
