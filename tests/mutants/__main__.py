"""Mutants of the core against `tests/core`: `python -m tests.mutants [--survivors] [--every N] [--tests FILE …] [console/core/FILE or FOLDER …]`.

mutmut makes the mutants, in a copy of the tree under `mutants/`; `runner.py` tries them there, in one pytest process. Verdicts of earlier runs are kept by function, so
`--survivors` tries only what was not killed yet, and the table in `docs/mutants.md` can be made of slices.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from difflib import ndiff
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "mutants"
"""The copy that the mutants live in; git ignores it."""
COPIED = ("console", "tests", "themes", "docs", "pyproject.toml", "hosts.toml.example", "README.md", "CHANGELOG.md", "Makefile")
COUNTS_CALLS = "tests/core/test_work_for_each_event.py::test_deciding_and_folding_an_event_takes_as_many_calls_on_many_hosts_as_on_few"
"""Left out: what lets a mutant in is a call of its own, so it fails without one."""
VERDICTS = PLACE / "verdicts.json"
PAGE = ROOT / "docs" / "mutants.md"
KILLED = ("killed", "timeout")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"

Mutants = dict[str, str]
"""A mutant's name (`module.x_function__mutmut_3`) to its function and the lines that it changes. A verdict is kept under these, since numbers move with the function."""


def main() -> int:
    """Make the mutants of the files named (all of the core by default), try them, print the survivors, bring the page's table up to date."""
    options = _options()
    files = sorted({file for name in options.of for file in _files(ROOT / name)})
    _copy()
    made = {str(file.relative_to(ROOT)): _mutate(file) for file in files}
    verdicts: dict[str, dict[str, str]] = json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {}
    chosen = [
        name
        for file, mutants in made.items()
        for number, (name, change) in enumerate(mutants.items())
        if number % options.every == 0 and not (options.survivors and verdicts.get(file, {}).get(change) in KILLED)
    ]
    print(f"{sum(map(len, made.values()))} mutants in {len(files)} files, {len(chosen)} to try")
    tried = _try(chosen, options.tests)
    for file, mutants in made.items():
        known = verdicts.get(file, {})
        verdicts[file] = {change: verdict for name, change in mutants.items() if (verdict := tried.get(name) or known.get(change))}
    verdicts = {file: found for file, found in verdicts.items() if (ROOT / file).exists()}
    VERDICTS.write_text(json.dumps(verdicts, indent=1))
    for mutants in made.values():
        for name, change in mutants.items():
            if tried.get(name) in ("survived", "untested"):
                print(f"\n{tried[name]}: {name}\n{change.partition(chr(10))[2]}")
    _tell({file: verdicts[file] for file in made}, {file: len(mutants) for file, mutants in made.items()})
    if PAGE.exists() and options.every == 1:
        _write_page({file: verdicts[file] for file in made})
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("of", nargs="*", default=["console/core"], metavar="FILE or FOLDER", help="whose mutants to try; by default the whole core's")
    parser.add_argument("--tests", nargs="+", default=["tests/core"], metavar="FILE", help="the tests to try them with")
    parser.add_argument("--survivors", action="store_true", help="leave out what an earlier run killed")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try each Nth mutant of a file only, for an estimate")
    return parser.parse_args()


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SystemExit(f"{path} does not exist")
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _copy() -> None:
    PLACE.mkdir(exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, PLACE / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def _mutate(file: Path) -> Mutants:
    """Write the file's mutants into the copy."""
    path = file.relative_to(ROOT)
    mutated = mutate_file_contents(str(path), file.read_text(encoding="utf-8"))
    (PLACE / path).write_text(mutated.code, encoding="utf-8")
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    lines, spans = mutated.code.split("\n"), mutated.line_span_by_function_name

    def body(name: str) -> list[str]:
        span = spans[name]
        return [line.replace(name, "…") for line in lines[span.start - 1 : span.end]]

    found: Mutants = {}
    seen: Counter[str] = Counter()
    for name in mutated.mutant_names:
        function = name.partition("__mutmut_")[0]
        change = f"{module}.{function}\n{_change(body(function + '__mutmut_orig'), body(name))}"
        found[f"{module}.{name}"] = change + f" ({seen[change] + 1})" * (seen[change] > 0)
        seen[change] += 1
    return found


def _change(before: list[str], after: list[str]) -> str:
    return "\n".join(f"  {line[0]} {line[2:].strip()}" for line in ndiff(before, after) if line[0] in "-+")


def _try(chosen: list[str], tests: list[str]) -> dict[str, str]:
    if not chosen:
        return {}
    asked, answered = PLACE / "asked.json", PLACE / "answered.json"
    asked.write_text(json.dumps(chosen))
    answered.unlink(missing_ok=True)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.mutants.runner",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "--capture=no",
        "--assert=plain",
        "-q",
        f"--deselect={COUNTS_CALLS}",
        *tests,
    ]
    environment = {**os.environ, "MUTANTS_ASKED": str(asked), "MUTANTS_ANSWERED": str(answered)}
    done = subprocess.run(argv, cwd=PLACE, env=environment, check=False)
    if not answered.exists():
        raise SystemExit("The tests fail without a mutant, or the run was stopped before a hundred were tried")
    if done.returncode:
        print("The run was stopped: what was tried until then is kept")
    return json.loads(answered.read_text())  # type: ignore[no-any-return]


def _tell(verdicts: dict[str, dict[str, str]], made: dict[str, int]) -> None:
    for file, found in sorted(verdicts.items()):
        if made[file]:
            killed = sum(verdict in KILLED for verdict in found.values())
            print(f"{file}: {made[file]} mutants, {len(found)} tried, {killed} killed ({100 * killed // max(1, len(found))} %)")


def _write_page(tried: dict[str, dict[str, str]]) -> None:
    """Put the files that were tried into the page's table, and leave the rows of the others."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    table, _, tail = rest.partition(END)
    counts = {row[1]: (int(row[2]), int(row[3])) for row in re.finditer(r"^\| `(.+)` \| (\d+) \| (\d+) \|", table, re.MULTILINE)}
    counts = {file: count for file, count in counts.items() if (ROOT / "console/core" / file).exists()}
    for file, found in tried.items():
        if found:
            counts[file.removeprefix("console/core/")] = len(found), sum(verdict in KILLED for verdict in found.values())
    rows = ["| file | mutants tried | killed | survived | killed of all |", "| --- | ---: | ---: | ---: | ---: |"]
    rows += [f"| `{file}` | {all_} | {killed} | {all_ - killed} | {100 * killed / all_:.0f} % |" for file, (all_, killed) in sorted(counts.items())]
    total, total_killed = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
    rows.append(f"| all | {total} | {total_killed} | {total - total_killed} | {100 * total_killed / total:.1f} % |")
    PAGE.write_text("\n".join([head + BEGIN, *rows, END + tail]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
