"""What a shared record proves of who acts."""

from console.core.checks.shared_record import assess_record, assess_record_away, record_is_back
from console.model.checks import Check
from console.safe_text import SafeText


def test_a_login_of_ones_own_proves_the_name_and_one_for_all_does_not() -> None:
    assert assess_record("", "ada") is None
    proven, advisory = assess_record("ada", "ada"), assess_record("deploy", "ada")
    assert (proven.status, proven.blocking) == ("passed", False)
    assert (advisory.id, advisory.status, advisory.blocking) == ("record", "warning", False)
    assert "names are advisory between machines" in advisory.detail
    assert "by the database's login deploy" in advisory.detail


def test_a_database_that_does_not_answer_holds_a_release_up_and_nothing_that_goes_back() -> None:
    away = assess_record_away(SafeText("it is away"))
    assert (away.id, away.detail, away.blocks) == ("record", "it is away", True)
    assert not assess_record_away(SafeText("it is away"), blocks=False).blocks
    assert not record_is_back().blocks


def test_each_verdict_is_whole() -> None:
    title = SafeText("Shared record")
    again = SafeText("see whether its server is up, then type the command again")
    assert assess_record_away(SafeText("away")) == Check("record", title, "error", True, SafeText("away"), again, firm=True)
    assert record_is_back() == Check("record", title, "passed", True, SafeText("it answers again"), firm=True)
    words = SafeText("the database's login ada proves to other machines who acts here")
    assert assess_record("ada", "ada") == Check("record", title, "passed", False, words)
    words = SafeText("names are advisory between machines: this one writes by the database's login deploy, which does not prove that ada does")
    remedy = SafeText("give ada a login of the database that is called ada, or see docs/security.md for what advisory means")
    assert assess_record("deploy", "ada") == Check("record", title, "warning", False, words, remedy)
