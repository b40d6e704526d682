"""The command line: what stands before every command, and how each way of ending becomes an exit code. Knows nothing of runs, hosts or files.

`deploy production` is no command of its own: a first word that names no command is an environment (`command_list`). Slow parts are imported by the
command that needs them, so that `deploy --help` and a mistyped word answer at once.
"""

import os
import sys
import warnings
from typing import Any

import click

from console.as_typed import PROGRAM, Typed, program_of, set_typed
from console.cli.carry_out import finish
from console.cli.command_list import CommandList
from console.cli.interruption import obey_signals
from console.cli.invocation import options_in
from console.cli.options import how_of, how_options
from console.cli.output import OutputLost, fail, say_done, tell, tell_no_screen
from console.cli.strict_command import need_text
from console.errors import ConsoleError, Interrupted, UsageFault
from console.exit_codes import Exit


@click.group(cls=CommandList, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@how_options
@click.option("--version", "own_version", is_flag=True, help="Show the version and exit.")
@click.pass_context
def cli(ctx: click.Context, /, own_version: bool, **given: Any) -> None:
    """Deploy, watch and roll back. `deploy ENV` releases to an environment: deploy production --version v1.4.2."""
    if own_version:
        _say_version(ctx)
        return
    if ctx.invoked_subcommand is None:
        how = how_of(ctx, given)
        if how.wants_screen:
            from console.cli.home_command import home

            finish(home(how, ""))
        tell_no_screen(how)
        from console.cli import fleet_commands

        sys.exit(fleet_commands.status(how, ""))


def _say_version(ctx: click.Context) -> None:
    """Say which version of the console this is. Raises UsageFault where a command follows: `--version` before it is not the version that it is to release."""
    if ctx.invoked_subcommand is not None:
        raise UsageFault("--version before the command is the console's own version: nothing was done", "deploy ENV --version REF")
    from importlib.metadata import version

    say_done(version("deploy-console"))


def run() -> None:
    """Run the command line, and end with the contract's exit codes."""
    _stand_on_streams()
    as_json = "--json" in options_in(sys.argv[1:])
    set_typed(Typed(program_of(sys.orig_argv, len(sys.argv) - 1, _on_path())))
    try:
        obey_signals()
        need_text(sys.argv[1:])
        cli.main(standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(_interrupted(as_json=as_json))
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.UsageError as fault:
        sys.exit(fail(UsageFault(fault.format_message(), _help_for(fault)), as_json=as_json))
    except click.ClickException as fault:
        sys.exit(fail(UsageFault(fault.format_message(), "deploy --help"), as_json=as_json))
    except OutputLost as lost:
        sys.exit(int(Exit.DONE) if lost.left else fail(lost, as_json=False))
    except ConsoleError as error:
        sys.exit(fail(error, as_json=as_json))
    except OSError as fault:
        sys.exit(fail(ConsoleError(f"the console failed: {fault}", "df; see who owns what is named: ls -l"), as_json=as_json))
    except Exception as bug:
        if not as_json:
            import traceback

            tell("".join(traceback.format_exception(bug)).rstrip("\n"))
            sys.exit(int(Exit.CONSOLE_FAILED))
        sys.exit(fail(ConsoleError(f"the console failed: {type(bug).__name__}: {bug}"), as_json=True))


def _interrupted(*, as_json: bool) -> int:
    """End a command that was told to: what was only begun, and is never awaited now, is no news."""
    warnings.simplefilter("ignore", RuntimeWarning)
    return fail(Interrupted(), as_json=True) if as_json else int(Exit.INTERRUPTED)


def _on_path() -> str:
    """The program that `deploy` alone means; empty: none."""
    paths = (os.path.join(folder, PROGRAM) for folder in os.get_exec_path())
    return next((path for path in paths if os.access(path, os.X_OK)), "")


def _stand_on_streams() -> None:
    """Open what was closed of the standard streams: else the journal or a socket would get its number, and what is printed."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 (as long as the process)


def _help_for(fault: click.UsageError) -> str:
    name = fault.ctx.info_name if fault.ctx and fault.ctx.parent else ""
    return f"deploy {name} --help" if name else "deploy --help"
