"""The page of all keys, from the registry: `python -m tests.tui.keys_page FILE`."""

import sys
from pathlib import Path
from typing import get_args

from console.tui import keys
from console.tui.key_refusals import Place

TITLES: dict[Place, str] = {
    "home": "Home", "prepare": "Prepare a release", "run": "A run", "host": "One host", "runs": "Runs", "record": "The record of a run", "compare": "Two runs", "replay": "Replay",
}  # fmt: skip


def keys_page() -> str:
    """Return every key of every screen, as Markdown."""
    parts = ["# Keys\n\nMade by `make keys` from `console/tui/keys.py`: change it there. `?` shows the keys of the screen that is seen.\n"]
    for place in get_args(Place):
        rows = [
            f"| {' '.join(f'`{_in_table(keys.key_name(key))}`' for key in action.keys)} | {_in_table(action.title)} |"
            for action in keys.ACTIONS
            if place in action.places and action.title and not action.soon
        ]
        parts.append("\n".join([f"\n## {TITLES[place]}\n", "| key | what it does |", "| --- | --- |", *rows, ""]))
    return "".join(parts)


def _in_table(words: str) -> str:
    return words.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_") if len(words) > 1 else words.replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(keys_page(), encoding="utf-8")
