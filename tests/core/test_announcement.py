"""What people are told, and when a release may not go without that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.announcement import after, assess_announcement, assess_delivery, before, grouped, is_major
from console.model.fleet import Announce
from console.model.impact import Impact
from console.model.values import changed
from console.text import SafeLines, SafeText
from tests.core.test_run import a_run, failing

ONE = Announce(("json://x",))
MAJOR = [Impact(breaking="yes"), Impact(risk="high"), Impact(downtime=60.0)]


@pytest.mark.parametrize("impact", MAJOR)
def test_a_major_change_cannot_go_untold(impact: Impact):
    check = assess_announcement(None, impact)
    assert check.blocks
    assert "--override announcement=REASON" in check.remedy
    assert "GO depends" in assess_announcement(ONE, impact).detail


def test_a_minor_change_may_go_untold_and_a_required_announcement_may_not():
    assert not assess_announcement(None, Impact()).blocks
    assert "GO depends" not in assess_announcement(ONE, Impact()).detail
    assert "GO depends" in assess_announcement(Announce(("json://x",), required=True), Impact()).detail
    assert assess_delivery((SafeText("json://x: 503"),)).blocks
    assert not assess_delivery(()).blocks


def test_changes_are_grouped_by_their_prefix():
    subjects = ["feat: basket", "fix(api): prices", "Tidy up", "feat!: new login"]
    assert grouped(subjects) == ("New:", "- basket", "- new login", "Mended:", "- prices", "Else:", "- Tidy up")
    assert grouped(["One", "Two"]) == ("- One", "- Two")


@given(st.lists(st.text(max_size=40)))
def test_no_change_is_lost(subjects: list[str]):
    assert sum(line.startswith("- ") for line in grouped(subjects)) >= min(len(subjects), 30)


def test_what_is_said_before_and_after():
    run = a_run(3, failing("web02"))
    state = changed(run.state, changes=(SafeText("feat: basket"),), request=changed(run.state.request, impact=Impact(downtime=90.0), hotfix="CVE"))
    told = before(state)
    assert "production: releasing" in told.title
    assert all(words in told.body for words in ("Downtime: 1m30s", "Hotfix in a closed time: CVE", "- basket", "by ada, run r1"))
    noted = before(changed(state, request=changed(state.request, impact=Impact(notes=SafeLines("By hand\n\n- in lines")))))
    assert "\n\nBy hand\n\n- in lines\n\nby ada" in noted.body
    assert "basket" not in noted.body
    ended = after(run.run())
    assert "ROLLED BACK" in ended.title
    assert is_major(state.request.impact)
