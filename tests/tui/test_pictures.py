"""A few screens as pictures. A picture that changed is looked at before it is taken: see CONTRIBUTING.md."""

from pathlib import Path

import pytest

from tests.tui.picture import make
from tests.tui.scenes import scene

PICTURES = [("mid", (80, 24)), ("mid", (120, 36)), ("mid", (200, 50)), ("home", (120, 36)), ("prepare", (120, 36))]


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests."""
    for variable in ("NO_COLOR", "COLORTERM", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_ANIMATIONS", "TEXTUAL_FPS", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("name", "size"), PICTURES, ids=[f"{name}-{width}x{height}" for name, (width, height) in PICTURES])
def test_it_looks_as_it_was_last_looked_at(name, size, snap_compare, colours):
    app, come_to_rest = scene(name)
    assert snap_compare(app, terminal_size=size, run_before=come_to_rest)


async def test_the_readmes_picture_is_of_the_screen_as_it_is(tmp_path, colours):
    """`make picture` makes it anew."""
    await make(tmp_path / "screen.svg")
    is_same = (tmp_path / "screen.svg").read_bytes() == Path("docs/screen.svg").read_bytes()
    assert is_same, "make picture"
