import tomllib

from hypothesis import given
from hypothesis import strategies as st

from console.config.positions import positions

TEXT = '''# a comment with [table] and "quotes"
title = "x" # = [
"quoted.key" = 'y'
a . b = 1

[app]
name = """
[not.a.table]
"""
list = [ 1, # one
  "two ] # x",
  [3, 4],
  { deep = { er = 5 } },
]
last = 2026-12-20 10:00:00

[[app.hooks]]
at = 1
[[app.hooks]]
at = 2
[app.hooks.inner]
x = 1
[environments."pro duction"]
hosts = ["a",
         "b"]
literal = \'\'\'it''s [x]\'\'\'
'''


def test_each_key_has_its_line() -> None:
    tomllib.loads(TEXT)
    lines = positions(TEXT)
    assert {
        ("title",): 2,
        ("quoted.key",): 3,
        ("a", "b"): 4,
        ("app",): 6,
        ("app", "name"): 7,
        ("app", "list"): 10,
        ("app", "list", 1): 11,
        ("app", "list", 2, 1): 12,
        ("app", "list", 3, "deep", "er"): 13,
        ("app", "last"): 15,
        ("app", "hooks", 0, "at"): 18,
        ("app", "hooks", 1): 19,
        ("app", "hooks", 1, "at"): 20,
        ("app", "hooks", 1, "inner", "x"): 22,
        ("environments", "pro duction", "hosts", 1): 25,
        ("environments", "pro duction", "literal"): 26,
    }.items() <= lines.items()


def paths(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} | {found for name, element in inner for found in paths(element, (*path, name))}


SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.text(alphabet="ab ]}[{#=,.'\n", max_size=6).map(lambda text: '"""' + text + '"""'),
    st.text(alphabet="ab ]}[{#=,.", max_size=6).map(lambda text: f"'{text}'"),
    st.sampled_from(['"\\""', "true", "1979-05-27", '""', "''", '"""a"""""', '"""\\""""', "'''x'''''"]),
)
KEYS = st.sampled_from(["a", '"b c"', "'d.e'", "f-1", "g . h", '"\\u0041"'])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: "[ " + ", # c ]\n".join([*found, ""]) + "\n]" if found else "[]"),
        st.dictionaries(KEYS, inner, max_size=3).map(lambda found: "{ " + ", ".join(f"{k} = {v}" for k, v in found.items()) + " }"),
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(st.sampled_from(["t", "u.v", "[w]"]), st.dictionaries(KEYS, VALUES), max_size=3))
def test_every_path_of_any_text_is_known(top: dict[str, str], tables: dict[str, dict[str, str]]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in top.items())
    for name, body in tables.items():
        text += f"[{name}] # x\n" + "".join(f"  {key}= {value} # [y]\n" for key, value in body.items())
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = positions(text)
    assert paths(tree) - {()} <= lines.keys()
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
