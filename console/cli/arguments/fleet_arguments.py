"""What is asked of an environment's hosts, and told them, beside runs."""

import sys
from typing import Any

import click

from console.cli.carry_out import finish
from console.cli.invocation import need_yes
from console.cli.options import how_of, how_options, reason, seconds
from console.cli.strict_command import StrictCommand
from console.errors import UsageFault

MAINTENANCE_VERBS = ("on", "off", "toggle", "status")


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--motd", is_flag=True, help="Print one line if something is open, for a login; asks no host.")
@how_options
@click.pass_context
def status(ctx: click.Context, /, environment: str, motd: bool, **given: Any) -> None:
    """Show which release runs on each host, read from the hosts."""
    how = how_of(ctx, given)
    if motd:
        from console.cli.motd import motd as say_what_is_open

        finish(say_what_is_open(how, environment))
    from console.cli import fleet_commands

    sys.exit(fleet_commands.status(how, environment))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why; shown to everyone who is refused.")
@click.option("--for", "duration", metavar="DURATION", help="How long it stays closed; without it, until deploy unlock.")
@how_options
@click.pass_context
def lock(ctx: click.Context, /, environment: str, why: str, duration: str | None, **given: Any) -> None:
    """Close an environment: releases, restarts and exec are refused until it is unlocked."""
    how = how_of(ctx, given)
    length = 0.0 if duration is None else seconds(duration, "--for")
    if duration is not None and length < 1:
        raise UsageFault(f"--for {duration}: that is over at once", "--for 90s, 10m or 1h")
    from console.cli import lock_commands

    finish(lock_commands.lock(how, environment, reason(why, "--reason"), length))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--run", "dead", default="", metavar="RUN", help="Break the lock of this run, which is dead.")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why.")
@how_options
@click.pass_context
def unlock(ctx: click.Context, /, environment: str, dead: str, why: str, **given: Any) -> None:
    """Open a closed environment, or break the lock of a dead run."""
    how = how_of(ctx, given)
    need_yes(how, "unlock")
    from console.cli import lock_commands

    if dead:
        finish(lock_commands.unlock_run(how, environment, dead, reason(why, "--reason")))
    finish(lock_commands.unlock(how, environment, reason(why, "--reason")))


@click.command("exec", cls=StrictCommand)
@click.argument("environment")
@click.argument("command", nargs=-1, required=True)
@click.option("--hosts", required=True, metavar="P", help="Hosts: names, globs, ranges, tag:x; ! excludes.")
@how_options
@click.pass_context
def execute(ctx: click.Context, /, environment: str, command: tuple[str, ...], hosts: str, **given: Any) -> None:
    """Run a command in the live release of those hosts: deploy exec production --hosts web01 -- 'ls | wc -l'.

    One word behind -- is the shell's text, several are a command with its arguments. --read-only: it changes nothing, by your word, and may run on
    hosts that are locked.
    """
    how = how_of(ctx, given)
    need_yes(how, "exec")
    from console.cli import exec_commands

    finish(exec_commands.execute(how, environment, hosts, exec_commands.command_of(command)))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these hosts: names, globs, ranges, tag:x; ! excludes.")
@click.option("--follow", is_flag=True, help="Keep following until ctrl+c.")
@click.option("--grep", "pattern", default="", metavar="REGEX", help="Show only lines that match.")
@how_options
@click.pass_context
def logs(ctx: click.Context, /, environment: str, hosts: str, follow: bool, pattern: str, **given: Any) -> None:
    """Show the application's own logs of every host, merged by time."""
    from console.cli import exec_commands

    finish(exec_commands.logs(how_of(ctx, given), environment, hosts, pattern, follow=follow))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--version", "ref", metavar="REF", default="", help="Tag, branch or commit (HEAD).")
@how_options
@click.pass_context
def pending(ctx: click.Context, /, environment: str, ref: str, **given: Any) -> None:
    """List the commits, authors and migrations between the live release and --version."""
    from console.cli import pending_command as waiting

    sys.exit(waiting.pending(how_of(ctx, given), environment, ref))


@click.command(cls=StrictCommand)
@click.argument("host")
@click.option("--reason", "why", required=True, metavar="TEXT", help="Why.")
@how_options
@click.pass_context
def forgive(ctx: click.Context, /, host: str, why: str, **given: Any) -> None:
    """Drop what is owed to a host that no longer exists."""
    how = how_of(ctx, given)
    need_yes(how, "forgive")
    from console.cli import forgive_command

    finish(forgive_command.forgive(how, host, reason(why, "--reason")))


@click.command(cls=StrictCommand)
@click.argument("environment", default="")
@click.option("--hosts", default="", metavar="P", help="Only these hosts: names, globs, ranges, tag:x; ! excludes.")
@how_options
@click.pass_context
def trust(ctx: click.Context, /, environment: str, hosts: str, **given: Any) -> None:
    """Show the keys of unknown hosts, and trust those that you confirm."""
    how = how_of(ctx, given)
    need_yes(how, "trust")
    from console.cli.trust_command import trust as enrol_keys

    finish(enrol_keys(how, environment, hosts))


@click.command(cls=StrictCommand)
@click.argument("words", nargs=-1, metavar="[ENVIRONMENT] [on|off|toggle|status]")
@click.option("--message", metavar="TEXT", help="What users are told; the commands have it as DEPLOY_MESSAGE.")
@click.option("--for", "duration", metavar="DURATION", help="It ends by itself after so long; without it, with off.")
@how_options
@click.pass_context
def maintenance(ctx: click.Context, /, words: tuple[str, ...], message: str | None, duration: str | None, **given: Any) -> None:
    """Show whether users see a maintenance page, or switch it on every host and balancer."""
    how = how_of(ctx, given)
    environment, verb = _maintenance_words(words)
    length = 0.0 if duration is None else seconds(duration, "--for")
    if duration is not None and length < 1:
        raise UsageFault(f"--for {duration}: that is over at once", "--for 90s, 10m or 1h")
    if verb in ("off", "status") and (message is not None or duration is not None):
        raise UsageFault(f"{'--message' if message is not None else '--for'} has no meaning with {verb}", "deploy maintenance on --message TEXT --for 30m")
    from console.cli import maintenance_command

    if verb == "status":
        sys.exit(maintenance_command.show_maintenance(how, environment))
    need_yes(how, f"maintenance {verb}")
    finish(maintenance_command.switch_maintenance(how, environment, verb, message or "", length))


def _maintenance_words(words: tuple[str, ...]) -> tuple[str, Any]:
    """The environment (empty: the only one) and the verb. Raises UsageFault."""
    environment = words[0] if words and words[0] not in MAINTENANCE_VERBS else ""
    rest = words[1:] if environment else words
    if len(rest) > 1 or (rest and rest[0] not in MAINTENANCE_VERBS):
        raise UsageFault(f"{' '.join(rest)}: not a verb of maintenance, which are {', '.join(MAINTENANCE_VERBS)}", "deploy maintenance ENV status")
    return environment, rest[0] if rest else "status"


COMMANDS = (status, maintenance, lock, unlock, execute, logs, pending, forgive, trust)
