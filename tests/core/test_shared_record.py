"""What a shared record proves of who acts."""

from console.core.checks.shared_record import assess_record, assess_record_away, record_is_back
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
