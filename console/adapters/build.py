"""The console's own machine as a workshop: clean export, the optional build, and the package for all hosts. Implements `ports.Workshop`."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

from console.adapters.git import GitRepository
from console.adapters.pack import pack
from console.errors import ConsoleError
from console.model.fleet import Build, Environment
from console.model.release import Package, Release, Revision
from console.ports import Sink, StepResult
from console.text import SafeText


class GitWorkshop:
    """Works in a folder of its own for each release."""

    def __init__(self, repository: GitRepository, folder: str) -> None:
        self._repository = repository
        self._folder = Path(folder)

    async def build(self, environment: Environment, revision: Revision, release: Release, sink: Sink) -> StepResult:
        """Export the commit afresh and run its build there."""
        if environment.build is None:
            return StepResult("done")
        try:
            tree = await self._exported(revision, release, allow_unbuilt=True)
        except ConsoleError as error:
            return _failed(error)
        return await _built(environment.build, tree, {"DEPLOY_VERSION": release.version, "DEPLOY_COMMIT": release.commit}, sink)

    async def pack(self, environment: Environment, revision: Revision, release: Release) -> Package | StepResult:
        """Pack the build's output, or the commit itself."""
        try:
            build = environment.build
            tree = self._tree(release) / build.output if build else await self._exported(revision, release, allow_unbuilt=False)
            if not tree.resolve().is_relative_to(self._tree(release).resolve()) or not tree.is_dir():
                return StepResult("failed", detail=SafeText(f"[app.build] output: {tree.name} is no folder of the build"))
            return await pack(str(tree), release, str(self._folder / f"{release.id}.tar.gz"))
        except (ConsoleError, OSError) as error:
            return _failed(error)

    def _tree(self, release: Release) -> Path:
        return self._folder / release.id

    async def _exported(self, revision: Revision, release: Release, *, allow_unbuilt: bool) -> Path:
        tree = self._tree(release)
        await asyncio.to_thread(shutil.rmtree, tree, ignore_errors=True)
        tree.mkdir(parents=True)
        await self._repository.export(revision, str(tree), allow_unbuilt=allow_unbuilt)
        return tree


async def _built(build: Build, tree: Path, variables: dict[str, str], sink: Sink) -> StepResult:
    process = await asyncio.create_subprocess_exec(
        "sh", "-eu", "-c", build.command, cwd=tree, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        start_new_session=True, env={**os.environ, **variables},
    )  # fmt: skip
    try:
        async with asyncio.timeout(build.timeout):
            while process.stdout and (data := await process.stdout.read(65536)):
                sink(data)
            code = await process.wait()
    except TimeoutError:
        _end(process.pid)
        await process.wait()
        return StepResult("failed", detail=SafeText(f"the build took longer than {build.timeout:g} s and was ended"), hint=SafeText("[app.build] timeout"))
    except asyncio.CancelledError:
        _end(process.pid)
        raise
    if code:
        return StepResult("failed", code, SafeText(f"the build ended with {code}: {build.command}"), SafeText("run it in a clean checkout of the commit"))
    return StepResult("done", 0)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _failed(error: ConsoleError | OSError) -> StepResult:
    hint = error.hint if isinstance(error, ConsoleError) else ""
    return StepResult("failed", detail=SafeText(str(error)), hint=SafeText(hint))
