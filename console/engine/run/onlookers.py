"""Who looks on at which run, at this engine and at those of other machines. Knows no socket and no record."""

from collections.abc import Iterator
from contextlib import contextmanager

from console.model.onlooker import Onlooker
from console.model.request import Person
from console.model.values import changed
from console.safe_text import SafeText

NAME = 100
"""Characters of a name that are kept."""


class Onlookers:
    """Who looks at each run, here and on other machines. `host`: what this machine is called there."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._here: dict[str, list[Onlooker]] = {}
        self._elsewhere: dict[str, tuple[Onlooker, ...]] = {}

    @contextmanager
    def looking_on(self, run: str, person: Person, *, operator: bool) -> Iterator[None]:
        """Count that person in for as long as this lasts."""
        one = Onlooker(person.name, person.claims, self._host, operator)
        here = self._here.setdefault(run, [])
        here.append(one)
        try:
            yield
        finally:
            here.remove(one)
            if not here:
                self._here.pop(run, None)

    def here(self, run: str) -> tuple[Onlooker, ...]:
        """Who looks on at a run at this engine, each once."""
        return tuple(dict.fromkeys(self._here.get(run, ())))

    def hear(self, run: str, people: tuple[Onlooker, ...]) -> None:
        """Hear who looks on at a run on other machines."""
        self._elsewhere[run] = tuple(changed(one, name=SafeText(one.name, NAME), claims=SafeText(one.claims), host=SafeText(one.host, NAME)) for one in people)
        if not people:
            self._elsewhere.pop(run)

    @property
    def elsewhere(self) -> tuple[Onlooker, ...]:
        """Who looks on at other machines at what this engine carries or follows."""
        return tuple(dict.fromkeys(one for people in self._elsewhere.values() for one in people))
