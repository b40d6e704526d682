"""A file of SQL, line by line: where each lock is taken, and what could not be read. The line is where a person has to look, within blocks and functions too."""

import pytest

from tests.core.test_sql_file import read


def found(text: str) -> list[str]:
    """`3: orders ACCESS EXCLUSIVE`: the locks by their lines, then what is not read, then what is wrong. `?`: a table that the file does not name."""
    file = read(text)
    locks = [f"{one.line}: {one.table or '?'} {one.lock}" + (f" ({one.made} made)" if one.made else "") for _, one in file.touches]
    unread = [f"{one.line}: unread: {one.message}" for one in file.unread]
    return [*locks, *unread, *(f"{one.line}: {one.rule}: {one.message}" for one in file.findings)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(*row[1:], id=row[0])
        for row in (
            (
                "statements over several lines",
                "\n".join(
                    (
                        "SELECT 1;",
                        "",
                        "TRUNCATE a;",
                        "TRUNCATE",
                        "  b;",
                    )
                ),
                [
                    "3: a ACCESS EXCLUSIVE",
                    "4: b ACCESS EXCLUSIVE",
                ],
            ),
            (
                "statements of a block",
                "\n".join(
                    (
                        "DO $$",
                        "BEGIN",
                        "  TRUNCATE a;",
                        "",
                        "  DELETE FROM b;",
                        "END $$;",
                    )
                ),
                [
                    "3: a ACCESS EXCLUSIVE",
                    "5: b ROW EXCLUSIVE",
                ],
            ),
            (
                "a block that begins further down",
                "\n".join(
                    (
                        "-- a word before",
                        "",
                        "DO LANGUAGE plpgsql",
                        "$$",
                        "BEGIN",
                        "  TRUNCATE a;",
                        "END",
                        "$$;",
                    )
                ),
                [
                    "6: a ACCESS EXCLUSIVE",
                ],
            ),
            (
                "both ways of a branch, and what follows an error",
                "\n".join(
                    (
                        "DO $$",
                        "BEGIN",
                        "  IF true THEN",
                        "    TRUNCATE a;",
                        "  ELSE",
                        "    TRUNCATE b;",
                        "  END IF;",
                        "EXCEPTION WHEN others THEN",
                        "  TRUNCATE c;",
                        "END $$;",
                    )
                ),
                [
                    "4: a ACCESS EXCLUSIVE",
                    "6: b ACCESS EXCLUSIVE",
                    "9: c ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a function in SQL, where it is called",
                "\n".join(
                    (
                        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$",
                        "TRUNCATE a;",
                        "TRUNCATE",
                        "  b;",
                        "$$;",
                        "SELECT f();",
                    )
                ),
                [
                    "2: a ACCESS EXCLUSIVE",
                    "3: b ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a function in SQL that nobody calls",
                "\n".join(
                    (
                        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$",
                        "TRUNCATE a;",
                        "$$;",
                    )
                ),
                [],
            ),
            (
                "a function in PL/pgSQL, where it is called",
                "\n".join(
                    (
                        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$",
                        "BEGIN",
                        "  TRUNCATE a;",
                        "END $$;",
                        "",
                        "SELECT f();",
                    )
                ),
                [
                    "3: a ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a function that calls another, and itself",
                "\n".join(
                    (
                        "CREATE FUNCTION g() RETURNS void LANGUAGE sql AS $$ TRUNCATE a; SELECT f(); $$;",
                        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$",
                        "BEGIN",
                        "  PERFORM g();",
                        "  PERFORM f();",
                        "  TRUNCATE b;",
                        "END $$;",
                        "SELECT f();",
                    )
                ),
                [
                    "1: a ACCESS EXCLUSIVE",
                    "6: b ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a function in another language",
                "\n".join(
                    (
                        "CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS $$",
                        "x",
                        "$$;",
                        "SELECT f();",
                    )
                ),
                [
                    "1: unread: its body is plpython3u, which is not read: CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS $$ x $$",
                ],
            ),
            (
                "a command that is put together of what is known",
                "\n".join(
                    (
                        "DO $$",
                        "DECLARE n constant text := 'a';",
                        "BEGIN",
                        "  EXECUTE 'TRUNCATE ' || n;",
                        "  EXECUTE format('DELETE FROM %I.%I', 's', n);",
                        "END $$;",
                    )
                ),
                [
                    "4: a ACCESS EXCLUSIVE",
                    "5: s.a ROW EXCLUSIVE",
                ],
            ),
            (
                "a command for each of a list",
                "\n".join(
                    (
                        "DO $$",
                        "DECLARE t text;",
                        "BEGIN",
                        "  FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP",
                        "    EXECUTE format('TRUNCATE %I', t);",
                        "  END LOOP;",
                        "END $$;",
                    )
                ),
                [
                    "5: a ACCESS EXCLUSIVE",
                    "5: b ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a command of a value that changes",
                "\n".join(
                    (
                        "DO $$",
                        "DECLARE n text := 'a';",
                        "BEGIN",
                        "  EXECUTE 'TRUNCATE ' || n;",
                        "  n := 'b';",
                        "  EXECUTE 'TRUNCATE ' || n;",
                        "END $$;",
                    )
                ),
                [
                    "4: ? ACCESS EXCLUSIVE",
                    "6: ? ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a command of what a query returns",
                "\n".join(
                    (
                        "DO $$",
                        "DECLARE t text;",
                        "BEGIN",
                        "  FOR t IN SELECT tablename FROM pg_tables LOOP",
                        "    EXECUTE 'TRUNCATE ' || t;",
                        "  END LOOP;",
                        "END $$;",
                    )
                ),
                [
                    "5: ? ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a command of which nothing is known",
                "\n".join(
                    (
                        "DO $$",
                        "DECLARE t text;",
                        "BEGIN",
                        "  SELECT run INTO t FROM jobs;",
                        "  EXECUTE t;",
                        "END $$;",
                    )
                ),
                [
                    "5: unread: it is made up as it runs: EXECUTE t",
                ],
            ),
            (
                "psql's variables",
                "\n".join(
                    (
                        "\\set who 'ada'",
                        'TRUNCATE :"who";',
                        "DELETE FROM b WHERE x = :'who';",
                        "TRUNCATE :who;",
                    )
                ),
                [
                    "2: ada ACCESS EXCLUSIVE",
                    "3: b ROW EXCLUSIVE",
                    "4: ada ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a variable of psql that is set elsewhere",
                "TRUNCATE :who;",
                [
                    "1: ? ACCESS EXCLUSIVE",
                ],
            ),
            (
                "psql's copy",
                "\n".join(
                    (
                        "\\copy s.t from 'x.csv'",
                        "\\copy t to 'x.csv'",
                    )
                ),
                [
                    "1: s.t ROW EXCLUSIVE",
                ],
            ),
            (
                "other files, and another database",
                "\n".join(
                    (
                        "\\i more.sql",
                        "TRUNCATE a;",
                        "\\connect other",
                    )
                ),
                [
                    "2: a ACCESS EXCLUSIVE",
                    "1: unread: it reads another file, which is not read here: \\i more.sql",
                    "3: unread: what follows runs in another database, whose tables were not looked at: \\connect other",
                ],
            ),
            (
                "rows between the statements",
                "\n".join(
                    (
                        "COPY t FROM stdin;",
                        "1\t2; DROP TABLE x;",
                        "\\.",
                        "TRUNCATE b;",
                    )
                ),
                [
                    "1: t ROW EXCLUSIVE",
                    "4: b ACCESS EXCLUSIVE",
                ],
            ),
            (
                "half of a search path",
                "\n".join(
                    (
                        "SELECT set_config('search_path');",
                        "TRUNCATE t;",
                    )
                ),
                [
                    "2: t ACCESS EXCLUSIVE",
                ],
            ),
            (
                "a template's word",
                "\n".join(
                    (
                        "TRUNCATE {{ table }};",
                        "TRUNCATE ${schema}.b;",
                        "{% if x %}",
                        "TRUNCATE c;",
                        "{% endif %}",
                    )
                ),
                [
                    "1: ? ACCESS EXCLUSIVE",
                    "2: *.b ACCESS EXCLUSIVE",
                    "3: c ACCESS EXCLUSIVE",
                ],
            ),
            (
                "what cannot be read",
                "\n".join(
                    (
                        "TRUNCATE ;",
                        "TRUNCATE a;",
                    )
                ),
                [
                    "2: a ACCESS EXCLUSIVE",
                    "1: unread: could not be read: syntax error at end of input: TRUNCATE",
                ],
            ),
            (
                "what cannot be read, over many lines",
                "TRUNCATE a" + "\n" * 25 + ", $;",
                [
                    '1: unread: could not be read: syntax error at or near "$" (to line 26): TRUNCATE a , $',
                ],
            ),
            (
                "a statement that cannot run in the transaction that is open",
                "\n".join(
                    (
                        "BEGIN;",
                        "CREATE INDEX CONCURRENTLY i ON a (x);",
                        "COMMIT;",
                        "CREATE INDEX CONCURRENTLY j ON a (x);",
                        "VACUUM a;",
                    )
                ),
                [
                    "2: a SHARE UPDATE EXCLUSIVE",
                    "4: a SHARE UPDATE EXCLUSIVE",
                    "2: in-transaction: this cannot run inside a transaction, and the file runs it in one: it will fail",
                ],
            ),
            (
                "a table that the file makes, under two names",
                "\n".join(
                    (
                        "CREATE TABLE a (x int);",
                        "ALTER TABLE a RENAME TO b;",
                        "TRUNCATE b;",
                        "TRUNCATE a;",
                    )
                ),
                [
                    "2: a ACCESS EXCLUSIVE (here made)",
                    "3: b ACCESS EXCLUSIVE (here made)",
                    "4: a ACCESS EXCLUSIVE",
                ],
            ),
        )
    ],
)
def test_each_finding_is_at_its_line(text: str, lines: list[str]):
    assert found(text) == lines


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("TRUNCATE a;\nTRUNCATE b;", "TRUNCATE a;\nTRUNCATE b;\n"),
        ("TRUNCATE ;\nTRUNCATE a;", "\nTRUNCATE a;\n"),
        ("CREATE TABLE a (x int);\nTRUNCATE a;\nTRUNCATE b;", "CREATE TABLE a (x int);\n\nTRUNCATE b;\n"),
        ("\\i more.sql\n\nTRUNCATE a;", "\n\nTRUNCATE a;\n"),
        ("COPY t FROM stdin;\n1\n2\n\\.\nTRUNCATE a;", "COPY t FROM stdin;\n\n\n\nTRUNCATE a;\n"),
        ("TRUNCATE ;", ""),
    ],
)
def test_what_a_linter_is_given_keeps_its_lines(text: str, rest: str):
    """Without what could not be read, and what works on tables of the release's own alone."""
    assert read(text).lintable == rest
