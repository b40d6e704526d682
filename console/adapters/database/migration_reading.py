"""A process that reads migrations: files on standard input, one line for each on standard output, as soon as it is read.

It is a process of its own because PostgreSQL's parser, which is C, may end it or take long; `migration_reader` starts it and lives on.
"""

import sys

from console.adapters.database.parser import PostgresParser
from console.core.migrations.migration_set import Reader
from console.model.database_facts import MigrationText
from console.wire.codec import decoder, encode


def main() -> None:
    """Read every file that stands on standard input, and write what it does, a line of JSON for each."""
    sys.setrecursionlimit(4000)
    reader = Reader(PostgresParser())
    for one in decoder(tuple[MigrationText, ...])(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(encode(reader.read(one.path, one.text, is_back=one.is_back)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
