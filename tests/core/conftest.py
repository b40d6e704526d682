"""Fixtures of the tests of texts for POSIX sh."""

from pathlib import Path

import pytest

from tests.core.shells import SHELLS, Shell, tools_of


@pytest.fixture(scope="session", params=SHELLS)
def shell_tools(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """One of the shells that a host may have, and its tools."""
    return tools_of(request.param, tmp_path_factory.mktemp("tools") / request.param)


@pytest.fixture
def sh(shell_tools: tuple[str, str], tmp_path: Path) -> Shell:
    """That shell, in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    program, path = shell_tools
    return Shell(program, f"{folder}/bin:{path}", folder)
