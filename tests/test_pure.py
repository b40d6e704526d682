"""The core, the model and views never ask what time it is: they are told. `tests/dates.py` leaves out on other days what rests on that."""

import ast
from pathlib import Path

CONSOLE = Path(__file__).parents[1] / "console"
ASKS = frozenset({"now", "today", "utcnow"})


def asked(text: str) -> list[str]:
    """Calls by which a text asks for the time."""
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [ast.unparse(call) for call in calls if isinstance(call, ast.Attribute) and call.attr in ASKS and "clock" not in ast.unparse(call).lower()]


def test_a_question_for_the_time_is_found():
    assert asked("from datetime import UTC, datetime\nat = datetime.now(UTC)") == ["datetime.now"]


def test_what_is_pure_never_asks_for_the_time():
    files = [path for part in ("core", "model", "views") for path in sorted((CONSOLE / part).rglob("*.py"))]
    assert len(files) > 100
    assert {str(path.relative_to(CONSOLE)): found for path in files if (found := asked(path.read_text(encoding="utf-8")))} == {}
