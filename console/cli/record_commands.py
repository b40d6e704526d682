"""Commands that read the record of runs."""

from console.as_typed import as_typed
from console.cli.configuration import state
from console.cli.find_run import ALL, app_meant, events_of_run, history_of, history_text, run_named
from console.cli.invocation import Invocation
from console.cli.output import harmless, say, say_json, say_while_read, tell

PAGE = 100
"""Runs that are shown at a terminal."""
COLUMNS = ("run", "environment", "version", "commit", "strategy", "by", "started", "ended", "outcome", "kind", "from_version", "asked", "reason")


def history(how: Invocation, environment: str) -> int:
    """Print the runs, newest first; at a terminal no more than a page, which would scroll away, and that there are more.

    Raises UsageFault for an environment, or an application, that neither the file nor a run knows.
    """
    if how.json:
        text = history_text(COLUMNS, app_meant(how), environment)
        if text == "[]":
            _need_known(how, environment)
        say(text)
        return 0
    from console.views.history_words import history_rows

    at_terminal = how.is_terminal
    app = app_meant(how)
    rows = history_of(app, environment, PAGE + 1 if at_terminal else ALL)
    if not rows:
        _need_known(how, environment)
        for other in history_of("", environment, 1) if app != how.app else ():
            tell(as_typed(f"no run of {app} is on record here; there are some of other applications: deploy history --app {other.app}"))
    more, rows = len(rows) > PAGE and at_terminal, rows[: PAGE if at_terminal else None]
    for row in history_rows(rows):
        say(harmless(row))  # machines share a record, and each writes what it likes
    if more:
        tell(as_typed(f"these are the newest {PAGE}; all of them: deploy history | less"))
    return 0


def _need_known(how: Invocation, environment: str) -> None:
    """Tell a name that is mistyped from one that has no runs yet."""
    if not environment and not how.app:
        return
    from console.cli.configuration import config_if_any
    from console.cli.kept_models import known_environment

    file = config_if_any(how)
    if file is None:
        known_environment(how.app, environment)
    else:
        file.environment(environment or file.environment_names[0], how.app or file.app_names[0])


def events(how: Invocation, text: str) -> int:
    """Print every event of a run, an object a line."""
    from console.wire.json_lines import event_json

    run = run_named(how, text).run
    for event in events_of_run(run):
        say_while_read(event_json(event).decode())
    return 0


def report(how: Invocation, text: str, form: str) -> int:
    """Print what happened in a run: `md` and `html` for people, `json` for programs."""
    from console.cli.kept_of_run import excerpts_of, samples_of
    from console.views.report_contents import whole_report

    run, folder = run_named(how, text).run, state()
    events = events_of_run(run)
    found = whole_report(events, samples_of(folder, run), excerpts_of(folder, run, events))
    if form == "json":
        from console.report.objects import report_object

        say_json(report_object(found))
    elif form == "html":
        from console.report.html import html_page

        say(html_page(found).rstrip("\n"))
    else:
        from console.report.markdown import markdown

        say(markdown(found).rstrip("\n"))
    return 0
