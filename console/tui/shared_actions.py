"""The actions that every page has: help, palette, themes, a new release, maintenance mode, leaving."""

from collections.abc import Callable

from textual.app import App

from console.as_typed import as_typed
from console.tui.dialogs.dialog import TextDialog
from console.tui.dialogs.maintenance_question import MaintenanceQuestion
from console.tui.dialogs.palette import Palette
from console.tui.dialogs.theme_choice import ThemeChoice
from console.tui.key_lines import help_lines
from console.tui.key_refusals import Situation
from console.tui.screen_shell import Say, Shell
from console.views.compact_layout import folded


class SharedActions:
    """Acts for one page. `do`: runs the page's own action with that id; `is_free`: whether a question may come by itself there now."""

    def __init__(self, shell: Shell, situation: Callable[[], Situation], do: Callable[[str], None], say: Say, is_free: Callable[[], bool]) -> None:
        self._shell, self._situation, self._do, self._say, self._is_free = shell, situation, do, say, is_free

    def handlers(self, app: App[object]) -> dict[str, Callable[[], object]]:
        """Return what each action does, by id."""
        return {
            "help": self._open_help, "leave": self._shell.leave, "deploy": self._shell.open_prepare, "palette": self._open_palette,
            "maintenance": MaintenanceQuestion(self._shell, self._say, self._is_free).ask,
            "theme": lambda: self._choose_theme(app.theme),
        }  # fmt: skip

    def _open_help(self) -> None:
        place = self._situation().place
        self._shell.push(TextDialog("Keys", lambda width: tuple(row for one in help_lines(place) for row in folded(one, width))))

    def _open_palette(self) -> None:
        """Offer what can be done here by its words."""

        def chosen(action: str | None) -> None:
            if action:
                self._do(action)

        self._shell.push(Palette(self._situation()), chosen)

    def _choose_theme(self, worn: str) -> None:
        """Offer the themes, each worn while the choice stands on it."""

        def chosen(name: str | None) -> None:
            if name:
                self._say(f"theme {name}, until this screen is left; {as_typed(f'deploy --theme {name}')} opens with it")

        self._shell.push(ThemeChoice(self._shell.theme_names, worn), chosen)
