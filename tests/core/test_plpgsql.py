"""What a block of PL/pgSQL runs: its statements in order, and those that it makes up out of constants."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.database.parser import PostgresParser
from console.core.migrations.plpgsql import UNKNOWN, BlockPiece, constants, pieces

PARSER = PostgresParser()


def run_by(body: str) -> list[BlockPiece]:
    """What a DO with that body runs."""
    (block,) = PARSER.plpgsql(f"DO $$ {body} $$")
    return list(pieces(block["PLpgSQL_function"], PARSER.sql))


def statements(body: str) -> list[str]:
    return [one.text for one in run_by(body) if not one.is_query]


def value(expression: str) -> dict[str, Any]:
    found: dict[str, Any] = PARSER.sql(f"SELECT {expression}")[0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    return found


def texts(expression: str, **values: tuple[str, ...]) -> tuple[str, ...]:
    """The texts that an expression may give, with … for what is not known."""
    return tuple(text.replace(UNKNOWN, "…") for text in constants(value(expression), values))


@pytest.mark.parametrize(
    ("body", "run"),
    [
        ("BEGIN TRUNCATE a; DROP TABLE b; END", ["TRUNCATE a", "DROP TABLE b"]),
        ("BEGIN END", []),
        ("BEGIN NULL; END", []),
        ("BEGIN IF true THEN TRUNCATE a; ELSIF false THEN TRUNCATE b; ELSE TRUNCATE c; END IF; END", ["TRUNCATE a", "TRUNCATE b", "TRUNCATE c"]),
        ("BEGIN CASE 1 WHEN 1 THEN TRUNCATE a; ELSE TRUNCATE b; END CASE; END", ["TRUNCATE a", "TRUNCATE b"]),
        ("BEGIN LOOP TRUNCATE a; EXIT; END LOOP; END", ["TRUNCATE a"]),
        ("BEGIN WHILE true LOOP TRUNCATE a; END LOOP; END", ["TRUNCATE a"]),
        ("BEGIN FOR i IN 1..3 LOOP TRUNCATE a; END LOOP; END", ["TRUNCATE a"]),
        ("DECLARE r record; BEGIN FOR r IN DELETE FROM a RETURNING * LOOP TRUNCATE b; END LOOP; END", ["DELETE FROM a RETURNING *", "TRUNCATE b"]),
        ("BEGIN BEGIN TRUNCATE a; EXCEPTION WHEN others THEN TRUNCATE b; END; TRUNCATE c; END", ["TRUNCATE a", "TRUNCATE b", "TRUNCATE c"]),
        ("BEGIN PERFORM f(1); END", ["SELECT f(1)"]),
        ("DECLARE n int; BEGIN SELECT count(*) INTO n FROM a; END", ["SELECT count(*)        FROM a"]),
        ("DECLARE c CURSOR FOR DELETE FROM a RETURNING *; BEGIN OPEN c; END", []),
    ],
    ids=["two", "none", "null", "if", "case", "loop", "while", "for", "for query", "exception", "perform", "into", "cursor"],
)
def test_a_block_runs_its_statements_in_order_and_both_branches(body: str, run: list[str]):
    assert [" ".join(one.split()) for one in statements(body) if not one.startswith("SELECT $") and "UPDATE" not in one] == [
        " ".join(one.split()) for one in run
    ]


def test_lines_are_those_of_the_block():
    found = run_by("\nBEGIN\nTRUNCATE a;\n\nIF true THEN\nTRUNCATE b;\nEND IF;\nEXECUTE 'TRUNCATE c';\nEND")
    assert [(one.line, one.text) for one in found if not one.is_query] == [(3, "TRUNCATE a"), (6, "TRUNCATE b"), (8, "TRUNCATE c")]


def test_an_expression_knows_its_line():
    assert [(one.line, one.text) for one in run_by("DECLARE n int;\nBEGIN\nn := gone();\nIF here()\nTHEN NULL; END IF;\nEND")] == [
        (3, "SELECT  gone()"),
        (4, "SELECT here()"),
    ]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("BEGIN IF gone() THEN NULL; END IF; END", "SELECT gone()"),
        ("DECLARE n int; BEGIN n := gone() + 1; END", "SELECT  gone() + 1"),
        ("DECLARE n int; BEGIN RETURN; END", None),
        ("BEGIN WHILE gone() LOOP NULL; END LOOP; END", "SELECT gone()"),
        ("BEGIN RAISE NOTICE '%', gone(); END", "SELECT gone()"),
        ("BEGIN ASSERT gone(); END", "SELECT gone()"),
    ],
    ids=["if", "assignment", "return", "while", "raise", "assert"],
)
def test_an_expression_is_a_query_of_which_only_the_calls_matter(body: str, query: str | None):
    assert [one.text for one in run_by(body) if one.is_query] == ([query] if query else [])


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("BEGIN EXECUTE 'TRUNCATE a'; END", ["TRUNCATE a"]),
        ("DECLARE t text := 'a'; BEGIN EXECUTE 'TRUNCATE ' || t; END", ["TRUNCATE a"]),
        ("DECLARE t text := 'a'; BEGIN t := 'b'; EXECUTE 'TRUNCATE ' || t; END", [f"TRUNCATE {UNKNOWN}"]),
        ("DECLARE s text := 'x'; t text := s || '.a'; BEGIN EXECUTE 'TRUNCATE ' || t; END", ["TRUNCATE x.a"]),
        ("DECLARE t text; BEGIN EXECUTE 'TRUNCATE ' || t; END", [f"TRUNCATE {UNKNOWN}"]),
        ("DECLARE t text; BEGIN EXECUTE t; END", [""]),
        ("DECLARE t text := f(); BEGIN EXECUTE t || t; END", [""]),
        ("DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a','b'] LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END", ["TRUNCATE a", "TRUNCATE b"]),
        ("DECLARE t text; BEGIN FOREACH t IN ARRAY '{a, \"b\"}'::text[] LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END", ["TRUNCATE a", "TRUNCATE b"]),
        ("DECLARE l text[] := ARRAY['a']; t text; BEGIN FOREACH t IN ARRAY l LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END", ["TRUNCATE a"]),
        ("DECLARE t text; BEGIN FOREACH t IN ARRAY f() LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END", [f"TRUNCATE {UNKNOWN}"]),
        ("DECLARE r record; BEGIN FOR r IN EXECUTE 'DELETE FROM a RETURNING *' LOOP NULL; END LOOP; END", ["DELETE FROM a RETURNING *"]),
        ("BEGIN EXECUTE format('TRUNCATE %I', 'A b') USING 1; END", ['TRUNCATE "A b"']),
    ],
    ids=["constant", "variable", "assigned", "of another", "not set", "nothing known", "unknown twice", "array", "array as text", "array in a variable",
         "array of a call", "for execute", "using"],
)  # fmt: skip
def test_a_statement_that_is_made_up_is_followed_as_far_as_it_is_constant(body: str, made: list[str]):
    found = [one for one in run_by(body) if one.source]
    assert [one.text for one in found] == made
    assert all(one.source.startswith("EXECUTE ") and not one.is_query for one in found)


def test_what_stands_in_the_block_is_kept_beside_what_it_makes():
    (found,) = run_by("BEGIN EXECUTE 'TRUNCATE ' || 'a'; END")
    assert found == BlockPiece(1, "TRUNCATE a", "EXECUTE 'TRUNCATE ' || 'a'")


@pytest.mark.parametrize(
    ("expression", "may_be"),
    [
        ("'a'", ("a",)), ("''", ("",)), ("7", ("7",)), ("0", ("0",)), ("1.5", ("…",)), ("NULL", ("…",)), ("true", ("…",)), ("x", ("…",)), ("now()", ("…",)),
        ("'a' || 'b'", ("ab",)), ("'a' || x || 'b'", ("a…b",)), ("'a' + 'b'", ("…",)), ("'a' || 7", ("a7",)),
        ("'a'::text", ("a",)), ("'{a,b}'::text[]", ("a", "b")), ("'{ \"a\" , b }'::text[]", ("a", "b")), ("'ab'::text[]", ("ab",)), ("x::text[]", ("…",)),
        ("ARRAY['a', 'b', 'a']", ("a", "b")), ("ARRAY[]::text[]", ()), ("ARRAY['a', x]", ("a", "…")),
        ("concat('a', 'b', x)", ("ab…",)), ("unnest(ARRAY['a','b'])", ("a", "b")), ("pg_catalog.concat('a', 'b')", ("ab",)), ("concat()", ("",)),
        ("quote_ident('a')", ('"a"',)), ("quote_ident('A')", ('"A"',)), ("quote_ident('a b')", ('"a b"',)), ("quote_ident('a\"b')", ('"a""b"',)),
        ("quote_literal('a''b')", ("'a''b'",)), ("quote_literal('a')", ("'a'",)), ("quote_ident()", ("…",)), ("lower('A')", ("…",)),
    ],
)  # fmt: skip
def test_the_texts_that_an_expression_may_give(expression: str, may_be: tuple[str, ...]):
    assert texts(expression) == may_be


def test_a_variable_is_each_of_the_texts_that_it_may_hold():
    assert texts("'x' || t", t=("a", "b")) == ("xa", "xb")
    assert texts("s || t", s=("a", "b"), t=("1", "2")) == ("a1", "a2", "b1", "b2")
    assert texts("r.name", **{"r.name": ("a",)}) == ("a",)
    assert texts("r.name", name=("a",)) == ("…",)
    assert texts("t", t=()) == ("…",)


def test_no_more_than_fifty_texts_are_followed():
    many = tuple(f"t{number}" for number in range(60))
    assert len(texts("t", t=many)) == 50
    assert len(texts("s || t", s=many, t=many)) == 50
    assert len(texts("concat(s, t)", s=many, t=many)) == 50
    assert texts("s || t", s=many, t=("x",))[-1] == "t49x"


@pytest.mark.parametrize(
    ("form", "given", "text"),
    [
        ("plain", (), "plain"), ("", (), ""),
        ("%s", ("a",), "a"), ("%I", ("a",), '"a"'), ("%I", ("A b",), '"A b"'), ("%L", ("it''s",), "'it''s'"), ("%s.%s", ("a", "b"), "a.b"),
        ("%1$s.%1$s", ("a",), "a.a"), ("%2$s %1$s", ("a", "b"), "b a"), ("%2$I", ("a", "B"), '"B"'), ("%s %2$s %s", ("a", "b"), "a b b"),
        ("100%%", (), "100%"), ("%%s", ("a",), "%s"), ("%s%%", ("a",), "a%"),
        ("%s %s", ("a",), "a …"), ("%3$s", ("a",), "…"), ("%0$s", ("a",), "…"), ("%-10s|", ("a",), "a|"), ("%10s", ("a",), "a"), ("%", (), "'…'"),
        ("a $1 %s", ("b",), "a $1 b"), ("%s $ %s", ("a", "b"), "a $ b"),
    ],
)  # fmt: skip
def test_format_fills_its_places(form: str, given: tuple[str, ...], text: str):
    arguments = "".join(f", '{one}'" for one in given)
    assert texts(f"format('{form}'{arguments})") == (text,)


@given(st.text(alphabet="ab%sIL$1-0 ", max_size=14), st.lists(st.sampled_from(["a", "B", "x y"]), max_size=3))
def test_any_form_is_filled(form: str, given_texts: list[str]):
    found = texts(f"format('{form}'{''.join(f', {chr(39)}{one}{chr(39)}' for one in given_texts)})")
    assert len(found) == 1
    if "%" not in form:
        assert found == (form,)


WORDS = st.one_of(
    st.sampled_from(["order", "user", "then", "left", "a", "row", "Table"]),
    st.text(st.characters(exclude_characters="\0\\", exclude_categories=("Cs",)), min_size=1, max_size=12),
)


@given(WORDS)
def test_a_quoted_name_is_the_table_that_the_parser_reads(name: str):
    (quoted,) = texts("quote_ident('" + name.replace("'", "''") + "')")
    assert PARSER.sql(f"TRUNCATE {quoted}")[0]["stmt"]["TruncateStmt"]["relations"][0]["RangeVar"]["relname"] == name.encode()[:63].decode(errors="ignore")


@given(
    st.lists(
        st.sampled_from(
            ["TRUNCATE a;", "IF x THEN", "END IF;", "EXECUTE t;", "LOOP", "END LOOP;", "t := 'a';", "BEGIN", "END;", "RETURN;", "FOREACH t IN ARRAY l LOOP"]
        ),
        max_size=8,
    )
)
def test_any_block_that_the_parser_takes_is_read_to_its_end(parts: list[str]):
    body = f"DECLARE t text; l text[]; BEGIN {' '.join(parts)} END"
    try:
        found = run_by(body)
    except ValueError:
        return
    assert sum(one.text == "TRUNCATE a" for one in found) == parts.count("TRUNCATE a;")
    assert sum(bool(one.source) for one in found) == parts.count("EXECUTE t;")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("DECLARE t text := 'a'; u text := t; BEGIN EXECUTE 'TRUNCATE ' || u; END", ["TRUNCATE a"]),
        ("DECLARE t constant text := 'a' || 'b'; BEGIN EXECUTE 'TRUNCATE ' || t; END", ["TRUNCATE ab"]),
        ("DECLARE n int := 7; BEGIN EXECUTE 'TRUNCATE t' || n; END", ["TRUNCATE t7"]),
        ("DECLARE t text := 'a'; BEGIN EXECUTE 'TRUNCATE ' || t; t := 'b'; END", [f"TRUNCATE {UNKNOWN}"]),
        ("DECLARE l text[] := ARRAY['a','b']; BEGIN EXECUTE 'TRUNCATE ' || l[1]; END", [f"TRUNCATE {UNKNOWN}"]),
        (
            "DECLARE a text; b text; BEGIN FOREACH a IN ARRAY ARRAY['x','y'] LOOP FOREACH b IN ARRAY ARRAY['1','2'] LOOP EXECUTE 'TRUNCATE ' || a || b; END LOOP; END LOOP; END",
            ["TRUNCATE x1", "TRUNCATE x2", "TRUNCATE y1", "TRUNCATE y2"],
        ),
        ("DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE 'TRUNCATE ' || r.name || '_old'; END LOOP; END", [f"TRUNCATE {UNKNOWN}_old"]),
        ("DECLARE x int; BEGIN EXECUTE 'SELECT 1' INTO x; END", ["SELECT 1"]),
    ],
    ids=["of a variable", "constant", "number", "assigned later", "an element", "loops in loops", "a record's field", "into"],
)
def test_what_is_known_of_a_variable(body: str, found: list[str]):
    assert [one.text for one in run_by(body) if one.source] == found


def test_a_loop_s_variable_is_its_own_and_hides_what_was_declared():
    body = "DECLARE t text := 'declared'; BEGIN FOREACH t IN ARRAY ARRAY['a'] LOOP EXECUTE 'TRUNCATE ' || t; END LOOP; END"
    assert [one.text for one in run_by(body) if one.source] == ["TRUNCATE a"]


def test_a_block_without_anything_known_runs_nothing():
    assert list(pieces({}, PARSER.sql)) == []
    assert list(pieces({"datums": [{"PLpgSQL_var": {"refname": "x"}}, {"PLpgSQL_rec": {}}]}, PARSER.sql)) == []


@pytest.mark.parametrize(
    "node", [{}, {"A_Const": {}}, {"A_Const": {"boolval": {}}}, {"FuncCall": {}}, {"ColumnRef": {}}, {"A_Expr": {}}, {"TypeCast": {}}, {"SubLink": {"x": 1}}]
)
def test_a_node_of_which_nothing_is_known_is_unknown(node: dict[str, Any]):
    assert constants(node, {}) == (UNKNOWN,)


def test_a_constant_without_its_text_is_empty_and_a_number_without_digits_is_none():
    assert constants({"A_Const": {"sval": {}}}, {}) == ("",)
    assert constants({"A_Const": {"ival": {}}}, {}) == ("0",)
    assert constants({"A_ArrayExpr": {}}, {}) == ()
