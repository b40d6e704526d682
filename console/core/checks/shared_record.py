"""Whether the names of people who act from other machines are proven, where several machines share the record. Pure."""

from console.model.checks import Check
from console.safe_text import SafeText

_TITLE = SafeText("Shared record")


def assess_record_away(reason: SafeText, *, blocks: bool = True) -> Check:
    """Judge a record whose database does not answer: nothing that other machines cannot know of begins, but what goes back does."""
    return Check(
        "record", _TITLE, "error", blocking=blocks, detail=reason, remedy=SafeText("see whether its server is up, then type the command again"), firm=True
    )


def record_is_back() -> Check:
    """The verdict on a shared record that did not answer before, and does now."""
    return Check("record", _TITLE, "passed", detail=SafeText("it answers again"), firm=True)


def assess_record(login: str, owner: str) -> Check | None:
    """Judge by which login of the database an engine of that owner writes; empty: this machine alone has the record, and there is nothing to say."""
    if not login:
        return None
    if login == owner:
        return Check("record", _TITLE, "passed", blocking=False, detail=SafeText(f"the database's login {login} proves to other machines who acts here"))
    words = f"names are advisory between machines: this one writes by the database's login {login}, which does not prove that {owner} does"
    remedy = f"give {owner} a login of the database that is called {owner}, or see docs/security.md for what advisory means"
    return Check("record", _TITLE, "warning", blocking=False, detail=SafeText(words), remedy=SafeText(remedy))
