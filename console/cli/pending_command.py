"""`deploy pending`: what a release would bring. Asks the engine; touches no host."""

from typing import Any

from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import ask
from console.cli.output import say, say_json, tell
from console.core.words.sizes import counted_hosts

SHOWN = 40
"""Commits that are listed for a person; JSON has all."""


def pending(how: Invocation, name: str, ref: str) -> int:
    """Print commits, authors and migrations between what is live and REF; 0 when answered."""
    found = ask(how, environment_or_known(how, name), "pending", {"ref": ref})
    if how.json:
        say_json(found)
        return 0
    for line in pending_lines(found):
        say(line)
    if found["unreachable"]:
        tell(f"deploy: not reached, and so not counted: {', '.join(found['unreachable'])}")
    return 0


def pending_lines(found: dict[str, Any]) -> list[str]:
    """Return it as lines; several live versions each have their own part."""
    lines = [f"{found['environment']}: up to {found['version']} ({found['commit'][:7]})"]
    if len(found["live"]) > 1:
        lines.append(
            f"the fleet has {len(found['live'])} versions: " + ", ".join(f"{row['version']} on {counted_hosts(row['hosts'])}" for row in found["live"])
        )
    if found["without_release"]:
        lines.append(f"no release yet on {', '.join(found['without_release'])}")
    for row in found["live"]:
        lines += _part(row, configured=found["migrations_configured"])
    return lines


def _part(row: dict[str, Any], *, configured: bool) -> list[str]:
    head = f"since {row['version']} on {counted_hosts(row['hosts'])}"
    if not row["known"]:
        return [f"{head}: its commit {row['commit'][:7] or '(not known)'} is not in this repository"]
    commits = row["commits"]
    back = f"; it goes back by {row['backwards']} that are live" if row["backwards"] else ""
    if not commits:
        return [f"{head}: no new commits{back}"]
    lines = [f"{head}: {len(commits)} commits by {', '.join(row['authors'])}{back}"]
    lines += [f"  {each['commit'][:7]}  {each['at'][:10]}  {each['by']}: {each['subject']}" for each in commits[:SHOWN]]
    lines += [f"  and {len(commits) - SHOWN} more"] if len(commits) > SHOWN else []
    if configured:
        lines += [f"  migration {name}" for name in row["migrations"]] or ["  no migrations"]
    return lines
