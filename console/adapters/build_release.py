"""The console's own machine as a workshop: clean export, the optional build, and the package for all hosts. Implements `ports.Workshop`."""

import asyncio
import contextlib
import os
import shutil
import stat
import time
from datetime import datetime
from pathlib import Path

from console.adapters.git.git_repository import GitRepository
from console.adapters.pack_release import pack
from console.adapters.statefolder import Modes
from console.adapters.this_machine import LocalTransport
from console.core.checks.content import shipped_root
from console.core.host.shell import deploy_variables, filled, quote
from console.core.process_environment import NETWORK, program_environment
from console.errors import ConsoleError
from console.model.configured_environment import Build, Environment
from console.model.host import Host
from console.model.release_facts import Package, Release, Revision
from console.ports.hosts import Sink
from console.ports.steps import StepResult
from console.safe_text import SafeText

KEPT = 24 * 3600.0
"""Seconds that what is shipped stays on the console's machine, for a run that is taken up again."""
LISTED = 90 * 24 * 3600.0
"""Seconds that a release's manifest stays longer."""
MANIFESTS = "manifests"
NAMED = "RELEASE"
"""The one file of a release that is a version alone."""
CONSOLE = Host("localhost", "localhost")


class GitWorkshop:
    """Works in a folder of its own for each release. `modes` are those of what stays there; `umask` is what a build gets (-1: ours)."""

    def __init__(self, repository: GitRepository, folder: str, modes: Modes = Modes(shared=False), umask: int = -1) -> None:  # noqa: B008 (a frozen value)
        self._repository = repository
        self._folder = Path(folder)
        self._modes = modes
        self._umask = umask

    async def build(self, environment: Environment, revision: Revision, release: Release, sink: Sink, *, anyway: bool = False) -> StepResult:
        """Export the commit afresh and run its build there, in the folder that is the release."""
        if environment.build is None:
            return StepResult("done")
        try:
            tree = await self._exported(environment, revision, release, anyway=anyway)
            values = {"version": str(release.version), "commit": release.commit, "release": release.id, "env": environment.name}
            return await _built(environment.build, Path(tree, environment.directory), values, sink, self._umask)
        except (ConsoleError, OSError) as error:
            return _failed(error)

    async def pack(self, environment: Environment, revision: Revision, release: Release, *, anyway: bool = False) -> Package | StepResult:
        """Pack the build's output, or the commit itself. `anyway`: what its content lacks was overridden."""
        try:
            if environment.ship == "none":
                return await self._named(revision, release)
            if environment.build is None:
                await self._exported(environment, revision, release, anyway=anyway)
            folder = await self._output(environment, release)
            if isinstance(folder, StepResult):
                return folder
            packed = await pack(str(folder), release, self._listed(release), _seconds(revision.committed), environment.links_out, anyway=anyway)
            await asyncio.to_thread(_left, self._tree(release), self._modes)
            return packed
        except (ConsoleError, OSError) as error:
            return _failed(error)

    async def _named(self, revision: Revision, release: Release) -> Package:
        """Pack a release that is a version alone: a folder with one file, which names it. Two of them are the same where version and commit are."""
        tree = self._tree(release)
        await asyncio.to_thread(_swept, self._folder, tree)
        tree.mkdir(parents=True)
        (tree / NAMED).write_text(f"version {release.version}\ncommit {release.commit}\n", encoding="utf-8")
        packed = await pack(str(tree), release, self._listed(release), _seconds(revision.committed))
        await asyncio.to_thread(_left, tree, self._modes)
        return packed

    def _listed(self, release: Release) -> str:
        """Where the release's manifest lies here. Those of older releases stay: what of one a host has need not be asked."""
        folder = self._folder / MANIFESTS
        folder.mkdir(exist_ok=True)
        return str(folder / release.id)

    def _tree(self, release: Release) -> Path:
        return self._folder / release.id

    async def _output(self, environment: Environment, release: Release) -> Path | StepResult:
        """The folder that is packed: where the release stands in the commit, or what a build has made there."""
        build, root = environment.build, shipped_root(environment)
        tree = await asyncio.to_thread(os.path.realpath, self._tree(release))
        output = await asyncio.to_thread(os.path.realpath, Path(tree, root))
        is_folder = await asyncio.to_thread(os.path.isdir, output)
        if os.path.commonpath([tree, output]) == tree and is_folder:
            return Path(output)
        if build is None:
            return _no(f"{environment.directory} is no folder of the commit", "directory in [app]: a folder of the repository")
        if os.path.commonpath([tree, output]) != tree:
            return _no(f"the build's output {build.output} is outside of its folder", "[app.build] output: a folder in the export")
        return _no(f"the build left no folder {build.output}", "[app.build] output: the folder that the build's command fills")

    async def _exported(self, environment: Environment, revision: Revision, release: Release, *, anyway: bool) -> Path:
        tree = self._tree(release)
        await asyncio.to_thread(_swept, self._folder, tree)
        tree.mkdir(parents=True)
        await self._repository.export(environment, revision, str(tree), anyway=anyway)
        return tree


async def _built(build: Build, tree: Path, values: dict[str, str], sink: Sink, umask: int) -> StepResult:
    """Run the build in its export. At its time-out all that it started in its session is ended."""
    command = filled(build.command, values)
    shell = LocalTransport(("sh", "-eu"), {**program_environment(os.environ, "TERM", "XDG_*", *NETWORK), **deploy_variables(values)}, umask)
    ran = await shell.run(CONSOLE, f"exec 2>&1\ncd {quote(str(tree))}\n{command}\n", deadline=build.timeout, sink=sink)
    if ran.problem and ran.problem.kind == "late":
        return _no(f"the build took longer than {build.timeout:g} s and was ended", "[app.build] timeout, or a faster build")
    if ran.status is None:
        return _no(f"the build could not be started: {ran.problem.message if ran.problem else 'no shell'}", "is sh on this machine?")
    if ran.status:
        return _no(f"the build ended with {ran.status}: {build.command}", "run it in a clean checkout of the commit", ran.status)
    return StepResult("done", 0)


def _swept(folder: Path, tree: Path) -> None:
    """Remove what was made of releases that were begun long ago, and what is left of this one."""
    old = time.time() - KEPT
    for path in folder.glob("*T*Z-*"):
        if path == tree:
            _removed(path)
        elif path.stat().st_mtime < old:
            with contextlib.suppress(PermissionError):  # what another login's engine left in the middle of a build
                _removed(path)
    for path in (folder / MANIFESTS).glob("*T*Z-*"):
        if path.stat().st_mtime < old - (0 if ".tar." in path.name else LISTED):
            with contextlib.suppress(PermissionError, FileNotFoundError):
                path.unlink()


def _removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _left(tree: Path, modes: Modes) -> None:
    """Leave what is shipped, also for a run that is taken up again, with the modes of the state folder."""
    for place, folders, names in os.walk(tree):
        for path in (*(Path(place, name) for name in names), *(Path(place, name) for name in folders), Path(place)):
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                path.chmod(modes.folder)
            elif stat.S_ISREG(found.st_mode):
                path.chmod(modes.file | ((0o110 if modes.shared else 0o100) if found.st_mode & 0o100 else 0))


def _seconds(committed: str) -> int:
    return int(datetime.fromisoformat(committed).timestamp()) if committed else 0


def _no(message: str, hint: str, code: int | None = None) -> StepResult:
    return StepResult("failed", code, SafeText(message), SafeText(hint))


def _failed(error: ConsoleError | OSError) -> StepResult:
    return _no(str(error), error.hint if isinstance(error, ConsoleError) else "df -h")
