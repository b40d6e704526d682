"""Themes as TOML files: a name, dark or light, and semantic colours that become the tones of the views.

Owns what a theme file must say. It knows nothing of runs.
"""

import tomllib
from pathlib import Path
from typing import Any

from textual.theme import Theme

from console.errors import UsageFault
from console.tui.themes.theme_files import theme_files

COLORS = (
    "background", "surface", "text", "dim", "border", "accent", "good", "busy", "warn", "bad", "unknown", "back", "owed", "frame"
)  # fmt: skip

FOR_SIXTEEN = "terminal"
"""The theme for a terminal that has sixteen colours, or none."""


def read_theme(file: Path) -> Theme:
    """Return the theme in that file. Raises UsageFault with what is missing or wrong in it."""
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageFault(f"{file}: not a theme: {problem}") from problem
    colors = data.get("colors", {})
    missing = [name for name in COLORS if name not in colors]
    if missing or "name" not in data:
        raise UsageFault(f"{file}: not a theme: no {', '.join(missing) or 'name'}", f"a theme names: {', '.join(COLORS)}")
    return theme_of(str(data["name"]), colors, dark=bool(data.get("dark", True)))


def theme_of(name: str, colors: dict[str, str], *, dark: bool) -> Theme:
    """Return Textual's theme of those semantic colours."""
    ansi = colors["background"].startswith("ansi_")
    plain: dict[str, Any] = {"background": colors["background"], "surface": colors["surface"], "panel": colors["surface"]}
    return Theme(
        name=name, primary=colors["accent"], accent=colors["accent"], secondary=colors["busy"], warning=colors["warn"], error=colors["bad"],
        success=colors["good"], foreground=colors["text"], dark=dark, ansi=ansi, text_alpha=1.0,
        variables=variables_of(colors) | (_ansi_variables(colors) if ansi else {}), **plain,
    )  # fmt: skip


def _ansi_variables(colors: dict[str, str]) -> dict[str, str]:
    """Return what Textual's own style sheets ask of a theme in the terminal's colours; without them nothing is drawn at all."""
    back, text, chosen = colors["background"], colors["text"], colors["accent"]
    return {
        "ansi-background": back, "ansi-foreground": text, "border-blurred": colors["border"],
        "block-cursor-foreground": "ansi_black", "block-cursor-background": chosen,
        "input-cursor-background": back, "input-cursor-foreground": text, "input-cursor-text-style": "reverse",
        "input-selection-background": chosen, "input-selection-foreground": "ansi_black",
        "screen-selection-background": chosen, "screen-selection-foreground": "ansi_black",
    }  # fmt: skip


def variables_of(colors: dict[str, str]) -> dict[str, str]:
    """Return the variables that the style sheet speaks of."""
    return {f"tone-{name}": colors[name] for name in COLORS}


def read_themes() -> tuple[dict[str, Theme], tuple[str, ...]]:
    """Return every theme that is found, by name, and what is wrong with the files that are none."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for file in theme_files():
        try:
            theme = read_theme(file)
        except UsageFault as fault:
            problems.append(fault.message)
        else:
            themes[theme.name] = theme
    return themes, tuple(problems)
