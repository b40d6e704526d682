"""What commands share: the file, the state folder, the engine to talk to, and the way an answer is printed. Slow parts are imported when used."""

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError, Exit, NoGo, UsageFault

if TYPE_CHECKING:
    from console.adapters.journal import SqlJournal
    from console.client.attach import Client
    from console.config.load import ConfigFile
    from console.model.fleet import Environment
    from console.ports import RunSummary


@dataclass
class How:
    """How a command speaks and what it may assume."""

    file: str = ""
    app: str = ""
    yes: bool = False
    plain: bool = False
    json: bool = False
    read_only: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person sits there."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def wants_screen(self) -> bool:
        """Whether the screen is what opens."""
        return self.is_terminal and not self.plain and not self.json and os.environ.get("TERM", "dumb") != "dumb"


def need_yes(how: How, command: str) -> None:
    """Refuse a command that asks, where nobody can answer. Raises UsageFault before anything is contacted."""
    if not how.yes and not how.is_terminal:
        raise UsageFault(f"{command} asks before it acts, and there is no terminal to answer on", f"{command} --yes")


def state() -> str:
    """The state folder, made where it is missing."""
    from console.adapters.statefolder import prepared, state_folder

    folder = state_folder(os.environ)
    prepared(folder)
    return folder


def config(how: How) -> "ConfigFile":
    """Load hosts.toml. Raises UsageFault with every problem in it."""
    from console.config.load import find_file, load_file

    path = find_file(how.file or None, os.environ, os.getcwd())
    if path is None:
        raise UsageFault("there is no hosts.toml here or in a folder above", "deploy -c FILE …, or write one: hosts.toml.example shows every key")
    return load_file(path)


def environment(how: How, name: str, *, gated: bool = False) -> "Environment":
    """Resolve an environment. `gated`: keys that are still to come are a no-go."""
    file = config(how)
    found = file.environment(name, how.app)
    later = file.not_yet(found.name, how.app) if gated else ()
    if later:
        raise NoGo("hosts.toml names what this console cannot do yet", "take the keys out, or wait for the version that has them", later)
    return found


async def client_for(how: How, found: "Environment") -> "Client":
    """Meet the environment's engine, started where none lives, and hand it the model."""
    from console.client.attach import claims_of
    from console.client.engines import ensure_engine
    from console.config.load import digest

    client = await ensure_engine(state(), found.app, found.name, claims=claims_of(os.environ), read_only=how.read_only)
    if not how.read_only:
        await client.configure(found, digest(found), secrets_of(found))
    return client


def secrets_of(found: "Environment") -> dict[str, str]:
    """Read the secrets of a run where this console is to read them. Raises UsageFault naming what is missing."""
    import subprocess

    result: dict[str, str] = {}
    for name, value in found.variables.items():
        if isinstance(value, str):
            continue
        if value.kind == "env":
            if value.name not in os.environ:
                raise UsageFault(f"the secret {name} is to come from ${value.name}, which is not set", f"export {value.name}=…")
            result[name] = os.environ[value.name]
        elif value.kind == "file":
            with open(value.name) as file:
                result[name] = file.read().rstrip("\n")
        else:
            ran = subprocess.run(["sh", "-c", value.name], capture_output=True, text=True, timeout=60, check=False)
            if ran.returncode:
                raise UsageFault(f"the secret {name} could not be read: its command ended with {ran.returncode}", value.name)
            result[name] = ran.stdout.rstrip("\n")
    return result


def journal() -> "SqlJournal":
    """Open the record of runs."""
    from console.adapters.journal import SqlJournal

    return SqlJournal.of(state())


def run_named(text: str) -> "RunSummary":
    """Find a run by id, unique prefix, or `last`; left out, the one that is open. Raises UsageFault."""
    runs = journal().runs(limit=500)
    if text == "last" and runs:
        return runs[0]
    found = [run for run in runs if (run.run.startswith(text) if text else run.outcome is None)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageFault(f"no run is called {text}" if text else "no run is open", "deploy history")
    raise UsageFault("several runs fit: " + ", ".join(run.run for run in found[:6]), "name one of them")


def fail(error: ConsoleError, *, as_json: bool) -> int:
    """Say an error and return its exit code."""
    problems = [{"file": each.file, "line": each.line, "key": each.key, "message": each.message, "hint": each.hint} for each in error.problems]
    if as_json:
        outcome = {Exit.NO_GO: "no-go", Exit.LOCKED: "locked"}.get(error.exit, "error")
        say_json({"type": "result", "exit": int(error.exit), "run": None, "outcome": outcome, "hosts": [], "seconds": 0, "problems": problems})
    for problem in error.problems:
        print(f"deploy: {problem}", file=sys.stderr)
    return int(error.exit)


def say(line: str) -> None:
    """A line of data."""
    print(line, flush=True)


def say_json(value: Any) -> None:
    """One object as one line of data."""
    say(json.dumps(value, separators=(",", ":"), default=str))
