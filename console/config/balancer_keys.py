"""The balancers of an environment, as the file says them: each on its machine, with the hosts that it serves. It opens no file and no connection."""

from typing import Any

from console.config.check_keys import judge_tags
from console.config.file_problems import FilePlace
from console.config.host_entries import read_one
from console.model.balancer import Balancer
from console.model.host import Host
from console.model.host_commands import Command

Values = dict[str, Any]
_COMMANDS = ("drain", "restore", "state")
_NEEDED = {"haproxy": ("socket", "backend"), "nginx": ("file", "upstream"), "command": _COMMANDS}


def read_balancers(tables: tuple[Values, ...], hosts: tuple[Host, ...], place: FilePlace) -> tuple[Balancer, ...]:
    """Return the balancers that are sound, and record what is wrong with the others."""
    found: dict[str, Balancer] = {}
    for number, values in enumerate(tables):
        here = place.at(number)
        judge_tags(values.get("tags", ()), hosts, here.at("tags"))
        balancer = _read(values, hosts, here)
        if balancer is None:
            continue
        _judge_servers(balancer, hosts, here)
        if balancer.name in found:
            here.wrong(f"a second balancer is {balancer.name}", "one table for each; tags say which hosts it serves")
        found.setdefault(balancer.name, balancer)
    return tuple(found.values())


def _read(values: Values, hosts: tuple[Host, ...], place: FilePlace) -> Balancer | None:
    needed = _NEEDED.get(values.get("kind", ""), ("kind",))
    if not set(needed) <= values.keys():
        return None  # the schema has said what is missing
    made = dict(values)
    for name in _COMMANDS:
        if name in values:
            made[name] = _command(values[name], place.at(name))
    if "host" in values:
        host = read_one(values["host"], place.at("host"), hosts)
        made["host"] = None if host is None or host.is_local else host
    if values["kind"] == "command" and values.get("maintenance"):
        place.at("maintenance").wrong(
            "a balancer of the kind command has no maintenance page", "take it out; maintenance_on and maintenance_off are the hosts' own commands"
        )
    return Balancer(**made)


def _command(values: Values, place: FilePlace) -> Command | None:
    if "run" not in values:
        place.wrong("has no run", 'a command is text, or a table such as { run = "…", timeout = "30s" }')
        return None
    return Command(**{"timeout": 30.0, **values})


def _judge_servers(balancer: Balancer, hosts: tuple[Host, ...], place: FilePlace) -> None:
    """Record two hosts that the balancer would know by one name."""
    known: dict[str, str] = {}
    for host in balancer.served(hosts):
        server = host.server or host.name
        other = known.setdefault(server, host.name)
        if other != host.name:
            place.wrong(f"{other} and {host.name} are both the server {server}", "server in each host's table is the balancer's name for it")
