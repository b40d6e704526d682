"""Every command that the source names in a text is found here, and must be one that the command line takes. So a bare string can't pass for a command."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

import console
from console.as_typed import commands_in
from console.cli.main import cli
from console.core.checks.fleet import named as with_environment
from console.errors import NotYet
from console.model.checks import Check
from console.safe_text import SafeText

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
    "deploy rollback --to RELEASE": "which release is the person's choice", "deploy rollback ENV --to RELEASE": "the environment is filled in where it is told",
    "deploy ENV --version REF": "what was meant by a word before the command is the person's to say",
}  # fmt: skip
"""Forms and the reasons why they are no commands that can be typed as they stand."""


def naming() -> list[str]:
    """The modules that may name a command: those with its first word in them. Each is read by a test, not by every process that collects tests."""
    found = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if "deploy" in path.read_text(encoding="utf-8")]
    return sorted(module for module in found if Path(module).parent.name != "app")


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse((SOURCE / module).read_text(encoding="utf-8"))


def texts(module: str) -> Iterator[tuple[int, str]]:
    """Every text in a module but docstrings, with something that stands for each expression in it."""
    tree = parsed(module)
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


def named(module: str) -> list[tuple[str, str]]:
    """Each command that a module names, with where."""
    if {"words", "arguments"} & set(Path(module).parts):
        return []
    return [(f"{module}:{line}", command) for line, text in texts(module) for command in commands_in(told(module, text))]


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
    assert sum(len(named(module)) for module in naming()) > 100


@pytest.mark.parametrize("module", naming())
def test_a_command_that_is_named_can_be_typed(module: str):
    faults = [fault for where, command in named(module) if not is_form(command) and (fault := not_typed(where, command))]
    assert not faults, "\n".join(faults)


def not_typed(where: str, command: str) -> str:
    """Why a command can't be typed as it stands; empty: it can."""
    try:
        words = parse(command)
    except (click.ClickException, NotYet) as fault:
        return f"{where}: `{command}` is not taken: {fault}"
    capitals = {word for word in re.findall(r"\b[A-Z]{2,}\b", command) if word != "CI"} - OF_A_PERSON
    if capitals:
        return f"{where}: `{command}`: {capitals} is for the console to fill in"
    return "" if words else f"{where}: `{command}` is no command"


ASKED_WITH: dict[str, tuple[int, ...]] = {
    "Problem": (1,), "ConsoleError": (1,), "UsageFault": (1,), "NoGo": (1,), "Locked": (1,), "NotYet": (1,), "JournalFault": (1,), "EngineLost": (1,),
    "NoEngine": (1,), "Refusal": (1,), "_no": (1,), "NeedsPerson": (2,), "LeftOpen": (2,), "Unreached": (3,), "BalancerProblem": (2,), "NoReturn": (1,),
    "Unsteered": (1,), "_check": (4, 3), "StepResult": (3,), "_held": (1,), "fleet_check": (3,),
}  # fmt: skip
"""Where a hint stands among the arguments of what bears one."""
NAMES = frozenset({"hint", "hints", "remedy", "remedies", "next"})
MAKES_HINTS = re.compile(
    r"_?(place_hint|unlocking|way_out|way_on|stayed_hint|mending|next_words|command_to_go_on|remedy|after_the_end|shipped_again|looked_at_with|asked_again)$"
)
"""Functions that return one."""


def hints_of(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that make a hint, as far as the source's form says so."""
    match node:
        case ast.Call():
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            yield from (node.args[place] for place in ASKED_WITH.get(name, ()) if place < len(node.args))
            yield from (word.value for word in node.keywords if word.arg in NAMES)
        case ast.Dict():
            yield from (value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant) and key.value in NAMES)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
            yield value
        case ast.FunctionDef(name=name) if MAKES_HINTS.match(name):
            yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None)


def named_in_hints(module: str) -> list[tuple[str, str]]:
    """Every text of a hint in a module that names a command, with where."""
    found = []
    hints = {id(part): part for node in ast.walk(parsed(module)) for hint in hints_of(node) for part in ast.walk(hint)}
    inner = {id(value) for part in hints.values() if isinstance(part, ast.JoinedStr) for value in part.values}
    for part in hints.values():
        if isinstance(part, ast.JoinedStr):
            text = "".join(str(one.value) if isinstance(one, ast.Constant) else sample(one) for one in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and id(part) not in inner:
            text = part.value
        else:
            continue
        if commands_in(told(module, text)):
            found.append((f"{module}:{part.lineno}", told(module, text)))
    return found


@pytest.mark.parametrize("module", naming())
def test_a_hint_that_names_a_command_is_that_command_and_nothing_else(module: str):
    mixed = [f"{where}: {hint!r}" for where, hint in named_in_hints(module) if not is_form(hint) and commands_in(hint) != (hint.strip(),)]
    assert not mixed, "words of a hint stand in the message, so that the hint can be pasted whole:\n" + "\n".join(mixed)


def test_hints_are_found():
    assert sum(len(named_in_hints(module)) for module in naming()) > 60
