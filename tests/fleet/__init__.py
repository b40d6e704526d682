"""Hosts for tests: real OpenSSH servers, each in namespaces of its own, each on a loopback address of its own."""

from tests.fleet.fleet import Fleet, Machine, missing
from tests.fleet.release import make_repository

__all__ = ["Fleet", "Machine", "make_repository", "missing"]
