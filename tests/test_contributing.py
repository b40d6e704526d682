"""CONTRIBUTING's index leads to files that are there, and leaves out no command and no key; the documents name no file that is gone."""

import re
from pathlib import Path

import pytest

from console.cli.vocabulary import PLACES
from console.tui.keys import ACTIONS, key_name

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGES = "|".join(sorted(folder.name for folder in (ROOT / "console").iterdir() if (folder / "__init__.py").exists()))
PATH = re.compile(rf"`((?:{PACKAGES})/[\w./-]*)`")


def first_cells(title: str) -> str:
    """The first column of the table that has this head."""
    table = CONTRIBUTING.split(f"| {title} |", 1)[1].split("\n\n", 1)[0]
    return "\n".join(line.split("|")[1] for line in table.splitlines()[2:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(document: Path):
    gone = [path for path in PATH.findall(document.read_text()) if not any((ROOT / "console" / (path + end)).exists() for end in ("", ".py"))]
    assert gone == []


@pytest.mark.parametrize("command", sorted(PLACES))
def test_every_command_is_in_the_index(command: str):
    assert f"`{command}`" in first_cells("command") or f"`deploy {command}`" in first_cells("command")


def test_every_key_is_in_the_index():
    known = set(re.findall(r"`([^`]+)`", first_cells("keys")))
    missing = {key_name(key) for action in ACTIONS for key in action.keys if action.title and not action.soon} - known
    assert missing == set()
