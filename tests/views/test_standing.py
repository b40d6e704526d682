"""What stays on the normal screen when a run has ended."""

import pytest

from console.model.plan import ReturnTarget
from console.model.state import HostState, RunState
from console.safe_text import SafeText
from console.views.parting_lines import last_lines
from console.views.run_standing import elapsed_words


@pytest.mark.parametrize(("versions", "words"), [
    (("v1.0.0", "v1.0.0"), "2 hosts: 2 back, on v1.0.0 now"),
    (("v1.0.0", "v0.9.0"), "2 hosts: 2 back"),
    (("", ""), "2 hosts: 2 back"),
])  # fmt: skip
def test_a_rollback_says_what_runs_now_where_that_is_one_version(versions: tuple[str, str], words: str):
    names = ("web01", "web02")
    state = RunState(
        run="r1", app="shop", environment="production", kind="rollback", outcome="rolled-back", exit=0, phase="ended",
        hosts={name: HostState(name, condition="back") for name in names},
        way_back=tuple(ReturnTarget(name, "r0", SafeText(version)) for name, version in zip(names, versions, strict=True)),
    )  # fmt: skip
    assert last_lines(state, 0.0)[0].endswith(words)


@pytest.mark.parametrize(("go", "words"), [(False, "no-go after 00:15"), (True, "failed after 00:02")])
def test_a_no_go_took_as_long_as_its_checks(go: bool, words: str):
    state = RunState(
        run="r1", app="shop", environment="production", phase="ended", exit=5 if go else 3, go=go, opened=100.0, decided=115.0 if not go else 113.0, mono=115.0
    )
    assert words in last_lines(state, 0.0)[0]
    assert elapsed_words(state, 0.0) == words[-5:]
