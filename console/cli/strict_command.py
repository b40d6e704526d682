"""Refuses a value that is empty, given twice, or no text: an unset variable in a script is a fault of the script, and never means "all" or "the default".

Every command and the group itself judge what was typed here, before anything else is done. Knows no command and no option by name.
"""

import os
from collections.abc import Iterable
from typing import Any

import click
from click.core import ParameterSource

from console.errors import UsageFault

VARIABLES = ("DEPLOY_CONFIG", "DEPLOY_STATE", "DEPLOY_ENGINE_IDLE")
"""Variables that stand for an option: set and empty is the same fault."""


class StrictCommand(click.Command):
    """A command whose parameters are never empty, and of one value where they take one. All commands are of this class."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what was typed. Raises UsageFault for an empty value, and for a second one."""
        refuse_twice(ctx, self, args)
        rest = super().parse_args(ctx, args)
        refuse_empty(ctx, self.params)
        return rest


def refuse_empty(ctx: click.Context, params: Iterable[click.Parameter]) -> None:
    """Raise UsageFault for the first of these parameters that was typed without anything in it."""
    for param in params:
        name = param.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and _is_empty(ctx.params.get(name), whole=param.nargs == -1):
            leave = "" if param.required else ", or leave it out"
            raise UsageFault(f"{_shown(param, ctx)} was given and is empty: nothing was done", f"{_expected(param, ctx)}{leave}")


def refuse_twice(ctx: click.Context, command: click.Command, args: list[str]) -> None:
    """Raise UsageFault for an option that takes one value and was typed twice: of two hosts or versions none is what was meant."""
    _, _, order = command.make_parser(ctx).parse_args(list(args))
    one = [param for param in order if isinstance(param, click.Option) and not param.is_flag and not param.multiple]
    twice = next((param for place, param in enumerate(one) if param in one[:place]), None)
    if twice:
        raise UsageFault(f"{_shown(twice, ctx)} was given twice: nothing was done", f"{_expected(twice, ctx)}, once")


def need_text(words: Iterable[str]) -> None:
    """Raise UsageFault for a word of the command line that is not text in this terminal's encoding: no name and no reason can be kept as it is."""
    for word in words:
        if any("\udc80" <= mark <= "\udcff" for mark in word):
            raise UsageFault(f"not UTF-8: {os.fsencode(word).decode('utf-8', 'backslashreplace')}: nothing was done", "type it as UTF-8 text")


def refuse_empty_variables() -> None:
    """Raise UsageFault for a variable that is set and says nothing, or is no text."""
    need_text(os.environ.get(name, "") for name in VARIABLES)
    for name in VARIABLES:
        if not os.environ.get(name, "-").strip():
            raise UsageFault(f"${name} is set and empty: nothing was done", f"give it a value, or: unset {name}")


def _is_empty(value: Any, *, whole: bool) -> bool:
    """Whether a value says nothing. Of a list each element must say something; of the words of a command (`whole`) one of them."""
    if isinstance(value, tuple):
        empty = [_is_empty(each, whole=whole) for each in value]
        return bool(empty) and (all(empty) if whole else any(empty))
    return isinstance(value, str) and not value.strip()


def _shown(param: click.Parameter, ctx: click.Context) -> str:
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.make_metavar(ctx).strip("[]")


def _expected(param: click.Parameter, ctx: click.Context) -> str:
    value = param.make_metavar(ctx).strip("[]")
    return f"{_shown(param, ctx)} {value}" if isinstance(param, click.Option) else value
