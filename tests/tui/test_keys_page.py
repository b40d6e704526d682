"""The page of keys is the registry's."""

from pathlib import Path

from console.tui import keys
from tests.tui.keys_page import keys_page

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"


def test_the_page_says_what_the_registry_says():
    assert PAGE.read_text(encoding="utf-8") == keys_page(), "make keys writes it anew"


def test_every_action_that_is_there_is_on_the_page():
    page = keys_page()
    assert "Roll back".lower() in page.lower()
    for action in keys.ACTIONS:
        if action.title and not action.soon:
            assert all(f"`{keys.key_name(key)}`" in page for key in action.keys), action.id
