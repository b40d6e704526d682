"""Journals on the test process's PostgreSQL."""

import itertools
import secrets

import psycopg
import pytest

from console.adapters.journal.tables import META

_numbers = itertools.count(1)


def executed(url: str, *statements: str) -> list[tuple]:
    """Say that to a database; what the last statement answers."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            found = connection.execute(statement)
        return found.fetchall() if found.description else []


def address(server: str, database: str) -> str:
    return server.rpartition("/")[0].replace("postgresql:", "postgresql+psycopg:") + "/" + database


def plain(address: str) -> str:
    """The address as psycopg reads it."""
    return address.replace("+psycopg", "")


def empty_database(server: str, how: str = "") -> str:
    """The address of a new database without tables."""
    name = f"bare_{next(_numbers)}_{secrets.token_hex(3)}"
    executed(server, f"create database {name} {how}")
    return address(server, name)


@pytest.fixture(scope="session")
def journal_database(postgres_server):
    """The address of a database with the journal's tables."""
    from console.adapters.journal.postgres_migrate import migrate

    made = empty_database(postgres_server)
    migrate(made)
    return made


@pytest.fixture
def shared_journal(journal_database):
    """The address of a journal that holds nothing yet."""
    executed(plain(journal_database), f"truncate {', '.join((*META.tables, 'leases', 'commands', 'onlookers', 'shown', 'bastions'))}")
    return journal_database
