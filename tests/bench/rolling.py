"""P4: a rolling release, one host after the other, beside Ansible's playbook with the same steps and `serial: 1`.

The application's restart is `true` and there is no gate, so that all the time is the deployer's own: ship, unpack, switch, restart, prune.
"""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.engine.engine import Engine
from console.model import commands as cmd
from console.model.events import Event, StepFinished, StepStarted
from console.model.request import Person, Request
from tests.bench import peer_programs as peers
from tests.bench.priority import goes_first
from tests.bench.table import Row, at_most, print_table
from tests.fleet import Fleet, make_repository

HOSTS = int(os.environ.get("BENCH_ROLLING", "12"))
ROUNDS = 2
VERSIONS = tuple((f"v1.{number}.0", "good") for number in range(ROUNDS + 1))
ADA = Person("ada", os.getuid())
EXTRA = '[environments.production.commands]\nrestart = "true"\n[environments.production.monitor]\nwindow = "10m"\n'


async def released(session: Engine, version: str) -> float:
    """Release to all hosts, one after the other; seconds a host from the first one's first step to the last one's last."""
    run = await session.open_run(Request(ref=version, yes=True), ADA)
    began, ended, hosts = 0.0, 0.0, set[str]()
    async for item in session.follow(run, 0):
        if isinstance(item, Event) and isinstance(item, StepStarted | StepFinished):
            if item.step == "verify/monitor":
                await session.submit(run, cmd.Abort(leave=True), ADA)
                break
            if item.host:
                hosts.add(item.host)
                began, ended = began or item.mono, item.mono
    async for _ in session.follow(run, 10**9):
        pass
    return (ended - began) / len(hosts)


def playbook(folder: Path, fleet: Fleet, archive: Path) -> list[str]:
    """Write Ansible's playbook, with what makes it fast, and return how it is called."""
    release = "/srv/shop-ansible/releases/{{ release }}"
    tasks = [
        {"ansible.builtin.file": {"path": release, "state": "directory"}},
        {"ansible.builtin.unarchive": {"src": str(archive), "dest": release}},
        {"ansible.builtin.command": f"sh -c 'ln -sfn {release} /srv/shop-ansible/next && mv -fT /srv/shop-ansible/next /srv/shop-ansible/current'"},
        {"ansible.builtin.command": "true"},
    ]
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "serial": 1, "gather_facts": False, "tasks": tasks}]))
    (folder / "inventory").write_text("".join(f"{host.name} ansible_host={host.address} ansible_port={host.port}\n" for host in fleet.hosts.values()))
    (folder / "ansible.cfg").write_text(
        "[defaults]\ninterpreter_python = /usr/bin/python3\n[ssh_connection]\npipelining = True\n"
        f"ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={fleet.known_hosts} -o GlobalKnownHostsFile=/dev/null\n"
    )
    return [
        peers.program("ansible-playbook"),
        "-i",
        str(folder / "inventory"),
        "-u",
        fleet.user,
        "--private-key",
        str(fleet.identity),
        str(folder / "play.json"),
    ]


async def measure(folder: Path) -> None:
    """Measure and print."""
    state, repository = str(folder / "state"), make_repository(folder / "shop", VERSIONS)
    prepared(state)
    own, ansible = Row("console, seconds a host", "s"), Row("Ansible, serial: 1, pipelining, kept connections: seconds a host", "s")
    with Fleet(HOSTS, folder / "fleet") as fleet:
        file = fleet.hosts_toml(repository, batch="1", health=False, extra=EXTRA)
        archive = folder / "shop.tar"
        subprocess.run(["git", "-C", str(repository), "archive", "-o", str(archive), "HEAD"], check=True)
        journal = SqlJournal.of(state)
        session = Engine(journal, SystemClock(), lambda model, secrets: open_outside(model, state, secrets), lambda name: None)
        await session.configure(load_file(str(file)).environment("production"), "digest", {}, ADA)
        try:
            await released(session, VERSIONS[0][0])
            for number in range(ROUNDS):
                with goes_first():
                    own.values.append(await released(session, VERSIONS[number + 1][0]))
                if peers.program("ansible-playbook"):
                    argv = [*playbook(folder, fleet, archive), "-e", f"release=r{number}"]
                    environ = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")}
                    with goes_first():
                        took = await asyncio.to_thread(peers.timed, argv, env=environ)
                    ansible.values.append(took.seconds / HOSTS)
        finally:
            await session.stop(ADA, force=True)
            await journal.close()
    print_table(f"a rolling release to {HOSTS} hosts, one after the other", [ansible, own], (at_most("P4", "own time a host", own, 0.06),))


def main() -> None:
    """Measure in a folder of its own."""
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
