"""The commands of `deploy`, and in which module of `arguments` each stands. Knows none of them; one is loaded when it is typed, or asked for in the help."""

from importlib import import_module
from typing import Final

import click

from console.cli.strict_command import refuse_empty, refuse_empty_variables, refuse_twice
from console.errors import NotYet

PLACES: Final = {
    "ENV": "release_arguments", "check": "release_arguments", "rollback": "release_arguments", "restart": "release_arguments",
    "status": "fleet_arguments", "attach": "steering_arguments", "restore": "release_arguments", "resume": "steering_arguments",
    "pause": "steering_arguments", "continue": "steering_arguments", "promote": "steering_arguments", "extend": "steering_arguments",
    "abort": "steering_arguments", "skip": "steering_arguments", "retry": "steering_arguments", "ack": "steering_arguments",
    "note": "steering_arguments",
    "maintenance": "fleet_arguments", "lock": "fleet_arguments", "unlock": "fleet_arguments", "exec": "fleet_arguments", "logs": "fleet_arguments",
    "pending": "fleet_arguments", "forgive": "fleet_arguments", "trust": "fleet_arguments",
    "history": "record_arguments", "events": "record_arguments", "report": "record_arguments", "replay": "record_arguments",
    "demo": "machine_arguments", "engine": "machine_arguments",
}  # fmt: skip
"""Each command's module in `arguments`, in the order in which they are needed. `ENV` stands for any word that is none of them."""

ASKING: Final = frozenset({"ENV", "rollback", "restart", "resume", "exec", "unlock", "restore", "forgive", "maintenance"})
"""Commands that ask before they act, and need --yes where nobody can answer. `trust` asks too, and is not among them: keys are for a person to look at."""

LATER: Final = ("doctor", "init")
"""Commands that are still to come."""


class CommandList(click.Group):
    """A group in which a word that is no command is an environment, and options that belong to all may stand before the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before the command. Raises UsageFault for an empty value, in a variable too, and for a second one."""
        refuse_twice(ctx, self, args)
        rest = super().parse_args(ctx, args)
        refuse_empty(ctx, self.params)
        refuse_empty_variables()
        return rest

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the first word for a command, or for the environment of a release."""
        if args and args[0] in LATER:
            raise NotYet(f"deploy {args[0]}: not yet", "deploy --help")
        if args and (args[0] not in PLACES or args[0] == "ENV") and not args[0].startswith("-"):
            return "ENV", self.get_command(ctx, "ENV"), args
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are needed."""
        return [name for name in PLACES if name != "ENV"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module that tells of the command."""
        if cmd_name not in PLACES:
            return None
        commands: tuple[click.Command, ...] = import_module(f"console.cli.arguments.{PLACES[cmd_name]}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)
