"""`deploy lock` and `deploy unlock`: a person's note on the hosts of an environment, and the lock of a run that is dead. Asks the engine; touches no host."""

from typing import Any

from console.cli.ask import confirm
from console.cli.wiring import How, asking, environment_or_known, say_json, tell, tell_twin
from console.errors import Exit, Problem
from console.plain.jsonl import problem_object


async def lock(how: How, name: str, reason: str) -> int:
    """Leave a person's note on every host, until it is taken away."""
    return await _on_every_host(how, name, "lock", {"reason": reason})


async def unlock(how: How, name: str, reason: str) -> int:
    """Take a person's note away from every host."""
    await confirm(how, f"let releases to {name or 'the environment'} in again?")
    return await _on_every_host(how, name, "unlock", {"reason": reason})


async def _on_every_host(how: How, name: str, verb: str, argument: dict[str, Any]) -> int:
    found = environment_or_known(how, name)
    client = await asking(how, found)
    try:
        failed = await client.query(verb, argument)
    finally:
        await client.close()
    problems = [Problem(f"{each['host']}: {each['message']}", each["hint"]) for each in failed]
    code = int(Exit.NO_GO if problems else Exit.DONE)
    if how.json:
        say_json({"type": "result", "exit": code, "problems": [problem_object(problem) for problem in problems]})
    for problem in problems:
        tell(f"deploy: {problem}")
    tell_twin(verb, found.name, "--reason", str(argument["reason"]), "" if verb == "lock" else "--yes")
    return code
