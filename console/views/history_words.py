"""A run as a line of the history: from which version to which, how it ended, whether a person or a rule had it taken back, and why. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from console.model.run_summary import RunSummary


def change_words(run: RunSummary) -> str:
    """Return `v1.4.1 → v1.4.2`; the version alone where nothing else was live before, or that is not known."""
    version = run.version or run.commit[:7]
    if not run.from_version or run.from_version == version:
        return version or run.from_version
    return f"{run.from_version} → {version}" if version else run.from_version


def short_change(run: RunSummary, cells: int) -> str:
    """Return the kind, where it is no deploy, and the change, so that it has room: else only where it went."""
    kind = "" if run.kind == "deploy" else f"{run.kind} "
    whole = f"{kind}{change_words(run)}".strip()
    if len(whole) < cells or not run.version:
        return whole
    return f"{kind}→ {run.version}" if run.from_version else f"{kind}{run.version}"


def ended_words(run: RunSummary, goes_on: str) -> str:
    """Return how it ended, or those words. A release that failed before anything was changed was not rolled back, though every host is on what it had."""
    return "failed early" if run.asked == "nobody" else run.outcome or goes_on


def why_words(run: RunSummary) -> str:
    """Return who or what had it taken back, and why it was asked for or ended so; empty: there is nothing to say."""
    goes_back = run.kind == "rollback" or run.outcome == "rolled-back"
    who = {"automatic": "automatic", "person": "asked for" if goes_back else ""}.get(run.asked, "")
    return ": ".join(filter(None, (who, run.reason)))


def history_rows(runs: Sequence[RunSummary]) -> list[str]:
    """Return a line for each run, as `deploy history` prints them: columns as wide as what stands in them."""
    cells = [(run.run, run.kind, change_words(run) or "-", run.by, run.started[:19], ended_words(run, "open")) for run in runs]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return [_row(row, widths, why_words(run)) for row, run in zip(cells, runs, strict=True)]


def _row(cells: Sequence[str], widths: Sequence[int], why: str) -> str:
    return "  ".join((*(cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)), why)).rstrip()
