"""The lines of an upstream as tables: who is who, who is down, and that nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.adapters.balancers.nginx_file import MARK, lines_of, read_upstream, rewritten
from console.adapters.balancers.nginx_scripts import read_look
from console.model.host import Host

TEXT = f"""\
# upstream shop {{
upstream other {{
    server 10.0.0.1:80;
}}
upstream shop {{   # the shop
    least_conn;
\tserver web01.example.net:8080 weight=5 max_fails=3;   # rack 1
    server 10.0.0.2:8080 down;
    server [fd00::3]:8080 down;  # web03  {MARK}
    # server 10.0.0.9:8080;
    server unix:/run/app.sock backup;# app
    keepalive 16;
}}
server {{ listen 80; }}
"""


def test_each_server_is_read_with_what_it_is_told():
    found = read_upstream(TEXT, "shop")
    assert [(line.number, line.admission, line.weight) for line in found.lines] == [(6, "in", 5), (7, "out", 1), (8, "drained", 1), (10, "in", 1)]
    assert [line.text for line in found.lines] == [TEXT.splitlines()[line.number] for line in found.lines]


HOSTS = [
    (Host("web01.example.net"), [6]),
    (Host("web01", server="web01.example.net:8080"), [6]),
    (Host("x", server="rack"), [6]),
    (Host("web02", address="10.0.0.2"), [7]),
    (Host("web03"), [8]),
    (Host("y", address="fd00::3"), [8]),
    (Host("app"), [10]),
    (Host("10.0.0.9"), []),
    (Host("10.0.0.1"), []),
    (Host("web02", address="10.0.0.2", server="other"), []),  # what the file says it is called is what it is called
    (Host("10.0.0.2"), [7]),
]


@pytest.mark.parametrize(("host", "numbers"), HOSTS)
def test_whose_line_it_is(host, numbers):
    assert [line.number for line in lines_of(read_upstream(TEXT, "shop"), [host])[host.name]] == numbers


WRONG = [
    ("upstream shop { server a; }", "there is no line `upstream shop {`"),
    ("upstream shop {\n  server a; server b;\n}", "line 2 cannot be read"),
    ("upstream shop {\n  server a\n    weight=1;\n}", "line 2 cannot be read"),
    ("upstream shop {\n  server a;", "that ends in a line with }"),
    ("upstream shop {\n}", "has no server"),
    ("upstream shop {\n  include other;\n}", "has no server"),
    ("upstream shop {\n  match x {\n  }\n}", "line 2 cannot be read"),
    ("", "there is no line `upstream shop {`"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_cannot_be_read_is_said_and_never_guessed(text, words):
    found = read_upstream(text, "shop")
    assert found.lines == ()
    assert words in found.problem


def changed(text, **down):
    hosts = [Host("web01", server="web01.example.net"), Host("web02", address="10.0.0.2"), Host("web03")]
    return rewritten(text, lines_of(read_upstream(text, "shop"), hosts), down)


def test_one_line_is_changed_and_comes_back_as_it_was():
    down = changed(TEXT, web01=True)
    differing = [(old, new) for old, new in zip(TEXT.splitlines(), down.splitlines(), strict=True) if old != new]
    assert differing == [
        (
            "\tserver web01.example.net:8080 weight=5 max_fails=3;   # rack 1",
            f"\tserver web01.example.net:8080 weight=5 max_fails=3 down;   # rack 1  {MARK}",
        )
    ]
    assert changed(down, web01=False) == TEXT
    assert changed(TEXT, web02=True) == TEXT  # somebody else's stays theirs
    assert "server 10.0.0.2:8080;" in changed(TEXT, web02=False)
    assert "server [fd00::3]:8080;  # web03\n" in changed(TEXT, web03=False)


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_else_the_file_holds_stays(around, ending, ends):
    text = f"# {' '.join(around.split())}{ending}upstream shop {{{ending}  server web01;{ending}}}{ending if ends else ''}"
    down = changed_alone(text, down=True)
    assert changed_alone(down, down=False) == text
    assert down.replace(f" down;  {MARK}", ";") == text


def changed_alone(text, *, down):
    host = Host("web01")
    return rewritten(text, lines_of(read_upstream(text, "shop"), [host]), {"web01": down})


LOOK = (
    b"digest "
    + b"a" * 64
    + b"\nmaster 7\nchild 8 nginx: worker process \nchild 9 nginx: worker process is shutting down \nchild 10 nginx: cache manager process \npage\n"
)


def test_a_look_tells_old_workers_from_new_ones():
    seen = read_look(LOOK + b"text\nupstream shop {\n  server \xff;\n}\n")
    assert seen is not None
    assert (seen.master, seen.workers, seen.old, seen.has_page, seen.is_shown) == ("7", {"8"}, {"9"}, True, False)
    assert seen.text.encode("utf-8", "surrogateescape") == b"upstream shop {\n  server \xff;\n}\n"


@pytest.mark.parametrize("said", [b"", LOOK, b"digest short\ntext\nx", b"text\nx"])
def test_a_look_that_is_cut_short_is_none(said):
    assert read_look(said) is None


def test_a_file_that_cannot_be_read_is_told_by_whom():
    seen = read_look(b"unreadable deploy\n")
    assert seen is not None
    assert seen.unreadable_by == "deploy"
