"""Fixtures that many tests share: real hosts, and a repository of releases for them."""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from console.as_typed import Typed, set_typed
from console.core import host_conditions
from console.safe_text import hide
from tests.adapters.checks.servers import postgres, postgres_bin
from tests.fleet import Fleet, make_repository, missing

pytest_plugins = ("tests.shared_journals",)

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Many containers set it, and then each command and engine that a test starts compiles the whole console anew: a third of what it takes."""

WAITING = ("faults", "recipes", "balancing", "cli", "demo", "engine", "tui", "adapters")
"""Folders whose tests wait for real servers, terminals and deadlines, the longest first."""

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a machine that does other work too
settings.load_profile("unhurried")
settings.register_profile("few", max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits, and end with what only computes: those many small files keep every core busy to the end."""
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not in what was imported and collected, which stays: those searches took a fifth of what a screen's tests take."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return WAITING.index(folder) if folder in WAITING else len(WAITING)


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    """A test that makes a session or reads secrets leaves nothing hidden for the next one: in a process there is one engine, in a test run there are many."""
    yield
    hide(None)


@pytest.fixture(autouse=True)
def _typed_as_ever() -> Iterator[None]:
    """A test that carries a command line out in this process leaves its words to no other: in a process there is one command line."""
    set_typed(Typed())
    yield
    set_typed(Typed())


@pytest.fixture(autouse=True)
def _strict() -> None:
    """What cannot be said of a host raises."""
    host_conditions.STRICT = True


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Four real hosts, web01 to web04, for the whole session. Who breaks one mends it."""
    if reason := missing():
        pytest.skip(reason)
    with Fleet(4, tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.fixture
def own_fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Three real hosts for one test alone, which may break them for good."""
    if reason := missing():
        pytest.skip(reason)
    with Fleet(3, tmp_path / "fleet") as started:
        yield started


@pytest.fixture(scope="session")
def shop_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository of the shop, tags v1.0.0 to v1.4.0; not to be changed."""
    return make_repository(tmp_path_factory.mktemp("repository") / "shop")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL of this test process, by the login that may do everything. Who makes a database there gives it a name of its own.

    Not in pytest's folder: another test process that starts takes everybody else's right to look into that.
    """
    if not postgres_bin("initdb"):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="deploy-postgres-") as folder, postgres(Path(folder)) as url:
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:  # it takes connections, and is starting up
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        yield url
