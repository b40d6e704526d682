"""A brain that says what a test wants, and an engine around it in a process of its own."""

import asyncio
import os
import sys
from contextlib import nullcontext

from console.engine.server.broadcast import Broadcast
from console.engine.server.engine_process import idle_seconds, serve
from console.errors import Locked, NoGo, Problem
from console.model.commands import Accepted, Note, Refusal
from console.model.configured_environment import Access, Environment
from console.model.events import NoteAdded, RunEnded, RunOpened
from console.model.host import Host
from console.model.request import Person, Request
from console.ports.feed import Output
from console.safe_text import SafeText
from console.wire.address import lock_path, socket_path

ENVIRONMENT = Environment(app="shop", name="production", path="/srv/shop", hosts=(Host("web01"),))


class ScriptedBrain:
    """One run at a time, of notes; ends with a note that says `end`."""

    def __init__(self, access=None):
        self.access = access
        self.owing = False
        self.left = None
        self.digest = ""
        self.secrets = {}
        self.busy = False
        self.open_run_id = ""
        self.newer_run_id = ""
        self.broadcast = Broadcast()
        self.stopped = []
        self.asked = []

    @property
    def seq(self):
        return self.broadcast.seq

    async def configure(self, environment, digest, secrets, person):
        if self.busy and digest != self.digest:
            raise Locked("busy with another", "deploy attach", (Problem("one", "do", "hosts.toml", 3, "app.name"), Problem("two")))
        self.digest = digest
        self.secrets = dict(secrets)
        self.access = environment.access
        return tuple(self.secrets)

    async def open_run(self, request, person):
        if request.ref == "bad":
            raise NoGo("nothing to roll back to", "deploy history")
        self.open_run_id = f"run-{len(self.asked) + 1}"
        self.busy = True
        self.broadcast = Broadcast()
        self.broadcast.publish(
            RunOpened(
                seq=1,
                run=self.open_run_id,
                kind="deploy",
                app="shop",
                environment="production",
                protected=False,
                by=person,
                request=request,
                config_digest=self.digest,
                hosts=("web01",),
            )
        )
        return self.open_run_id

    def follow(self, run, after):
        return self.broadcast.follow(after)

    elsewhere = ()
    record_is_away = False

    def looking_on(self, run, person, *, operator):
        return nullcontext()

    async def joined(self, run, person):
        self.people_joined = [*getattr(self, "people_joined", []), (run, person.name)]

    async def submit(self, run, command, person):
        if not isinstance(command, Note):
            return Refusal(SafeText("only notes"), SafeText("deploy note TEXT"))
        if command.text == "end":
            self.broadcast.publish(RunEnded(seq=self.seq + 1, exit=0, outcome="succeeded"))
            self.open_run_id, self.busy = "", False
        else:
            self.broadcast.publish(NoteAdded(seq=self.seq + 1, by=person, text=command.text))
        return Accepted(self.seq)

    async def refused(self, person, act, fault):
        self.refusals = [*getattr(self, "refusals", []), (person.name, act, fault.message)]

    async def query(self, name, argument, person):
        self.asked.append((name, dict(argument), person))
        match name:
            case "check":
                await asyncio.Event().wait()
            case "bug":
                raise RuntimeError("a bug")
            case "flood":
                for number in range(argument["lines"]):
                    self.broadcast.tell(Output("t", "web01", "s", SafeText(f"line {number} " + "x" * 500)))
            case "shapes":
                return {"person": person, "output": Output("t", "h", "s", SafeText("x")), "safe": SafeText("y")}
        return {"open": self.open_run_id or None, "uid": os.getuid()}

    async def resume(self, run, person, *, goes_back=False):
        self.open_run_id, self.busy = run, True

    async def stop(self, person, force):
        if self.busy and not force:
            raise Locked(f"{self.open_run_id} goes on", "deploy abort")
        self.stopped.append(person)


async def main(app, environment):
    state = os.environ["DEPLOY_STATE"]
    idle = idle_seconds(os.environ.get("DEPLOY_ENGINE_IDLE", ""))
    if os.environ.get("DEPLOY_TEST_FAILS"):
        sys.exit("\x1b[31mno journal: the disk is full")
    await asyncio.sleep(float(os.environ.get("DEPLOY_TEST_LATE", "0")))
    service = ScriptedBrain()
    socket, lock = socket_path(state, app, environment), lock_path(state, app, environment)
    await serve(service, app=app, environment=environment, socket=socket, lock=lock, idle=idle, first_client=60.0)
    print("stopped by", [each.name for each in service.stopped], flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[2], sys.argv[4]))
    except Locked as locked:
        print(locked, flush=True)
        sys.exit(int(locked.exit))

__all__ = ["ENVIRONMENT", "Access", "Person", "Request", "ScriptedBrain", "main"]
