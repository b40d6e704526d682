"""Where theme files are found, and their names. Loads nothing of the screen: every command may ask."""

import tomllib
from pathlib import Path

import platformdirs


def theme_folders() -> tuple[Path, ...]:
    """Return the folders that hold themes; a later one wins: the package's, the checkout's, the user's."""
    package = Path(__file__).resolve().parents[2]
    own = package / "themes"
    return (
        own if own.is_dir() else package.parent / "themes",
        Path(platformdirs.user_config_dir("deploy-console", appauthor=False)) / "themes",
    )


def theme_files() -> tuple[Path, ...]:
    """Return every file that may be a theme, in the order in which a later one wins."""
    return tuple(file for folder in theme_folders() if folder.is_dir() for file in sorted(folder.glob("*.toml")))


def theme_names() -> tuple[str, ...]:
    """Return the names that stand in those files; a file that cannot be read has none."""
    names: set[str] = set()
    for file in theme_files():
        try:
            names.add(str(tomllib.loads(file.read_text("utf-8")).get("name", "")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
    return tuple(sorted(names - {""}))
