"""What PostgreSQL says of its tables, its locks and its schema. Queries and how their answers are read; how it is reached is `database_link`'s."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg

from console.adapters.database.database_link import Connection, NotRead, linked
from console.core.migrations.sql_file import ANY_SCHEMA
from console.model.database_facts import TableFacts
from console.model.host import Host
from console.model.values import changed
from console.ports.hosts import Transport
from console.safe_text import SafeText

__all__ = ["NotRead", "end_sessions", "read_schema", "read_tables", "watch_waits"]

ROUND = 0.25
"""Seconds between two looks at who waits for whom."""
ASKED = 80
"""Characters of a query that are shown."""

_TABLE = """
with recursive whole(oid, is_root) as (
  select t.oid, true from pg_class c left join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = coalesce(i.indrelid, c.oid)
  where c.oid = coalesce(to_regclass(%(name)s), (select oid from pg_class where relname = %(anywhere)s order by pg_total_relation_size(oid) desc limit 1))
  union select h.inhrelid, false from whole w join pg_inherits h on h.inhparent = w.oid
)
select array_agg(w.oid), coalesce(sum(pg_total_relation_size(w.oid)), 0)::bigint,
  coalesce(sum(greatest(t.reltuples::bigint, s.n_live_tup, 0)) filter (where t.relkind <> 'p'), 0)::bigint,
  coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)::bigint, count(*) - 1,
  coalesce(sum(pg_total_relation_size(w.oid)) filter (where w.is_root), 0)::bigint
from whole w join pg_class t on t.oid = w.oid left join pg_stat_all_tables s on s.relid = w.oid
"""
_HOLDERS = """
select a.pid, extract(epoch from clock_timestamp() - a.xact_start)::float8, a.usename, a.application_name, a.state
from (select distinct pid from pg_locks where relation = any(%s) and granted and pid <> pg_backend_pid()) l join pg_stat_activity a using (pid)
where a.datname = current_database() order by a.xact_start
"""
_WAITS = """
select a.pid, a.application_name, extract(epoch from clock_timestamp() - a.state_change)::float8, a.query,
       (select l.relation::regclass::text from pg_locks l where l.pid = a.pid and not l.granted and l.relation is not null limit 1),
       b.pid, b.usename, b.application_name, b.state, extract(epoch from clock_timestamp() - b.xact_start)::float8, b.query
from pg_stat_activity a cross join lateral unnest(pg_blocking_pids(a.pid)) as held(pid) join pg_stat_activity b on b.pid = held.pid
where a.datname = current_database() and a.wait_event_type = 'Lock' order by a.state_change limit 20
"""
_END = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %s and datname = current_database() and pid <> pg_backend_pid()"
_OWN = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
_SCHEMA = f"""
select x from (
  select concat_ws(' ', 'class', n.nspname, c.relname, c.relkind) from pg_class c join pg_namespace n on n.oid = c.relnamespace where {_OWN}
  union all select concat_ws(' ', 'column', n.nspname, c.relname, a.attnum, a.attname, a.atttypid::regtype, a.atttypmod, a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid))
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where {_OWN} and a.attnum > 0
  union all select concat_ws(' ', 'constraint', n.nspname, c.conrelid::regclass, c.conname, c.convalidated, pg_get_constraintdef(c.oid))
    from pg_constraint c join pg_namespace n on n.oid = c.connamespace where {_OWN}
  union all select concat_ws(' ', 'index', i.indexrelid::regclass, i.indisvalid, pg_get_indexdef(i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace where {_OWN}
  union all select concat_ws(' ', 'trigger', t.tgrelid::regclass, t.tgname, t.tgenabled)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where {_OWN} and not t.tgisinternal
  union all select concat_ws(' ', 'function', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), md5(p.prosrc))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {_OWN}
  union all select concat_ws(' ', 'type', n.nspname, t.typname,
    (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where {_OWN}
) as everything(x) order by x
"""  # noqa: S608 (no value of anybody's stands in it)


async def read_tables(transport: Transport, host: Host, url: str, names: tuple[str, ...], seconds: float) -> tuple[TableFacts, ...]:
    """Say how large those tables are and who works on them. Raises NotRead."""
    async with linked(transport, host, url, seconds) as connection:
        return tuple([await _table(connection, name) for name in names])


async def _table(connection: Connection, name: str) -> TableFacts:
    try:
        anywhere = name.removeprefix(ANY_SCHEMA).strip('"').replace('""', '"') if name.startswith(ANY_SCHEMA) else None
        found = await (await connection.execute(_TABLE, {"name": None if anywhere else name, "anywhere": anywhere})).fetchone()
    except psycopg.errors.SyntaxError:
        found = None
    if found is None or not found[0]:
        return TableFacts(name, exists=False)
    oids, size, rows, changes, parts, own = found
    holders = await (await connection.execute(_HOLDERS, (oids,))).fetchall()
    bare = TableFacts(name, size=size, rows=rows, changes=changes, parts=parts, own=own if parts else -1)
    if not holders:
        return bare
    pid, age, user, application, state = holders[0]
    return changed(bare, sessions=len(holders), oldest=float(age or 0.0), holder=_who(pid, user, application, state))


def _who(pid: int, user: str | None, application: str | None, state: str | None) -> SafeText:
    return SafeText(f"{user or '?'}{f', {application}' if application else ''}, {state or 'its state is hidden'}, pid {pid}", 120)


async def read_schema(transport: Transport, host: Host, url: str, seconds: float) -> str:
    """Return a digest of the whole schema: what is the same before and after has changed nothing in it. Raises NotRead."""
    async with linked(transport, host, url, seconds) as connection:
        digest = hashlib.sha256()
        for (line,) in await (await connection.execute(_SCHEMA)).fetchall():
            digest.update(f"{line}\n".encode())
        return digest.hexdigest()


async def watch_waits(transport: Transport, host: Host, url: str, application: str, seconds: float) -> AsyncIterator[tuple[SafeText, ...]]:
    """Say again and again who waits for whom. Raises NotRead."""
    async with linked(transport, host, url, seconds) as connection:
        while True:
            rows = await (await connection.execute(_WAITS)).fetchall()
            yield tuple(_wait_words(row, application) for row in rows)
            await asyncio.sleep(ROUND)


def _wait_words(row: tuple[Any, ...], application: str) -> SafeText:
    pid, waiting, since, query, table, holder, user, held_by, state, age, held_query = row
    who = "the migration" if waiting == application else f"pid {pid}"
    whom = "the migration" if held_by == application else str(_who(holder, user, held_by, state))
    on = f" on {table}" if table else ""
    blocked = f"{who} waits {since or 0:.0f} s for a lock{on}, blocked by {whom}, open for {age or 0:.0f} s with {_one_line(held_query)}"
    return SafeText(f"{blocked}; what waits: {_one_line(query)}")


def _one_line(query: str | None) -> str:
    return " ".join((query or "").split())[:ASKED].rstrip("; ") or "(its query is hidden)"


async def end_sessions(transport: Transport, host: Host, url: str, application: str, seconds: float) -> int:
    """End the sessions of that application name; how many there were. Raises NotRead."""
    async with linked(transport, host, url, seconds) as connection:
        found = await (await connection.execute(_END, (application,))).fetchone()
        return int(found[0]) if found else 0
