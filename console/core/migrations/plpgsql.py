"""What a block of PL/pgSQL runs: its statements, and those that it makes up as far as they are made of constants.

Pure: it reads the tree that libpg_query makes of a block. It knows nothing of locks.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from console.core.migrations.statement_locks import Tree, walk, words_of

UNKNOWN = "deploy_console_unknown"
"""Stands for a part of a statement that is known only when it runs."""

Parse = Callable[[str], list[Tree]]
"""Makes trees of SQL; raises what the reader raises."""
Values = dict[str, tuple[str, ...]]
"""What variables may hold, where that is known."""

_AT_MOST = 50
"""Values that one variable, or one expression, is followed through."""
_DYNAMIC = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")


class BlockPiece(NamedTuple):
    """A statement of a block, or an expression as a query."""

    line: int
    """In the block; the first is 1."""
    text: str
    """Empty: it is made up as it runs, and nothing of it is known."""
    source: str = ""
    """What stands in the block, where that is another text."""
    is_query: bool = False
    """An expression, of which only the calls matter."""


def pieces(block: Tree, parse: Parse) -> Iterator[BlockPiece]:
    """Return what a block runs, in the order of its text; both branches of each condition are run, as far as this goes."""
    values = _declared(block, parse)
    for line, kind, node in _steps(block):
        if kind == "PLpgSQL_stmt_assign":
            yield from _expression(line, node)
        elif kind == "PLpgSQL_stmt_foreach_a":
            values |= _looped(node, block, values, parse)
        elif kind in _DYNAMIC:
            query = node.get("query", {}).get("PLpgSQL_expr", {}).get("query", "")
            yield from (BlockPiece(line, text.replace(UNKNOWN, "") and text, f"EXECUTE {query}") for text in constants(_value(query, parse), values))
        elif kind == "PLpgSQL_expr":
            yield BlockPiece(line, node.get("query", "")) if node.get("parseMode", 0) == 0 else _query(line, node.get("query", ""))


def _expression(line: int, node: Tree) -> Iterator[BlockPiece]:
    _, assigned, right = node.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "").partition(":=")
    if assigned:
        yield _query(line, right)


def _query(line: int, expression: str) -> BlockPiece:
    return BlockPiece(line, f"SELECT {expression}", is_query=True)


def _steps(block: Tree) -> Iterator[tuple[int, str, Tree]]:
    """Every statement and expression of a block with its line; the expressions of those that `pieces` reads itself are left out."""
    waiting: list[tuple[int, Any]] = [(1, block)]
    while waiting:
        line, node = waiting.pop()
        if isinstance(node, list):
            waiting += [(line, one) for one in reversed(node)]
        elif isinstance(node, dict):
            below = []
            for kind, value in sorted(node.items(), key=lambda item: item[0] != "query"):  # a loop runs its query before its body
                here = value.get("lineno", line) if isinstance(value, dict) else line
                if isinstance(value, dict) and kind.startswith("PLpgSQL_"):
                    yield here, kind, value
                is_read = kind in ("PLpgSQL_stmt_assign", "datums", "query") and isinstance(value, dict) and (kind != "query" or _is_dynamic(node))
                if not is_read and kind != "datums":
                    below.append((here, value))
            waiting += reversed(below)


def _is_dynamic(node: Tree) -> bool:
    """A query of a dynamic statement is an expression that makes text, not a statement."""
    return bool(node.get("query", {}).get("PLpgSQL_expr", {}).get("parseMode", 0))


def _declared(block: Tree, parse: Parse) -> Values:
    """What variables hold from their declaration on, where nothing is ever assigned to them."""
    assigned = {
        node.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "").partition(":=")[0].strip() for kind, node in walk(block) if kind == "PLpgSQL_stmt_assign"
    }  # fmt: skip
    values: Values = {}
    for datum in block.get("datums", ()):
        variable = datum.get("PLpgSQL_var", {})
        query = variable.get("default_val", {}).get("PLpgSQL_expr", {}).get("query", "")
        if query and variable.get("refname") not in assigned:
            values[variable["refname"]] = constants(_value(query, parse), values)
    return values


def _looped(node: Tree, block: Tree, values: Values, parse: Parse) -> Values:
    """FOREACH over an array of constants: its variable holds each of them."""
    query, variables = node.get("expr", {}).get("PLpgSQL_expr", {}).get("query", ""), block.get("datums", ())
    number = node.get("varno", len(variables))
    name = variables[number].get("PLpgSQL_var", {}).get("refname", "") if number < len(variables) else ""
    return {name: constants(_value(query, parse), values)} if name else {}


def _value(query: str, parse: Parse) -> Tree:
    """The tree of an expression; one that cannot be read is none."""
    try:
        targets = parse(f"SELECT {query}")[0]["stmt"]["SelectStmt"]["targetList"]
        found: Tree = targets[0]["ResTarget"]["val"]
    except (ValueError, KeyError, IndexError):
        return {}
    return found


def constants(node: Tree, values: Values) -> tuple[str, ...]:
    """Return the texts that an expression may give, with UNKNOWN for each part that is known only when it runs."""
    kind, body = next(iter(node.items()), ("", {}))
    reader = _READERS.get(kind)
    found = reader(body, values) if reader else (UNKNOWN,)
    return tuple(dict.fromkeys(found))[:_AT_MOST]


def _constant(body: Tree, _: Values) -> tuple[str, ...]:
    if "sval" in body:
        return (body["sval"].get("sval", ""),)
    return (str(body["ival"].get("ival", 0)),) if "ival" in body else (UNKNOWN,)


def _variable(body: Tree, values: Values) -> tuple[str, ...]:
    parts = words_of(body.get("fields", ()))
    return values.get(".".join(parts)) or (UNKNOWN,)


def _operator(body: Tree, values: Values) -> tuple[str, ...]:
    if words_of(body.get("name", ())) != ("||",):
        return (UNKNOWN,)
    sides = [constants(body.get(side, {}), values) for side in ("lexpr", "rexpr")]
    return tuple("".join(pair) for pair in itertools.islice(itertools.product(*sides), _AT_MOST))


def _call(body: Tree, values: Values) -> tuple[str, ...]:
    name, given = (words_of(body.get("funcname", ())) or ("",))[-1], [constants(one, values) for one in body.get("args", ())]
    chosen = list(itertools.islice(itertools.product(*given), _AT_MOST))
    if name == "format" and given:
        return tuple(_formatted(one[0], one[1:]) for one in chosen)
    if name in ("concat", "unnest"):
        return tuple("".join(one) for one in chosen)
    if name in ("quote_ident", "quote_literal") and given:
        return tuple(_quoted(one[0], name == "quote_ident") for one in chosen)
    return (UNKNOWN,)


def _formatted(form: str, given: tuple[str, ...]) -> str:
    """What `format()` gives: %s, %I, %L, %1$I and %%."""
    out, rest, following = "", form, iter(given)
    while rest:
        before, mark, rest = rest.partition("%")
        out += before
        if not mark:
            break
        digits, dollar, behind = rest.partition("$")
        is_numbered = bool(dollar) and digits.isdigit()
        rest = behind if is_numbered else rest.lstrip("-0123456789")
        kind, rest = rest[:1], rest[1:]
        if kind == "%":
            out += "%"
            continue
        value = (given[int(digits) - 1] if 0 < int(digits) <= len(given) else UNKNOWN) if is_numbered else next(following, UNKNOWN)
        out += value if kind == "s" else _quoted(value, kind == "I")
    return out


def _quoted(value: str, is_name: bool) -> str:
    mark = '"' if is_name else "'"
    return mark + value.replace(mark, mark * 2) + mark


def _listed(body: Tree, values: Values) -> tuple[str, ...]:
    return tuple(text for one in body.get("elements", ()) for text in constants(one, values))


def _cast(body: Tree, values: Values) -> tuple[str, ...]:
    """An array written as a text: '{a,b}'::text[]."""
    found = constants(body.get("arg", {}), values)
    if "arrayBounds" not in body.get("typeName", {}):
        return found
    return tuple(part.strip().strip('"') for text in found for part in text.strip("{}").split(",")) if all(text.startswith("{") for text in found) else found


_READERS: dict[str, Callable[[Tree, Values], tuple[str, ...]]] = {
    "A_Const": _constant,
    "ColumnRef": _variable,
    "A_Expr": _operator,
    "FuncCall": _call,
    "A_ArrayExpr": _listed,
    "TypeCast": _cast,
}
