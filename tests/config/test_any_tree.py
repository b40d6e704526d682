import copy
import re
import tomllib
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from console.config.file_problems import FilePlace, Findings
from console.config.load import _resolve
from console.config.schema import FILE

EXAMPLE = (Path(__file__).parents[2] / "hosts.toml.example").read_text(encoding="utf-8")
TREE = tomllib.loads(re.sub(r"^#(?! |$)(.*)$", r"\1", EXAMPLE, flags=re.MULTILINE).replace("#  {", "  {"))
STRANGE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.times(), st.text(max_size=6),
        st.sampled_from(["25%", "9s", "{host}", "{hots}", "web[01-03]", "a@b:1", "::1", "http://[x", "http://x:99999999", "fri", "tag", "${x}", "\0"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["kind", "run", "name", "x", "tags", "to"]), inner)),
    max_leaves=6,
)  # fmt: skip


def nodes(value: object, path: tuple = ()) -> list[tuple]:
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [path] + [found for name, element in inner for found in nodes(element, (*path, name))]


PATHS = nodes(TREE)[1:]


def changed(path: tuple, value: object) -> dict:
    tree = copy.deepcopy(TREE)
    at = tree
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return tree


@example(("environments", "production", "database", "host"), {})
@given(st.sampled_from(PATHS), STRANGE)
def test_any_value_anywhere_is_taken_or_complained_of(path: tuple, value: object) -> None:
    findings = Findings("hosts.toml")
    place = FilePlace(findings)
    config = _resolve("/x/hosts.toml", FILE.read(changed(path, value), place), place)
    for problem in (*findings.problems, *findings.warnings):
        assert problem.message
        assert str(problem)
    assert findings.problems or config.resolved


@given(st.sampled_from(PATHS))
def test_any_key_may_be_left_out_or_is_missed(path: tuple) -> None:
    tree = copy.deepcopy(TREE)
    at = tree
    for part in path[:-1]:
        at = at[part]
    del at[path[-1]]
    findings = Findings("hosts.toml")
    place = FilePlace(findings)
    config = _resolve("/x/hosts.toml", FILE.read(tree, place), place)
    assert findings.problems or config.resolved
