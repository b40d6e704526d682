"""The secrets that an engine holds, in memory alone: what consoles handed over, and what it reads from files itself. Whatever is here is hidden.

Which of them a run needs is `core.secrets.needed`'s; where they are used, the adapters'.
"""

from collections.abc import Callable, Mapping

from console.core.secrets.needed import Needs, masking_for
from console.errors import Problem, UsageFault
from console.model.configured_environment import Environment
from console.model.secret import Secret, SecretRef
from console.safe_text import SafeText, hide

ReadFile = Callable[[str, SecretRef], str | Problem]
"""Reads the secret of that name from its file, with the engine's rights."""


def unread(name: str, reference: SecretRef) -> Problem:
    """Say that this engine reads no files."""
    return Problem(f"the secret {name} is in {reference.name}, and this engine reads no files")


class Keyring:
    """Secrets by the names that problems are told with."""

    def __init__(self, read_file: ReadFile = unread) -> None:
        self.values: dict[str, Secret] = {}
        """What is here now; the same object for the engine's life."""
        self._read_file = read_file
        self._ever: set[str] = set()
        self._environment: Environment | None = None

    def take(self, environment: Environment, secrets: Mapping[str, str]) -> None:
        """Keep what a console hands over."""
        self.values.update({name: Secret(text) for name, text in secrets.items()})
        if environment is not self._environment or not self._ever.issuperset(secrets.values()):
            self._environment = environment
            self._ever.update(secrets.values())
            hide(masking_for(environment, self._ever))

    def make_ready(self, environment: Environment, needs: Needs) -> tuple[SafeText, ...]:
        """Read what is in files, and return a sentence for each secret that the run has to do without. Raises UsageFault for those it cannot."""
        problems = self._read(environment, needs.all)
        missing = [problems.get(name) or _absent(name, reference) for name, reference in needs.needed.items() if name not in self.values]
        if missing:
            raise UsageFault(missing[0].message, missing[0].hint, tuple(missing))
        without = {name: problems.get(name) or _absent(name, reference) for name, reference in needs.wanted.items() if name not in self.values}
        return tuple(SafeText(f"it goes on without {_words(name, problem)}") for name, problem in without.items())

    def has(self, environment: Environment, needs: Needs) -> bool:
        """Whether a run may be begun with what is here."""
        self._read(environment, needs.needed)
        return needs.needed.keys() <= self.values.keys()

    def _read(self, environment: Environment, references: Mapping[str, SecretRef]) -> dict[str, Problem]:
        found, problems = dict[str, str](), dict[str, Problem]()
        for name, reference in references.items():
            if reference.kind != "file":
                continue
            text = self._read_file(name, reference)
            if isinstance(text, Problem):
                problems[name] = text
                self.values.pop(name, None)
            else:
                found[name] = text
        self.take(environment, found)
        return problems


def _words(name: str, problem: Problem) -> str:
    subject = f"the secret {name} "
    return f"{name}, whose secret {problem.message.removeprefix(subject)}" if problem.message.startswith(subject) else f"{name}: {problem.message}"


def _absent(name: str, reference: SecretRef) -> Problem:
    if reference.kind == "env":
        return Problem(f"the secret {name} was not handed over: it comes from ${reference.name}", f"export {reference.name}=…, then run this command again")
    return Problem(f"the secret {name} was not handed over: it comes from the command {reference.name}", "run this again where that command works")
