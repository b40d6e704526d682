"""Every command that the source names in a text is found here, and must be one that the command line takes. So a bare string can't pass for a command."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import console
from console.cli.main import cli
from console.core.checks.fleet import named as with_environment
from console.errors import NotYet
from console.model.checks import Check
from console.text import SafeText
from console.typed import commands_in

SOURCE = Path(console.__file__).parent
RUN = "20260101T000000Z-production-3f2a"
SAMPLES = (
    (r"run\b|\.run$|runs\[0\]|other|open_run_id|others\[0\]|\bof$", RUN), (r"^(hosts|fewer)$", "16"), (r"environment|found\.name|where", "production"), (r"state\.kind", "restart"), (r"host|name|alone", "web01"),
    (r"version|\.ref$", "v1.0.0"), (r"requires|required", "staging"), (r"check|spec|shown", "CI"), (r"words|reason|value", "'two words'"),
)  # fmt: skip
"""What stands for an expression in a text, by how the expression reads."""
OF_A_PERSON = frozenset({"TEXT", "REASON", "RELEASE"})
"""What only the person who types it can know, or choose."""
FORMS = {
    "deploy -c FILE": "the file is what is not known", "deploy ENV begins a run": "no environment is known", "deploy exec ENV --hosts P": "how exec is typed",
    "deploy rollback --to RELEASE": "which release is the person's choice",
}  # fmt: skip
"""Forms and the reasons why they are no commands that can be typed as they stand."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a module but docstrings, with something that stands for each expression in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else sample(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def sample(part: ast.expr) -> str:
    assert isinstance(part, ast.FormattedValue)
    reads = ast.unparse(part.value)
    if isinstance(part.value, ast.Constant | ast.JoinedStr):
        return ""
    return next((stands for pattern, stands in SAMPLES if re.search(pattern, reads)), "production")


def told(where: str, text: str) -> str:
    """What is told of a check's remedy: the environment stands in it by then."""
    return str(with_environment(Check("x", SafeText("x"), "failed", remedy=SafeText(text)), "production").remedy) if where.startswith("core/") else text


def named() -> list[tuple[str, str]]:
    """Each command that the source names, with where."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if "words" in path.parts or path.parent.name == "app":
            continue
        module = str(path.relative_to(SOURCE))
        found += [(f"{module}:{line}", command) for line, text in texts(path) for command in commands_in(told(module, text))]
    return found


def parse(command: str) -> list[str]:
    """Have the real command line read a command. Raises where it does not take it."""
    words = shlex.split(command)[1:]
    if "exec" in words[:1]:
        words += ["--", "id"]
    if words == ["--help"]:
        return words
    root = cli.make_context("deploy", list(words))
    if not [*root._protected_args, *root.args]:
        return words
    name, found, rest = cli.resolve_command(root, [*root._protected_args, *root.args])
    assert found is not None
    if "--help" not in rest:
        found.make_context(name, rest, parent=root)
    return words


def is_form(command: str) -> bool:
    return any(command.startswith(form) for form in FORMS)


def test_the_source_names_commands():
    assert len(named()) > 100


@pytest.mark.parametrize(("where", "command"), [(where, command) for where, command in named() if not is_form(command)])
def test_a_command_that_is_named_can_be_typed(where: str, command: str):
    try:
        words = parse(command)
    except (click.ClickException, NotYet) as fault:
        pytest.fail(f"{where}: `{command}` is not taken: {fault}")
    capitals = {word for word in re.findall(r"\b[A-Z]{2,}\b", command) if word != "CI"} - OF_A_PERSON
    assert not capitals, f"{where}: `{command}`: {capitals} is for the console to fill in"
    assert words
