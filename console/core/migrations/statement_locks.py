"""Which locks a statement takes, on which tables, and for how long: PostgreSQL's rules on the tree that its own parser makes of it.

Pure. It knows one statement; not what stood before it in its file, nor how large a table is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from console.model.database_facts import Effect

Tree = dict[str, Any]
"""A node as libpg_query writes it in JSON."""

MANY = ""
"""The name of a table where a statement works on tables that it does not name."""


class LockedTable(NamedTuple):
    """A table, an index or a view as a statement names it; no schema: as the search path finds it."""

    schema: str
    name: str


class Lock(NamedTuple):
    """A lock that a statement takes."""

    table: LockedTable
    lock: str
    effect: Effect = ""
    is_only: bool = False
    """Its partitions and heirs are left alone."""


EXCLUSIVE, SHARE, ROW_SHARE_EXCLUSIVE, LIGHT, ROWS = "ACCESS EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE"
_MODES = ("", "ACCESS SHARE", "ROW SHARE", ROWS, LIGHT, SHARE, ROW_SHARE_EXCLUSIVE, "EXCLUSIVE", EXCLUSIVE)
_STEADY = frozenset({
    "now", "transaction_timestamp", "statement_timestamp", "current_setting", "current_schema", "current_database", "current_user", "lower", "upper", "concat",
    "jsonb_build_object", "json_build_object", "to_jsonb", "date_trunc", "timezone", "md5", "coalesce", "make_interval", "array_fill", "to_tsvector", "length",

    "char_length", "abs", "round", "trim", "btrim", "replace", "substring", "txid_current", "version", "make_date", "date_part", "jsonb_build_array", "encode",
    "decode", "repeat", "left", "right", "lpad", "rpad", "set_masklen", "host", "to_timestamp", "to_char", "to_date", "box2d",
    "st_geomfromtext", "st_makepoint",
})  # fmt: skip
"""Functions that are not volatile: a default made of them is worked out once, and no row is written."""
_NEVER_STEADY = frozenset({
    "random", "clock_timestamp", "timeofday", "nextval", "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes",
    "gen_salt", "setval", "currval", "lastval", "random_normal", "uuidv4", "uuidv7", "uuid_generate_v7",
})  # fmt: skip
_SERIAL = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})

_CHANGES = frozenset({"UpdateStmt", "DeleteStmt", "MergeStmt", "InsertStmt"})
_NOT_RUN_NOW = frozenset({"RuleStmt", "CreateFunctionStmt", "ViewStmt", "PrepareStmt", "CreatePolicyStmt"})
"""Statements that hold others which they do not run."""

_PLAIN_COMMANDS: dict[str, tuple[str, Effect]] = {
    "AT_ValidateConstraint": (LIGHT, "scans it"), "AT_SetStatistics": (LIGHT, "metadata only"), "AT_SetOptions": (LIGHT, "metadata only"),
    "AT_ResetOptions": (LIGHT, "metadata only"), "AT_SetRelOptions": (LIGHT, "metadata only"), "AT_ResetRelOptions": (LIGHT, "metadata only"),
    "AT_ClusterOn": (LIGHT, "metadata only"), "AT_DropCluster": (LIGHT, "metadata only"), "AT_DetachPartitionFinalize": (LIGHT, "metadata only"),
    "AT_SetNotNull": (EXCLUSIVE, "scans it"), "AT_AlterColumnType": (EXCLUSIVE, "rewrites it, unless the type only widens"),
    "AT_SetExpression": (EXCLUSIVE, "rewrites it"), "AT_SetLogged": (EXCLUSIVE, "rewrites it"), "AT_SetUnLogged": (EXCLUSIVE, "rewrites it"),
    "AT_SetTableSpace": (EXCLUSIVE, "copies it"), "AT_SetAccessMethod": (EXCLUSIVE, "rewrites it"),
    "AT_DropColumn": (EXCLUSIVE, "drops a column with its data"),
    "AT_AddInherit": (EXCLUSIVE, "metadata only"), "AT_AlterConstraint": (ROW_SHARE_EXCLUSIVE, "metadata only"),
}  # fmt: skip
"""What a part of ALTER TABLE does; those that are not here take ACCESS EXCLUSIVE for a moment."""


def walk(node: Any) -> Iterator[tuple[str, Tree]]:  # noqa: ANN401 (JSON)
    """Every node below, with its kind, in the order of the text; what is deeper comes later."""
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from ((kind, value) for kind, value in one.items() if isinstance(value, dict))
            waiting += reversed(list(one.values()))
        elif isinstance(one, list):
            waiting += reversed(one)


def words_of(names: Iterable[Tree]) -> tuple[str, ...]:
    """Return a name of several parts."""
    return tuple(part["String"].get("sval", "") for part in names if "String" in part)


def table_of(relation: Tree) -> LockedTable:
    """The table that a RangeVar names."""
    return LockedTable(relation.get("schemaname", ""), relation.get("relname", ""))


def _named(parts: tuple[str, ...]) -> LockedTable:
    return LockedTable(parts[-2] if len(parts) > 1 else "", parts[-1] if parts else MANY)


def locks(kind: str, node: Tree) -> Iterator[Lock]:
    """Return the locks that others wait for, or that last, of one statement; `kind`: its node's name."""
    rule = _RULES.get(kind)
    if rule:
        yield from rule(node)
    if kind not in _NOT_RUN_NOW:
        yield from (lock for inner, part in walk(node) if inner in _CHANGES for lock in _RULES[inner](part))


def _alter_table(node: Tree) -> Iterator[Lock]:
    if node.get("objtype") not in (None, "OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE"):
        return
    found = [lock for cmd in node.get("cmds", ()) for lock in _command(node["relation"], cmd["AlterTableCmd"])]
    table = table_of(node["relation"])
    own = [lock for lock in found if lock.table == table]
    if own:
        strongest = max((lock.lock for lock in own), key=_MODES.index)
        for effect in dict.fromkeys(lock.effect for lock in own if lock.effect != "metadata only" or all(one.effect == "metadata only" for one in own)):
            yield own[0]._replace(lock=strongest, effect=effect)
    yield from (lock for lock in found if lock.table != table)


def _command(relation: Tree, cmd: Tree) -> Iterator[Lock]:
    table, subtype, definition = table_of(relation), cmd.get("subtype", ""), cmd.get("def", {})
    is_only = not relation.get("inh")
    if subtype == "AT_AddColumn":
        yield from _add_column(table, definition.get("ColumnDef", {}), is_only=is_only)
    elif subtype in ("AT_AddConstraint", "AT_AddIndexConstraint", "AT_ReAddConstraint"):
        yield from _add_constraint(table, definition.get("Constraint", {}), is_only=is_only)
    elif subtype in ("AT_AttachPartition", "AT_DetachPartition"):
        yield from _partition(table, subtype, definition.get("PartitionCmd", {}))
    elif "Trig" in subtype and subtype.startswith(("AT_Enable", "AT_Disable")):
        yield Lock(table, ROW_SHARE_EXCLUSIVE, "metadata only", is_only)
    else:
        lock, effect = _PLAIN_COMMANDS.get(subtype, (EXCLUSIVE, "metadata only"))
        yield Lock(table, lock, effect, is_only)


def _partition(table: LockedTable, subtype: str, cmd: Tree) -> Iterator[Lock]:
    part, is_attached = table_of(cmd.get("name", {})), subtype == "AT_AttachPartition"
    yield Lock(table, LIGHT if is_attached or cmd.get("concurrent") else EXCLUSIVE, "metadata only", is_only=True)
    if not cmd.get("concurrent"):
        yield Lock(part, EXCLUSIVE, "scans it, unless a constraint proves its bounds" if is_attached else "metadata only")


def _add_column(table: LockedTable, column: Tree, *, is_only: bool) -> Iterator[Lock]:
    constraints = [one["Constraint"] for one in column.get("constraints", ()) if "Constraint" in one]
    kinds = {one.get("contype") for one in constraints}
    default = next((one.get("raw_expr") for one in constraints if one.get("contype") == "CONSTR_DEFAULT"), None)
    yield Lock(table, EXCLUSIVE, _column_effect(column, kinds, default), is_only)
    yield from (Lock(table_of(one["pktable"]), ROW_SHARE_EXCLUSIVE, "metadata only") for one in constraints if "pktable" in one)


def _column_effect(column: Tree, kinds: set[str | None], default: Any) -> Effect:  # noqa: ANN401 (JSON)
    type_name = words_of(column.get("typeName", {}).get("names", ()))
    if kinds & {"CONSTR_IDENTITY", "CONSTR_GENERATED"} or (type_name and type_name[-1] in _SERIAL):
        return "rewrites it"
    called = {words_of(call.get("funcname", ()))[-1:] for kind, call in walk(default) if kind == "FuncCall"}
    names = {name[0] for name in called if name}
    if names & _NEVER_STEADY:
        return "rewrites it"
    if names - _STEADY:
        return "rewrites it, if its default's function is volatile"
    if kinds & {"CONSTR_PRIMARY", "CONSTR_UNIQUE"}:
        return "builds an index"
    if "CONSTR_CHECK" in kinds or ("CONSTR_FOREIGN" in kinds and default is not None):
        return "scans it"
    return "metadata only"


def _add_constraint(table: LockedTable, constraint: Tree, *, is_only: bool) -> Iterator[Lock]:
    kind, is_deferred = constraint.get("contype", ""), bool(constraint.get("skip_validation"))
    scans: Effect = "metadata only" if is_deferred else "scans it"
    if kind == "CONSTR_FOREIGN":
        yield Lock(table, ROW_SHARE_EXCLUSIVE, scans, is_only)
        yield Lock(table_of(constraint.get("pktable", {})), ROW_SHARE_EXCLUSIVE, "metadata only" if is_deferred else "is looked up for each row of the other")
    elif kind in ("CONSTR_UNIQUE", "CONSTR_PRIMARY", "CONSTR_EXCLUSION"):
        yield Lock(table, EXCLUSIVE, "metadata only" if constraint.get("indexname") else "builds an index", is_only)
    else:
        yield Lock(table, EXCLUSIVE, scans, is_only)


def _create_table(node: Tree) -> Iterator[Lock]:
    for relation in node.get("inhRelations", ()):
        yield Lock(table_of(relation["RangeVar"]), EXCLUSIVE if "partbound" in node else LIGHT, "metadata only", is_only=True)
    for kind, part in walk(node.get("tableElts", ())):
        if kind == "Constraint" and "pktable" in part:
            yield Lock(table_of(part["pktable"]), ROW_SHARE_EXCLUSIVE, "metadata only")


def _index(node: Tree) -> Iterator[Lock]:
    relation, concurrent = node["relation"], node.get("concurrent")
    is_only = not relation.get("inh")
    yield Lock(table_of(relation), LIGHT if concurrent else SHARE, "metadata only" if is_only else "builds an index", is_only)


_DROPPED: dict[str, tuple[str, Effect]] = {
    "OBJECT_TABLE": (EXCLUSIVE, "drops it with its data"), "OBJECT_MATVIEW": (EXCLUSIVE, "drops it with its data"), "OBJECT_VIEW": (EXCLUSIVE, "metadata only"),
    "OBJECT_INDEX": (EXCLUSIVE, "metadata only"), "OBJECT_FOREIGN_TABLE": (EXCLUSIVE, "metadata only"),
}  # fmt: skip
_OF_A_TABLE = ("OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY")


def _drop(node: Tree) -> Iterator[Lock]:
    kind, many = node.get("removeType", ""), node.get("behavior") == "DROP_CASCADE"
    for listed in node.get("objects", ()):
        parts = words_of(listed.get("List", {}).get("items", ()))
        if kind in _DROPPED:
            lock, effect = _DROPPED[kind]
            yield Lock(_named(parts), LIGHT if node.get("concurrent") else lock, effect)
        elif kind in _OF_A_TABLE:
            yield Lock(_named(parts[:-1]), EXCLUSIVE, "metadata only")
        elif kind == "OBJECT_SCHEMA" and many:
            yield Lock(LockedTable(words_of([listed])[0], MANY), EXCLUSIVE, "drops it with its data")
        elif kind in ("OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_EXTENSION") and many:
            yield Lock(LockedTable("", MANY), EXCLUSIVE, "drops a column with its data")


def _rename(node: Tree) -> Iterator[Lock]:
    if "relation" in node and node.get("renameType") not in ("OBJECT_SEQUENCE", "OBJECT_ATTRIBUTE"):
        is_index = node.get("renameType") == "OBJECT_INDEX"
        effect: Effect = "renames what code before it uses" if node.get("renameType") in ("OBJECT_TABLE", "OBJECT_COLUMN", "OBJECT_VIEW") else "metadata only"
        yield Lock(table_of(node["relation"]), LIGHT if is_index else EXCLUSIVE, effect)


def _all_of(node: Tree, kind: str, lock: str, effect: Effect) -> Iterator[Lock]:
    for relation in node.get(kind, ()):
        found = relation["RangeVar"]
        yield Lock(table_of(found), lock, effect, not found.get("inh"))


def _options(node: Tree, key: str) -> set[str]:
    return {one["DefElem"].get("defname", "") for one in node.get(key, ()) if _is_set(one["DefElem"].get("arg"))}


def _is_set(value: Tree | None) -> bool:
    """Whether an option is on: nothing behind its name means that it is."""
    if value is None:
        return True
    if "Integer" in value:
        return bool(value["Integer"].get("ival"))
    return str(value.get("String", {}).get("sval", "")).lower() not in ("false", "off")


def _vacuum(node: Tree) -> Iterator[Lock]:
    if "full" not in _options(node, "options"):
        return
    relations = [one["VacuumRelation"].get("relation", {}) for one in node.get("rels", ())]
    yield from (Lock(table_of(one), EXCLUSIVE, "rewrites it") for one in relations)
    if not relations:
        yield Lock(LockedTable("", MANY), EXCLUSIVE, "rewrites it")


def _reindex(node: Tree) -> Iterator[Lock]:
    table = table_of(node["relation"]) if "relation" in node else LockedTable(node.get("name", ""), MANY)
    yield Lock(table, LIGHT if "concurrently" in _options(node, "params") else EXCLUSIVE, "builds an index")


def _refresh(node: Tree) -> Iterator[Lock]:
    yield Lock(table_of(node["relation"]), "EXCLUSIVE" if node.get("concurrent") else EXCLUSIVE, "metadata only" if node.get("skipData") else "fills it anew")


def _writes(effect: Effect) -> Callable[[Tree], Iterator[Lock]]:
    def rule(node: Tree) -> Iterator[Lock]:
        is_all = "whereClause" not in node or set(node["whereClause"]) == {"A_Const"}
        yield Lock(table_of(node["relation"]), ROWS, effect if is_all else "writes rows", not node["relation"].get("inh"))

    return rule


def _briefly(lock: str, key: str = "relation") -> Callable[[Tree], Iterator[Lock]]:
    return lambda node: iter([Lock(table_of(node[key]), lock, "metadata only")] if key in node else [])


def _domain(node: Tree) -> Iterator[Lock]:
    if node.get("subtype") in ("C", "O") and not node.get("def", {}).get("Constraint", {}).get("skip_validation"):
        yield Lock(LockedTable("", MANY), SHARE, "scans it")


def _everything(effect: Effect) -> Callable[[Tree], Iterator[Lock]]:
    return lambda node: iter([Lock(table_of(node["relation"]) if "relation" in node else LockedTable("", MANY), EXCLUSIVE, effect)])


_RULES: dict[str, Callable[[Tree], Iterator[Lock]]] = {
    "AlterTableStmt": _alter_table, "CreateStmt": _create_table, "IndexStmt": _index, "DropStmt": _drop, "RenameStmt": _rename,
    "AlterObjectSchemaStmt": lambda node: iter([Lock(table_of(node["relation"]), EXCLUSIVE, "renames what code before it uses")] if "relation" in node else []),
    "TruncateStmt": lambda node: _all_of(node, "relations", EXCLUSIVE, "empties it"),
    "LockStmt": lambda node: _all_of(node, "relations", _MODES[node.get("mode", 8)], "is held until the transaction ends"),
    "VacuumStmt": _vacuum, "ReindexStmt": _reindex, "RefreshMatViewStmt": _refresh,
    "ClusterStmt": _everything("rewrites it"), "DropOwnedStmt": _everything("drops it with its data"), "DropdbStmt": _everything("drops it with its data"),
    "CreateTrigStmt": _briefly(ROW_SHARE_EXCLUSIVE), "RuleStmt": _briefly(EXCLUSIVE), "CreatePolicyStmt": _briefly(EXCLUSIVE, "table"),
    "AlterPolicyStmt": _briefly(EXCLUSIVE, "table"),
    "CopyStmt": lambda node: iter([Lock(table_of(node["relation"]), ROWS, "writes rows")] if node.get("is_from") else []),
    "AlterTableMoveAllStmt": _everything("copies it"), "AlterDomainStmt": _domain,
    "UpdateStmt": _writes("writes every row"), "DeleteStmt": _writes("deletes every row"),
    "MergeStmt": lambda node: iter([Lock(table_of(node["relation"]), ROWS, "writes rows")]),
    "InsertStmt": lambda node: iter([Lock(table_of(node["relation"]), ROWS, "writes rows")]),
}  # fmt: skip
"""What each kind of statement locks."""
