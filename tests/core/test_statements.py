"""Where a statement of a file begins and ends: quotes, comments, psql's own commands, data of COPY, and the marks of migration tools."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.migrations.statements import Statement, cut


def texts(text: str) -> list[str]:
    """Each statement on one line, those of psql among them."""
    return [one.words for one in cut(text).statements]


def placed(text: str) -> list[tuple[int, int, str]]:
    return [(one.line, one.last, one.words) for one in cut(text).statements]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" \n\t", []),
        (";", []),
        (";;;\n;", []),
        ("A; B;", ["A", "B"]),
        ("A; B", ["A", "B"]),
        ("A;;B", ["A", "B"]),
        ("A 'x;y' B; C", ["A 'x;y' B", "C"]),
        ("A 'it''s; x'; B", ["A 'it''s; x'", "B"]),
        ('A "x;y"; B', ['A "x;y"', "B"]),
        ('A "x"";y"; B', ['A "x"";y"', "B"]),
        (r"A E'x\';y'; B", [r"A E'x\';y'", "B"]),
        (r"A e'x\\'; B", [r"A e'x\\'", "B"]),
        (r"A 'x\'; B", [r"A 'x\'", "B"]),
        (r"A me'x\'; B", [r"A me'x\'", "B"]),
        ("A $$x;y$$; B", ["A $$x;y$$", "B"]),
        ("A $t$x;$$;y$t$; B", ["A $t$x;$$;y$t$", "B"]),
        ("A $ä$x;y$ä$; B", ["A $ä$x;y$ä$", "B"]),
        ("A $1; B", ["A $1", "B"]),
        ("A $1$ ; B", ["A $1$", "B"]),
        ("A -- x; y\n; B", ["A", "B"]),
        ("A /* x; y */; B", ["A", "B"]),
        ("A /* /* x; */ y; */; B", ["A", "B"]),
        ("A /* x */ /* y */; B", ["A", "B"]),
        ("A '/*'; B", ["A '/*'", "B"]),
        ("A '--'; B", ["A '--'", "B"]),
        ("A - - B; C", ["A - - B", "C"]),
        ("A / B; C", ["A / B", "C"]),
        ("A (x; y); B", ["A (x; y)", "B"]),
        ("A ((x;) y;); B", ["A ((x;) y;)", "B"]),
        ("A ); B", ["A )", "B"]),
        ("A '('; B", ["A '('", "B"]),
        ("A # B; C", ["A # B", "C"]),
    ],
)
def test_a_semicolon_ends_a_statement_unless_it_is_in_something(text: str, statements: list[str]):
    assert texts(text) == statements


@pytest.mark.parametrize(
    "text",
    ["A 'x; B", 'A "x; B', "A $$x; B", "A $t$ x; $$ B", "A /* x; B", "A /* /* x; */ B"],
    ids=["quote", "double quote", "dollar", "another dollar", "comment", "inner comment"],
)
def test_what_has_no_end_takes_the_rest_with_it(text: str):
    (found,) = cut(f"first; {text}; C\nD").statements[1:]
    assert found.text.startswith("A")
    assert (found.line, found.last) == (1, 2)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A;\nB;", [(1, 1, "A"), (2, 2, "B")]),
        ("\n\nA\n;", [(3, 4, "A")]),
        ("-- x\nA", [(2, 2, "A")]),
        ("/* x\n */ A", [(2, 2, "A")]),
        ("A /* x\n\n */ B;\nC", [(1, 3, "A B"), (4, 4, "C")]),
        ("A 'x\ny';\nB", [(1, 2, "A 'x y'"), (3, 3, "B")]),
        ("A $$\n\n$$;\nB", [(1, 3, "A $$ $$"), (4, 4, "B")]),
        ("A;\r\nB;\rC", [(1, 1, "A"), (2, 2, "B"), (3, 3, "C")]),
        ("\ufeffA;\nB", [(1, 1, "A"), (2, 2, "B")]),
        ("A\n  B\n  C;  D", [(1, 3, "A B C"), (3, 3, "D")]),
        (";\n\n;A", [(3, 3, "A")]),
    ],
)
def test_a_statement_knows_its_first_and_its_last_line(text: str, lines: list[tuple[int, int, str]]):
    assert placed(text) == lines


def test_a_comment_becomes_blanks_and_keeps_its_lines():
    (found,) = cut("A/* x\ny */B--z\nC").statements
    assert found.text == "A \nB \nC" or found.text.split("\n") == ["A ", "B ", "C"]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("CREATE FUNCTION f() BEGIN ATOMIC A; B; END; C", ["CREATE FUNCTION f() BEGIN ATOMIC A; B; END", "C"]),
        ("CREATE OR REPLACE PROCEDURE f() BEGIN ATOMIC A; END; C", ["CREATE OR REPLACE PROCEDURE f() BEGIN ATOMIC A; END", "C"]),
        (
            "create function f() begin atomic select case when a then 1 end; B; end; C",
            ["create function f() begin atomic select case when a then 1 end; B; end", "C"],
        ),
        ("CREATE FUNCTION f() BEGIN ATOMIC BEGIN A; END; B; END; C", ["CREATE FUNCTION f() BEGIN ATOMIC BEGIN A; END; B; END", "C"]),
        ("BEGIN; A; END; B", ["BEGIN", "A", "END", "B"]),
        ("CREATE TABLE begin (x); A", ["CREATE TABLE begin (x)", "A"]),
        ("SELECT CASE WHEN a THEN 1 END; B", ["SELECT CASE WHEN a THEN 1 END", "B"]),
        ("CREATE FUNCTIONAL begin x; B", ["CREATE FUNCTIONAL begin x", "B"]),
        ("CREATE FUNCTION f() AS 'begin'; B", ["CREATE FUNCTION f() AS 'begin'", "B"]),
        ("CREATE FUNCTION begin_x() AS 'a'; B", ["CREATE FUNCTION begin_x() AS 'a'", "B"]),
    ],
)
def test_a_body_in_standard_sql_is_one_statement_and_a_transaction_is_not(text: str, statements: list[str]):
    assert texts(text) == statements


def kinds(text: str) -> list[tuple[str, str, int]]:
    return [(one.kind, one.words, one.line) for one in cut(text).statements]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\\set a b\nA;", [("psql", "\\set a b", 1), ("sql", "A", 2)]),
        ("A;\n\\i x.sql\nB;", [("sql", "A", 1), ("psql", "\\i x.sql", 2), ("sql", "B", 3)]),
        ("A \\gexec\nB", [("sql", "A", 1), ("psql", "\\gexec", 1), ("sql", "B", 2)]),
        ("A \\g\nB", [("sql", "A", 1), ("psql", "\\g", 1), ("sql", "B", 2)]),
        ("A\n\\watch 5\nB", [("sql", "A", 1), ("psql", "\\watch 5", 2), ("sql", "B", 3)]),
        ("A\n\\echo x\nB;", [("psql", "\\echo x", 2), ("sql", "A B", 1)]),
        ("\\echo x; y\nB;", [("psql", "\\echo x; y", 1), ("sql", "B", 2)]),
        ("A (x\n\\echo y\n; z); B", [("psql", "\\echo y", 2), ("sql", "A (x ; z)", 1), ("sql", "B", 3)]),
        ("A \\; B; C", [("sql", "A", 1), ("sql", "B", 1), ("sql", "C", 1)]),
        ("\\! rm x", [("psql", "\\! rm x", 1)]),
        ("\\?\nA", [("psql", "\\?", 1), ("sql", "A", 2)]),
        ("\\i it's\nA; B", [("psql", "\\i it's", 1), ("sql", "A", 2), ("sql", "B", 2)]),
        ("A '\\i x'; B", [("sql", "A '\\i x'", 1), ("sql", "B", 1)]),
    ],
)
def test_a_command_of_psql_is_one_line_and_sends_what_it_sends(text: str, found: list[tuple[str, str, int]]):
    assert kinds(text) == found


@pytest.mark.parametrize("name", ["g", "gx", "gexec", "gset", "gdesc", "crosstabview", "watch", "bind", "bind_named", "parse"])
def test_a_command_that_sends_ends_the_statement_before_it(name: str):
    assert texts(f"A (\\{name}\nB; C") == ["A (", f"\\{name}", "B", "C"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("COPY a FROM stdin;\nA; B\n\\.\nC;", ["COPY a FROM stdin", "C"]),
        ("copy a (x, y) from STDIN with csv;\nit's\n\\.\nC;", ["copy a (x, y) from STDIN with csv", "C"]),
        ("COPY a FROM stdin;\n\\.\nC;", ["COPY a FROM stdin", "C"]),
        ("COPY a FROM stdin;\nx\n\\. \t\nC;", ["COPY a FROM stdin", "C"]),
        ("COPY a FROM stdin;\nx\\.\n\\.x\n\\.\nC", ["COPY a FROM stdin", "C"]),
        ("COPY a FROM stdin;\nx\nC;", ["COPY a FROM stdin"]),
        ("COPY a FROM stdin;", ["COPY a FROM stdin"]),
        ("COPY a FROM 'file';\nC;", ["COPY a FROM 'file'", "C"]),
        ("COPY a TO stdout;\nC;", ["COPY a TO stdout", "C"]),
        ("COPY a FROM stdinx;\nC;", ["COPY a FROM stdinx", "C"]),
        ("\\copy a from stdin\nx; y\n\\.\nC;", ["\\copy a from stdin", "C"]),
        ("\\copy a from pstdin\nx; y\n\\.\nC;", ["\\copy a from pstdin", "C"]),
        ("\\copy a from 'f.csv'\nC;", ["\\copy a from 'f.csv'", "C"]),
        ("COPIES a FROM stdin;\nC;", ["COPIES a FROM stdin", "C"]),
    ],
)
def test_the_data_of_a_copy_is_no_statement(text: str, found: list[str]):
    assert texts(text) == found


def test_lines_go_on_behind_the_data_of_a_copy():
    assert placed("COPY a FROM stdin;\nx\ny\n\\.\nC;\nD")[1:] == [(5, 5, "C"), (6, 6, "D")]


UPS = [
    "-- +goose Up", "-- +migrate Up", "-- +micrate Up", "--migrate:up", "-- migrate:up", "-- rambler up", "-- Up Migration", "--- up migration", "-- == up ==",
    "--=up=", "# --- !Ups", "#---!Ups", "-- !Ups", "-- --- !Ups",
]  # fmt: skip
DOWNS = [
    "-- +goose Down", "-- +migrate Down", "-- +micrate Down", "--migrate:down", "-- rambler down", "-- Down Migration", "-- - Down Migration", "-- == down ==",
    "---- create above / drop below ----", "----create above/drop below----", "# --- !Downs", "-- !Downs", "-- //@UNDO", "-- // @undo", "-- +GOOSE DOWN",
]  # fmt: skip
NO_MARKS = [
    "-- down",
    "--down",
    "-- update",
    "-- +goose Downs",
    "-- not +goose Down",
    "-- down migrations are good",
    "-- migrate:downwards",
    "# down",
    "-- !Downside",
]


def ways(text: str) -> list[tuple[str, bool]]:
    return [(one.words, one.is_back) for one in cut(text).statements]


@pytest.mark.parametrize("mark", DOWNS)
def test_what_follows_a_mark_of_the_way_back_is_the_way_back(mark: str):
    assert ways(f"A;\n{mark}\nB; C") == [("A", False), ("B", True), ("C", True)]


@pytest.mark.parametrize("mark", UPS)
def test_what_follows_a_mark_of_the_way_forward_is_the_way_forward(mark: str):
    assert ways(f"-- +goose Down\nB;\n{mark}\nA") == [("B", True), ("A", False)]


@pytest.mark.parametrize("mark", NO_MARKS)
def test_a_comment_that_is_no_mark_hides_nothing(mark: str):
    assert ways(f"A;\n{mark}\nB")[-1][1] is False


def test_a_mark_ends_a_statement_that_has_no_semicolon():
    assert ways("A\n-- +goose Down\nB") == [("A", False), ("B", True)]


def test_a_mark_that_is_written_in_a_text_is_none():
    assert ways("A '\n-- +goose Down\n'; B") == [("A ' -- +goose Down '", False), ("B", False)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-- up\nA;\n-- down\nB;", [("A", False), ("B", True)]),
        ("--UP--\nA;\n-- == Down == --\nB;", [("A", False), ("B", True)]),
        ("-- down\nB;\n-- up\nA;", [("B", False), ("A", False)]),
        ("-- down\nB;", [("B", False)]),
        ("-- up\nA;", [("A", False)]),
        ("-- up to here\nA;\n-- down\nB;", [("A", False), ("B", False)]),
        ("-- up\nA;\n-- down\nB;\n-- up\nC;", [("A", False), ("B", True), ("C", False)]),
    ],
    ids=["both", "decorated", "in the other order", "down alone", "up alone", "a sentence", "back and forth"],
)
def test_one_word_marks_count_where_a_file_has_both_in_this_order(text: str, found: list[tuple[str, bool]]):
    assert ways(text) == found


@pytest.mark.parametrize(
    ("text", "wraps"),
    [
        ("A", None),
        ("-- +goose Up\nA", True), ("-- +migrate Up\nA", True), ("-- migrate:up\nA", True), ("--migrate:up\nA", True),
        ("-- rambler up\nA", None), ("-- Up Migration\nA", None), ("-- +goose Upper\nA", None), ("-- +goose Down\nA", None),
        ("-- +goose NO TRANSACTION\n-- +goose Up\nA", False), ("-- +goose Up\n-- +goose no transaction\nA", False),
        ("-- +migrate Up notransaction\nA", False), ("-- migrate:up transaction:false\nA", False), ("-- migrate:up x transaction : false\nA", False),
        ("-- migrate:up transaction:true\nA", True), ("-- no-transaction\nA", False), ("-- disable_ddl_transaction!\nA", False),
        ("-- migrate:up\n-- migrate:down transaction:false\nA", True),
    ],
)  # fmt: skip
def test_whether_the_tool_wraps_a_file_in_a_transaction(text: str, wraps: bool | None):
    assert cut(text).in_transaction is wraps


def test_a_statement_as_words_is_one_line():
    assert Statement(1, 3, "A\n  B\tC ").words == "A B C"
    assert Statement(1, 1, "A") == Statement(1, 1, "A", "sql", is_back=False)


SAFE = st.lists(st.sampled_from(["a", "b c", "'x;y'", '"x;y"', "$$ ; $$", "/* ; */", "(;)", "\n", " ", "E'\\';'", "-- ;\n"]), min_size=1, max_size=5).map(
    " ".join
)


@given(st.lists(SAFE, max_size=6))
def test_as_many_statements_as_were_joined_are_found(parts: list[str]):
    plain = [part for part in parts if texts(part)]
    assert texts(" ;\n".join(plain)) == [words for part in plain for words in texts(part)]


@given(st.text(alphabet="ab;'\"$-/*\\ \n()#egE.!:+", max_size=60))
def test_no_letter_outside_of_comments_and_data_is_lost(text: str):
    if "--" not in text and "/*" not in text and "\\" not in text:
        together = "".join("".join(one.text.split()) for one in cut(text).statements)
        assert together.replace(";", "") == "".join(text.split()).replace(";", "")


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("A $x$ $y$ ; $y$ $x$; B", ["A $x$ $y$ ; $y$ $x$", "B"]), ("A $x$ ; $X$; $x$; B", ["A $x$ ; $X$; $x$", "B"]), ("A a$$b; B", ["A a$$b", "B"]), ("A $a b$ ; C", ["A $a b$", "C"]),
        ("A U&'\\0041;'; B", ["A U&'\\0041;'", "B"]), ("A B'01;'; B", ["A B'01;'", "B"]), ("A N'x;'; B", ["A N'x;'", "B"]), ('A U&"d;"; B', ['A U&"d;"', "B"]),
        ("A E'a''b;\\\\'; B", ["A E'a''b;\\\\'", "B"]), ("A '' ; B", ["A ''", "B"]), ('A "" ; B', ['A ""', "B"]), ("A 'x'\n'y;'; B", ["A 'x' 'y;'", "B"]), ("A--B;\nC;", ["A C"]), ("A/**/B;C", ["A B", "C"]),
        ("A /*; -- */ B; C", ["A B", "C"]), ("A -- /*\n; B -- */\n; C", ["A", "B", "C"]), ("A '--' ; B", ["A '--'", "B"]), ("A * / B; C", ["A * / B", "C"]), ("A @> B <@ C; D", ["A @> B <@ C", "D"]),
        ("A ->> 'x;' ; B", ["A ->> 'x;'", "B"]), ("A [1:2]; B", ["A [1:2]", "B"]), ("A :: B; C", ["A :: B", "C"]), ("é; ü", ["é", "ü"]), ("A\x00; B", ["A\x00", "B"]), ("A\f;\vB", ["A", "B"]),
    ],
)  # fmt: skip
def test_every_way_of_quoting_that_postgresql_has(text: str, statements: list[str]):
    assert texts(text) == statements


@pytest.mark.parametrize("word", ["gdescx", "x", "echo", "set", "if", "endif", "timing", "pset", "encoding"])
def test_a_command_that_sends_nothing_ends_nothing(word: str):
    assert texts(f"A\n\\{word} z\nB; C") == [f"\\{word} z", "A B", "C"]


def test_a_command_of_psql_behind_a_statement_stands_on_its_own_line():
    assert [(one.kind, one.line, one.last, one.words) for one in cut("A\n B\n\\g x\nC").statements] == [
        ("sql", 1, 3, "A B"),
        ("psql", 3, 3, "\\g x"),
        ("sql", 4, 4, "C"),
    ]


def test_a_way_back_lasts_to_the_end_or_to_a_way_forward():
    text = "-- +goose Up\nA;\n-- +goose Down\nB;\n-- nothing\nC;\n-- +goose Up\nD;\n-- +goose Down\nE"
    assert ways(text) == [("A", False), ("B", True), ("C", True), ("D", False), ("E", True)]


def test_a_command_of_psql_in_the_way_back_is_of_the_way_back():
    assert [(one.kind, one.is_back) for one in cut("-- +goose Down\n\\i x\nA").statements] == [("psql", True), ("sql", True)]


def test_a_mark_within_a_body_is_a_comment_of_it():
    assert ways("CREATE FUNCTION f() AS $$\n-- +goose Down\n$$; B")[0] == ("CREATE FUNCTION f() AS $$ -- +goose Down $$", False)


def test_parens_that_are_not_closed_end_with_the_file_or_a_mark():
    assert texts("A (; B") == ["A (; B"]
    assert texts("A (; B\n-- +goose Down\nC; D") == ["A (; B", "C", "D"]


@given(
    st.lists(
        st.sampled_from(["A", ";", "\n", "-- +goose Down\n", "-- +goose Up\n", "-- up\n", "-- down\n", "'x;'", "\\g\n", "\\set a b\n", "("]), max_size=12
    ).map("".join)
)
def test_statements_are_in_the_order_of_their_lines_and_inside_the_file(text: str):
    found = cut(text).statements
    assert all(1 <= one.line <= one.last <= text.count("\n") + 1 for one in found)
    sent = [one.line for one in found if one.kind == "sql"]
    assert sent == sorted(sent)
    assert all(one.text == one.text.strip() for one in found)


@given(st.text(max_size=80))
def test_any_text_is_cut(text: str):
    for one in cut(text).statements:
        assert one.text
        assert one.line >= 1
