"""Opens the screen. Textual is loaded here and not before, with its frame rate and its animations set for slow links."""

import os
import sys
import traceback
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient, RunArchive
from console.ports.feed import Feed

if TYPE_CHECKING:
    from datetime import tzinfo

    from console.tui.app import ViewerEnding

os.environ.setdefault("TEXTUAL_FPS", "10")
os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")


class ScreenFailed(ConsoleError):
    """The screen came upon a mistake of its own. The run is not touched by it."""


def color_tier() -> str:
    """Return what the terminal is said to do: `none` (NO_COLOR), `sixteen`, or `more`."""
    if os.environ.get("NO_COLOR") is not None:
        return "none"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or os.environ.get("TEXTUAL_COLOR_SYSTEM"):
        return "more"
    term = os.environ.get("TERM", "")
    return "more" if term.endswith(("256color", "-direct", "kitty", "alacritty", "ghostty")) else "sixteen"


def speaks_unicode() -> bool:
    """Return whether the terminal has frames and marks. Python writes UTF-8 under LC_ALL=C too, so what a person set there is asked for itself."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    return encoding in ("utf8", "utf16") and os.environ.get("TERM") != "linux" and os.environ.get("LC_ALL") not in ("C", "POSIX")


async def open_screen(
    feed: Feed | None, clock: Clock, *, client: EnvironmentClient | None = None, records: RunArchive | None = None, zone: "tzinfo | None" = None,
    theme: str = "", read_only: bool = False, drives: bool = True, mouse: bool = True, ascii_only: bool | None = None,
) -> "ViewerEnding":  # fmt: skip
    """Show the run of the feed, else the environment at rest, until the operator leaves; the exit code, and the lines for the normal screen.

    `drives`: this screen answers for GO, and leaving it before GO is a no-go.
    Raises ScreenFailed when the screen itself fails.
    """
    from console.tui.app import ConsoleApp, ViewerEnding

    tier = color_tier()
    plain = not speaks_unicode() if ascii_only is None else ascii_only
    app = ConsoleApp(
        feed, clock, zone=zone, theme=theme, sixteen=tier == "sixteen", no_color=tier == "none", ascii_only=plain,
        read_only=read_only, drives=drives, client=client, records=records,
    )  # fmt: skip
    ending = await app.run_async(mouse=mouse)
    if ending is None:
        fault = app._exception  # Textual keeps no public record of it
        where = _where(fault) if fault else ""
        raise ScreenFailed(f"the screen failed: {type(fault).__name__}{where}; the run goes on", "deploy attach --plain")
    return ViewerEnding(*ending)


def _where(fault: BaseException) -> str:
    """The last place of ours that it came through."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}console{os.sep}" in frame.filename] or frames
    return f" at {os.path.basename(ours[-1].filename)}:{ours[-1].lineno}" if ours else ""
