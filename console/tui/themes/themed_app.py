"""The colours of the whole program: which theme is on, what a foreign theme lacks, and the filters before the terminal.

Knows nothing of screens.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.app import App
from textual.filter import LineFilter
from textual.theme import Theme

from console.tui.terminal.line_filters import AsciiChrome, SecondWall
from console.tui.terminal.terminal_driver import PatientDriver
from console.tui.themes.parsed_once import ParsedOnce
from console.tui.themes.theme_reader import FOR_SIXTEEN, read_themes, variables_of
from console.tui.widgets.line_view import Toned

Result = TypeVar("Result")


class ThemedApp(App[Result], Generic[Result]):
    """A program in one of our themes."""

    def __init__(self, theme: str = "", *, sixteen: bool = False, no_color: bool = False, ascii_only: bool = False) -> None:
        self._problems: tuple[str, ...] = ()
        super().__init__(driver_class=PatientDriver, ansi_color=True if no_color else None)
        self.animation_level = "none"
        self._wanted_theme = theme or (FOR_SIXTEEN if sixteen or no_color else "dark")
        Toned.ascii_only = ascii_only
        self._take_themes()

    def _take_themes(self) -> None:
        themes, self._problems = read_themes()
        for theme in themes.values():
            self.register_theme(theme)
        if self._wanted_theme not in themes:
            self._problems = (*self._problems, f"no theme {self._wanted_theme}; there are: {', '.join(sorted(themes))}")
            self._wanted_theme = "dark"
        self.theme = self._wanted_theme
        self.stylesheet = ParsedOnce(variables=self.get_css_variables())
        self.theme_names = tuple(sorted(themes))
        """Themes of ours, and those that a person put beside them."""

    @property
    def theme_problem(self) -> str:
        """What is wrong with the themes; empty: nothing."""
        return self._problems[0] if self._problems else ""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give a theme that is not ours our tones."""
        theme: Theme = self.current_theme
        text, back = theme.foreground or "#e0e0e0", theme.background or "#121212"
        names = {"background": back, "surface": theme.surface or back, "text": text, "dim": text, "border": text, "accent": theme.primary}
        states = {"good": theme.success, "busy": theme.secondary, "warn": theme.warning, "bad": theme.error, "unknown": theme.accent}
        more = {"back": theme.warning, "owed": theme.warning, "frame": theme.error}
        return variables_of(names | {name: color or text for name, color in (states | more).items()})

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put a second wall before the terminal."""
        return [*super().get_line_filters(), SecondWall(), *([AsciiChrome()] if Toned.ascii_only else [])]
