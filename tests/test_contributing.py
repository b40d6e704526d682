"""CONTRIBUTING's index leads to files that are there, and leaves out no command and no key; neither documents nor docstrings name a file that is gone."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from console.cli.command_list import PLACES
from console.tui.keys import ACTIONS, key_name

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGES = "|".join(sorted(folder.name for folder in (ROOT / "console").iterdir() if (folder / "__init__.py").exists()))
PATH = re.compile(rf"`((?:{PACKAGES}|console|tests|docs)/[\w./-]*)`")
NAME = re.compile(r"`(\w+\.(?:py|md|tcss|sh))`")
DOTTED = re.compile(rf"`((?:{PACKAGES})(?:\.\w+)+)")
WHOSE = re.compile(r"(?:that is|is) `([a-z_]+)`'s")
CODE = [*sorted((ROOT / "console").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]
NAMES = {path.name for folder in ("console", "tests", "docs") for path in (ROOT / folder).rglob("*.*")} | {path.name for path in ROOT.glob("*.md")}
MADE = {"bench.md"}
"""Files that a command writes."""


def gone(document: Path) -> list[str]:
    """Paths that a file names below the project or below `console`, and files that it names alone, which are not there."""
    text = document.read_text(encoding="utf-8")
    places = [ROOT, ROOT / "console"]
    paths = [path for path in PATH.findall(text) if not any((place / (path + end)).exists() for place in places for end in ("", ".py"))]
    return paths + [name for name in NAME.findall(text) if name not in NAMES | MADE]


def modules_gone(text: str) -> list[str]:
    """Modules that a docstring names, `core.run.command_refusals.may` or "that is `pool`'s", which are not there."""
    dotted = [name for name in DOTTED.findall(text) if not is_there(name)]
    return dotted + [name for name in WHOSE.findall(text) if f"{name}.py" not in NAMES and not any(path.is_dir() for path in (ROOT / "console").rglob(name))]


def is_there(name: str) -> bool:
    """Whether it is a module or a package, something in a module, or a class of a package (`ports.Journal`)."""
    place = ROOT / "console" / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").exists() or place.parent.with_suffix(".py").exists() or place.name[0].isupper()


def first_cells(title: str) -> str:
    """The first column of the table that has this head."""
    table = CONTRIBUTING.split(f"| {title} |", 1)[1].split("\n\n", 1)[0]
    return "\n".join(line.split("|")[1] for line in table.splitlines()[2:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(document: Path):
    assert gone(document) == []


def test_every_file_that_the_code_names_is_there():
    assert {str(path.relative_to(ROOT)): missing for path in CODE if (missing := gone(path))} == {}


def test_every_module_that_the_code_names_is_there():
    assert {str(path.relative_to(ROOT)): missing for path in CODE if path.is_relative_to(ROOT / "console") if (missing := modules_gone(path.read_text()))} == {}


def test_a_module_that_is_gone_is_found():
    named = "`core.run.evolve`, `core.run.command_refusals.may(act, state)`, `core.run.dissolve`, that is `pool`'s, is `queries`'s, is `puddle`'s"
    assert modules_gone(named) == ["core.run.dissolve", "puddle"]


def test_a_file_that_is_gone_is_found(tmp_path: Path):
    document = tmp_path / "a.md"
    named = ["core/run/evolve.py", "core/run/evolve", "core/run/dissolve.py", "tests/conftest.py", "dispatch.py", "despatch.py", "docs/gone.md"]
    document.write_text(", ".join(f"`{path}`" for path in named))
    assert gone(document) == ["core/run/dissolve.py", "docs/gone.md", "despatch.py"]


KNOWN_TWICE = {"Answer", "Way"}
"""One is SSH's own in each pair."""


def test_no_two_classes_have_one_name():
    """Who searches for a class finds it."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "console").rglob("*.py"))
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} <= KNOWN_TWICE


@pytest.mark.parametrize("command", sorted(PLACES))
def test_every_command_is_in_the_index(command: str):
    assert f"`{command}`" in first_cells("command") or f"`deploy {command}`" in first_cells("command")


def test_every_key_is_in_the_index():
    known = set(re.findall(r"`([^`]+)`", first_cells("keys")))
    missing = {key_name(key) for action in ACTIONS for key in action.keys if action.title and not action.soon} - known
    assert missing == set()
