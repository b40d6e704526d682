"""What squawk, a linter of PostgreSQL migrations, says of files. It runs beside the console and reads no database."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from console.core.process_environment import program_environment
from console.model.database_facts import LintFinding
from console.safe_text import SafeText

LEFT_OUT = ("prefer-robust-stmts", "require-lock-timeout", "require-statement-timeout", "prefer-bigint-over-int", "prefer-bigint-over-smallint",
            "prefer-identity", "prefer-text-field", "prefer-timestamp-tz", "require-timeout-settings",
            "ban-concurrent-index-creation-in-transaction")  # fmt: skip
"""Rules of style, those whose advice the console follows by itself (a lock_timeout for each migration), and what `core.migrations.migration_set` says."""

Findings = dict[SafeText, tuple[LintFinding, ...]]


def find_squawk() -> str:
    """Return where the program is: beside this Python, where its package put it, else in PATH; empty: nowhere."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        installed = (str(file.locate()) for file in metadata.files("squawk-cli") or () if file.name == "squawk")
        for program in (str(Path(sys.executable).with_name("squawk")), *installed):
            if os.access(program, os.X_OK):
                return program
    return shutil.which("squawk") or ""


async def lint(texts: Mapping[SafeText, str], deadline: float) -> Findings | SafeText:
    """Have the files read, each as one transaction or none, as it stands; what could not be done is said."""
    program = find_squawk()
    if not program:
        return SafeText("the migrations were not linted: squawk is not installed beside the console")
    with tempfile.TemporaryDirectory(prefix="deploy-", ignore_cleanup_errors=True) as folder:
        names = {str(Path(folder, f"{number}.sql")): path for number, path in enumerate(texts)}
        await asyncio.to_thread(_write, {name: texts[path] for name, path in names.items()})
        excluded = [f"--exclude={','.join(LEFT_OUT)}"]
        process = await asyncio.create_subprocess_exec(
            program, "--reporter=json", *excluded, *names, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=program_environment(os.environ),
        )  # fmt: skip
        try:
            async with asyncio.timeout(deadline):
                out, err = await process.communicate()
        except TimeoutError:
            return SafeText(f"the migrations were not linted: squawk took more than {deadline:g} s")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return _read(out, err, names)


def _write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")


def _read(out: bytes, err: bytes, names: Mapping[str, SafeText]) -> Findings | SafeText:
    try:
        rows = json.loads(out)
        found: dict[SafeText, list[LintFinding]] = {path: [] for path in names.values()}
        for row in (one for one in rows if one["rule_name"] != "syntax-error"):
            help_ = SafeText(row.get("help") or "", 300)
            found[names[row["file"]]].append(LintFinding(int(row["line"]) + 1, str(row["rule_name"]), SafeText(row["message"], 300), help_))
    except (ValueError, KeyError, TypeError):
        words = SafeText(" ".join(err.decode("utf-8", "replace").split()), 200)
        return SafeText(f"the migrations were not linted: squawk's answer was not understood{f': {words}' if words else ''}")
    return {path: tuple(rows) for path, rows in found.items()}
