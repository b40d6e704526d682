"""Whether another hosts.toml has the same names for something else, and what is still to be done in an environment by its own. Pure."""

from console.core.environment.record_queries import debts_of
from console.model.configured_environment import Environment
from console.model.environment_record import EnvironmentRecord


def stranger_words(before: Environment, other: Environment) -> str:
    """Say that two files have the same names for something else: another path on the hosts, or none of the hosts; empty: they have not."""
    if before.file == other.file:
        return ""
    why = "" if before.path == other.path else f"there it is in {before.path}, here in {other.path}"
    if {host.name for host in before.hosts}.isdisjoint(host.name for host in other.hosts):
        why = "no host is in both"
    return f"{other.file} and {before.file} both have {other.name} of {other.app}, and {why}" if why else ""


def runs_left(record: EnvironmentRecord) -> tuple[str, ...]:
    """Return the runs that are open, owe a host something, have left a lock, or show users a maintenance page."""
    shown = (record.maintenance.run,) if record.maintenance else ()
    locks = (host.locked_by for host in record.hosts.values() if host.lock_left)
    runs = (*(one.run for one in record.open), *(debt.run for debt in debts_of(record)), *locks, *shown)
    return tuple(dict.fromkeys(str(run) for run in runs if run))
