"""A dump of PostgreSQL that the console takes itself, where the file names no command: its texts for POSIX sh, and whether it may be taken. Pure.

It lies in `dumps/` in the console's own folder on the database's host, by the run's name. URL and password are libpq's variables: they reach
the host by standard input.
"""

import re
from collections.abc import Mapping

from console.core.host.shell import exports, quote
from console.core.words.sizes import counted, size_words
from console.model.configured_environment import Database, Environment
from console.model.database_facts import Backup, DumpLook
from console.model.host_commands import Command
from console.safe_text import SafeText

MARK = "deploy-dump ::"
FOLDER = "dumps"
TIMEOUT = 1800.0
RESTORING = 7200.0
"""Seconds that the console's own restore has."""

_LOOK = r"""
say() { printf '@MARK@ %s %s\n' "$1" "$2"; }
for p in pg_dump pg_restore psql; do command -v "$p" >/dev/null || say missing "$p"; done
say folder "$HOME/.deploy-console/"@NAME@"/@FOLDER@"
d=$HOME/.deploy-console/@NAME@/@FOLDER@
while [ ! -d "${d:-/}" ]; do d=${d%/*}; done
say free "$(df -Pk "${d:-/}" | { read -r x; read -r x x x f x; echo "$f"; })"
! command -v pg_dump >/dev/null || say dumper "$(pg_dump --version)"
! command -v psql >/dev/null || {
  if s=$(psql -XAtqw -c "@ASK@" 2>&1); then say server "$s"; else say refused "$(printf %s "$s" | tr '\n' ' ')"; fi
}
"""
_THERE = r"""
cd "$HOME"/.deploy-console/@NAME@ 2>/dev/null || :
if [ -s @FILE@ ]; then echo '@MARK@ there'; else echo '@MARK@ gone'; fi
"""
_ASK = (
    "select current_setting('server_version_num'), pg_database_size(current_database()), count(*), coalesce(min(c.oid::regclass::text), '') "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' "
    "and n.nspname <> 'information_schema' and not has_table_privilege(c.oid, 'select')"
)
_DUMP = r"""
umask 077
mkdir -p @FOLDER@
@RUN@ || { c=$?; rm -f -- @FILE@; exit "$c"; }
"""
_KEEP = r"""
ls -1t @FOLDER@/*.dump | { n=0; while read -r f; do n=$((n + 1)); [ "$n" -le @KEPT@ ] || rm -f -- "$f"; done; }
"""
_EMPTIED = r"""
begin;
set local client_min_messages = warning;
do $dc$ declare one record; begin
  for one in
    select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
           else 'table' end as kind, c.oid::regclass::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and pg_has_role(c.relowner, 'usage')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') order by c.relkind
  loop if to_regclass(one.name) is not null then execute format('drop %s %s cascade', one.kind, one.name); end if; end loop;
  for one in
    select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and pg_has_role(p.proowner, 'usage')
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop execute format('drop routine if exists %s cascade', one.name); end loop;
  for one in
    select t.oid::regtype::text as name from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and pg_has_role(t.typowner, 'usage')
      and (t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and c.relkind = 'c'))
      and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  loop execute format('drop type if exists %s cascade', one.name); end loop;
end $dc$;
"""
_RESTORE = r"""
umask 077
[ -e @FILE@ ] || { echo @FILE@" is not there any more" >&2; exit 1; }
list=$(mktemp)
trap 'rm -f "$list" "$list.own"' EXIT
pg_restore --list @FILE@ > "$list"
grep -vE '^[0-9]+; [0-9]+ [0-9]+ (EXTENSION|COMMENT - EXTENSION) ' "$list" > "$list.own"
{
  printf '%s\n' @EMPTIED@
  if pg_restore -f - --clean --if-exists -L "$list.own" @FILE@; then echo 'commit;'
  else echo 'do $dc$ begin raise exception $m$the backup was not read to its end$m$; end $dc$;'; fi
} | psql -X -q -w -v ON_ERROR_STOP=1 -o /dev/null
"""


def folder_of(environment: Environment) -> str:
    """The name of the console's own folder on the database's host."""
    return f"{environment.app}-{environment.name}"


def takes_dump(database: Database) -> bool:
    """Whether the console itself dumps that database: the file names its URL, and no command that backs it up."""
    return database.kind == "postgres" and database.backup is None and bool(database.url)


def backup_of(database: Database) -> Command | None:
    """What backs the database up: the file's command, else the console's own; None: nothing does."""
    if takes_dump(database):
        return Command(f"pg_dump -Fc --no-password -f {FOLDER}/{{run}}.dump", timeout=TIMEOUT)
    return database.backup


def restore_of(database: Database, backup: Backup | None) -> Command | None:
    """What brings that backup back: the file's command, else the console's own where it is a dump that pg_restore has read; None: nothing does."""
    if database.restore is None and database.kind == "postgres" and database.url and backup and backup.path and backup.proof == "read by pg_restore":
        return Command(restore_script(str(backup.path)), timeout=RESTORING)
    return database.restore


def look_script(name: str, variables: Mapping[str, str]) -> str:
    """Return what is asked of the database's host before the decision: the tools, the room, and the server as its login sees it. Changes nothing."""
    body = _LOOK.replace("@ASK@", _ASK).replace("@NAME@", quote(name)).replace("@FOLDER@", FOLDER).replace("@MARK@", MARK)
    return exports({"PGCONNECT_TIMEOUT": "10", **variables}) + body


def read_look(host: str, out: str) -> DumpLook:
    """Read what that script said; what it did not say is empty, and a number that is none is 0."""
    said: dict[str, str] = {}
    missing = []
    for line in out.splitlines():
        name, _, value = line.removeprefix(MARK).strip().partition(" ")
        if not line.startswith(MARK):
            continue
        if name == "missing":
            missing.append(value)
        said[name] = value.strip()
    dumper = re.search(r"\) (\d+)", said.get("dumper", ""))
    server, size, unread, example = ([*said.get("server", "").split("|", 3), "", "", "", ""])[:4]
    return DumpLook(
        host, SafeText(said.get("folder", "")), free=1024 * _number(said.get("free", "")), size=_number(size), missing=tuple(missing),
        dumper=int(dumper[1]) if dumper else 0, server=_number(server) // 10000, refused=SafeText(said.get("refused", ""), 300),
        unread=_number(unread), example=SafeText(example, 100),
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def kept_script(name: str, path: str) -> str:
    """Return what asks the database's host whether a dump is still there, and not empty. Changes nothing."""
    return _THERE.replace("@NAME@", quote(name)).replace("@FILE@", quote(path)).replace("@MARK@", MARK)


def read_kept(out: str) -> bool | SafeText:
    """Read what that script said; words: it said nothing of the dump."""
    said = next((line.removeprefix(MARK).strip() for line in out.splitlines() if line.startswith(MARK)), "")
    return said == "there" if said in ("there", "gone") else SafeText("it did not answer whether the dump is there")


def dump_problem(look: DumpLook | None) -> tuple[str, str] | None:
    """Why no dump can be taken, and what to do about it; None: it can."""
    own = "or name a command that backs it up (backup = … in [environments.ENV.database]), or --override backup=REASON"
    if look is None:
        return "the host that would dump it was not looked at", f"look again, {own}"
    if look.problem:
        return f"{look.host} was not looked at: {look.problem}", f"mend that, {own}"
    if look.missing:
        what = f"{', '.join(look.missing)} not found on {look.host}"
        return what, f"install PostgreSQL's client there (Debian: apt-get install postgresql-client), name a host that has it (database.host = …), {own}"
    if look.refused:
        return f"psql on {look.host} gets no connection: {look.refused}", f"the url is seen from {look.host}: mend it or let that host in, {own}"
    if look.server > look.dumper:
        what = f"pg_dump on {look.host} is of version {look.dumper}, and dumps no server of version {look.server}"
        return what, f"install postgresql-client-{look.server} there, {own}"
    if look.unread:
        return f"the url's login may not read {counted(look.unread, 'table')} ({look.example})", f"grant pg_read_all_data to it, {own}"
    if look.free < look.size:
        what = f"no room for a dump: the database has {size_words(look.size)}, and {size_words(look.free)} are free for {look.folder} on {look.host}"
        return what, f"make room there, {own}"
    return None


def dump_words(look: DumpLook) -> str:
    """The dump that will be taken, in words."""
    return f"pg_dump on {look.host} to {look.folder}: the database has {size_words(look.size)}, {size_words(look.free)} are free there"


def guarded(run: str) -> str:
    """Return the dump's command so that it leaves nothing half done behind. `run` has its placeholders filled."""
    return _DUMP.replace("@RUN@", run).replace("@FILE@", run.rpartition(" ")[2]).replace("@FOLDER@", FOLDER)


def kept(count: int) -> str:
    """Return what is done once the dump is proven: the newest so many stay."""
    return _KEEP.replace("@KEPT@", str(max(1, count))).replace("@FOLDER@", FOLDER)


def restore_script(path: str) -> str:
    """Return what brings a dump back in one transaction: all of it, or nothing. What the database has had since is dropped with it."""
    return _RESTORE.replace("@FILE@", quote(path)).replace("@EMPTIED@", quote(_EMPTIED.strip()))
