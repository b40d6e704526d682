"""PostgreSQL's own parser: libpg_query, by postgast.

It ends the process on trees that are far too deep, so only `migration_reading` imports it, in a process of its own.
"""

from typing import Any

import postgast
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from console.core.migrations.sql_file import UnreadableSql


class PostgresParser:
    """The parser that migrations are read with."""

    def sql(self, text: str) -> list[dict[str, Any]]:
        """Return the trees of statements, as libpg_query writes them in JSON."""
        try:
            found: list[dict[str, Any]] = MessageToDict(postgast.parse(text)).get("stmts", [])
        except postgast.PgQueryError as fault:
            raise UnreadableSql(_first_line(fault)) from None
        except (DecodeError, RecursionError):
            raise UnreadableSql("it is nested too deeply") from None
        except UnicodeEncodeError:
            raise UnreadableSql("it is no text") from None
        return [tree for tree in found if "stmt" in tree]

    def plpgsql(self, text: str) -> list[dict[str, Any]]:
        """Return the trees of the blocks in a DO or a CREATE FUNCTION."""
        try:
            found: list[dict[str, Any]] = postgast.parse_plpgsql(text)
        except postgast.PgQueryError as fault:
            raise UnreadableSql(_first_line(fault)) from None
        except (RecursionError, ValueError):
            raise UnreadableSql("it is nested too deeply") from None
        return found


def _first_line(fault: Exception) -> str:
    return str(fault).strip().partition("\n")[0]
