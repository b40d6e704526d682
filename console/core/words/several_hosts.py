"""Hosts by name, where there may be too many to name. Pure."""

SHOWN = 5


def several(hosts: list[str]) -> str:
    """The first hosts by name, and how many more there are."""
    return ", ".join(hosts[:SHOWN]) + (f" and {len(hosts) - SHOWN} more" if len(hosts) > SHOWN else "")
