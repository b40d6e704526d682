"""A build on the console's machine, and the package that is made of it."""

import subprocess
from pathlib import Path

import pytest

from console.adapters.build_release import GitWorkshop
from console.adapters.git.git_repository import GitRepository
from console.core.host.release_manifest import manifest_of
from console.model.configured_environment import Build, Environment
from console.model.release_facts import Package, Release, Revision
from console.model.values import changed
from console.ports.steps import StepResult
from tests.adapters.repositories import commit, git, needs_git

pytestmark = needs_git

ENVIRONMENT = Environment("shop", "production", "/srv/shop", ())


class Bench:
    """A repository, a workshop over it, and what was printed."""

    def __init__(self, folder: Path) -> None:
        self.shop, self.work = folder / "shop", folder / "work"
        self.shop.mkdir()
        self.work.mkdir()
        git(self.shop, "init", "-q", "-b", "main")
        commit(self.shop, "source.txt", "hello")
        git(self.shop, "tag", "v1.0.0")
        self.repository = GitRepository(str(self.shop), str(self.work))
        self.printed = b""

    async def made(self) -> tuple[Revision, Release]:
        revision = await self.repository.resolve("")
        return revision, Release(f"20261124T071407Z-{revision.commit[:7]}", revision.version, revision.commit)

    def hear(self, data: bytes) -> None:
        self.printed += data

    async def build(self, command: str, output: str = ".", timeout: float = 60.0) -> tuple[StepResult, Package | StepResult]:
        """Build, and pack what was built."""
        environment = changed(ENVIRONMENT, build=Build(command, output, timeout))
        workshop = GitWorkshop(self.repository, str(self.work))
        revision, release = await self.made()
        built = await workshop.build(environment, revision, release, self.hear)
        return built, await workshop.pack(environment, revision, release)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def names(package: Package | StepResult) -> list[str]:
    assert isinstance(package, Package), package
    return [*manifest_of(Path(package.listed).read_bytes()).files]


async def test_without_a_build_the_commit_is_packed_and_dated(bench: Bench) -> None:
    package = await GitWorkshop(bench.repository, str(bench.work)).pack(ENVIRONMENT, *await bench.made())
    assert names(package) == ["./source.txt"]
    assert isinstance(package, Package)
    assert package.mtime == 1795504447


async def test_the_output_of_a_build_is_packed(bench: Bench) -> None:
    built, package = await bench.build("mkdir dist; tr a-z A-Z < source.txt > dist/app.txt; echo made; echo and told >&2", "dist")
    assert (built.status, built.code, bench.printed) == ("done", 0, b"made\nand told\n")
    assert names(package) == ["./app.txt"]


async def test_it_knows_the_version_and_runs_in_a_clean_export(bench: Bench) -> None:
    (bench.shop / "stray.txt").write_text("uncommitted")
    built, package = await bench.build('[ ! -e stray.txt ]; [ ! -e .git ]; printf %s "$DEPLOY_VERSION" {version} {commit} > made')
    assert built.status == "done"
    assert names(package) == ["./made", "./source.txt"]


async def test_a_version_is_text_for_the_shell(bench: Bench) -> None:
    git(bench.shop, "tag", "-d", "v1.0.0")
    git(bench.shop, "tag", "v1;touch${IFS}oops")
    built, package = await bench.build("echo {version} > made")
    assert built.status == "done"
    assert "./oops" not in names(package)


@pytest.mark.parametrize("command", ["false; true", 'echo "$NOT_SET"', "exit 3", "no-such-program"])
async def test_a_build_that_fails_says_its_code(bench: Bench, command: str) -> None:
    built, _ = await bench.build(command)
    assert built.status == "failed"
    assert built.code
    assert command in built.detail


async def test_one_that_hangs_is_ended_with_all_that_it_started(bench: Bench, tmp_path: Path) -> None:
    built, _ = await bench.build(f"(sleep 987.5 & sleep 987.5); touch {tmp_path}/late", timeout=0.3)
    assert (built.status, built.code) == ("failed", None)
    assert built.detail == "the build took longer than 0.3 s and was ended"
    assert "sleep 987.5" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("output", "words"),
    [("dist", "left no folder dist"), ("source.txt", "left no folder"), ("..", "outside of its folder"), ("away", "outside of its folder")],
)
async def test_an_output_that_is_no_folder_of_the_build_is_refused(bench: Bench, output: str, words: str) -> None:
    _, package = await bench.build("ln -s /etc away", output)
    assert isinstance(package, StepResult)
    assert words in package.detail
    assert "[app.build] output" in package.hint


async def test_submodules_are_shipped_with_a_build_and_without(bench: Bench, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(bench.shop), "library")
    git(bench.shop, "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor")
    git(bench.shop, "commit", "-qm", "Take the library in")
    assert "./vendor/source.txt" in names(await GitWorkshop(bench.repository, str(bench.work)).pack(ENVIRONMENT, *await bench.made()))
    built, package = await bench.build("cp vendor/source.txt made")
    assert built.status == "done"
    assert {"./vendor/source.txt", "./made"} <= set(names(package))
    left_out = changed(ENVIRONMENT, submodules=False)
    assert "./vendor/source.txt" not in names(await GitWorkshop(bench.repository, str(bench.work)).pack(left_out, *await bench.made()))


async def test_a_part_of_the_repository_is_the_release(bench: Bench) -> None:
    commit(bench.shop, "api/app.txt", "api")
    commit(bench.shop, "lib/tool", "echo made > made")
    part = changed(ENVIRONMENT, directory="api")
    assert names(await GitWorkshop(bench.repository, str(bench.work)).pack(part, *await bench.made())) == ["./app.txt"]
    built = changed(part, build=Build("sh ../lib/tool; mkdir dist; mv made dist", "dist"))
    workshop, made = GitWorkshop(bench.repository, str(bench.work)), await bench.made()
    assert (await workshop.build(built, *made, bench.hear)).status == "done"
    assert names(await workshop.pack(built, *made)) == ["./made"]


@pytest.mark.parametrize("directory", ["nowhere", "source.txt", "away"])
async def test_what_is_no_folder_of_the_commit_is_no_release(bench: Bench, directory: str) -> None:
    (bench.shop / "away").symlink_to("/etc")
    commit(bench.shop, "more", "more")
    found = await GitWorkshop(bench.repository, str(bench.work)).pack(changed(ENVIRONMENT, directory=directory), *await bench.made())
    assert isinstance(found, StepResult)
    assert f"{directory} is no folder of the commit" in found.detail


async def test_a_build_again_starts_afresh(bench: Bench) -> None:
    await bench.build("touch once")
    _, package = await bench.build("[ ! -e once ]")
    assert "./once" not in names(package)


async def test_what_is_left_of_long_ago_goes(bench: Bench) -> None:
    import os

    old = bench.work / "20250101T000000Z-aaaaaaa"
    old.write_bytes(b"x")
    os.utime(old, (1, 1))
    kept = bench.work / "20250101T000000Z-bbbbbbb"
    kept.write_bytes(b"x")
    await bench.build("true")
    assert (old.exists(), kept.exists()) == (False, True)
