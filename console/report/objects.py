"""A run's report as one object for programs: the same content as the written one. Pure."""

from typing import Any

from console.core.run.downtime import downtime
from console.core.run.outcome import next_words
from console.views.document_blocks import TimelineEntry
from console.views.post_mortem import QUESTIONS, PostMortem
from console.views.report_contents import WholeReport, summary_sentence
from console.views.report_from_events import HostPart, Spent


def report_object(whole: WholeReport) -> dict[str, Any]:
    """Return the report, as the result of a command that was answered."""
    return {**_of_events(whole), **_followed(whole)}


def _followed(whole: WholeReport) -> dict[str, Any]:
    """What follows from the events, and what was kept beside them."""
    return {
        "summary": summary_sentence(whole), "from": whole.versions[0], "to": whole.versions[1],
        "taken_back": {"how": whole.origin.how, "by": whole.origin.by, "reason": whole.origin.reason} if whole.origin.how else None,
        "highlights": [_entry(one) for one in whole.highlights],
        "step_times": [
            {
                "step": one.words, "planned": one.planned, "done": one.done, "failed": one.failed, "usual": _rounded(one.usual),
                "median": _rounded(one.median), "longest": _rounded(one.longest), "longest_on": one.longest_on or None,
            } for one in whole.kinds
        ],
        "whole_time": {
            "planned": _rounded(whole.time.planned), "took": _rounded(whole.time.took), "paused": _rounded(whole.time.paused),
        } if whole.time else None,
        "slowest": [{"step": one.words, "host": one.host or None, "seconds": _rounded(one.seconds), "usual": _rounded(one.usual)} for one in whole.slowest],
        "metrics": {
            "samples": whole.metrics.samples, "hosts": whole.metrics.hosts,
            "requests": {host: {"all": requests, "failed": failed} for host, (requests, failed) in whole.metrics.bad.items()},
            "means": {kind: {when: round(mean, 4) for when, mean in means.items()} for kind, means in whole.metrics.means.items()},
        } if whole.metrics else None,
        "log_kinds": [
            {"level": one.level, "sample": str(one.sample), "host": one.host, "hosts": one.hosts, "count": one.count}
            for one in whole.report.state.log_kinds
        ],
        "left_open": [{"kind": one.kind, "text": one.words, "hint": one.hint} for one in whole.left],
        "post_mortem": _case(whole, whole.post_mortem) if whole.post_mortem else None,
    }  # fmt: skip


def _case(whole: WholeReport, case: PostMortem) -> dict[str, Any]:
    return {
        "moments": [
            {"name": one.name, "at": one.at, "seconds": _rounded(one.seconds), "gap": _rounded(one.gap), "text": one.words, "source": one.source}
            for one in case.moments
        ],
        "numbers": list(case.numbers), "exposed": {host: _rounded(seconds) for host, seconds in case.exposed.items()}, "left_to_do": list(case.left),
        "log": [{"host": one.host, "until": one.until, "lines": [f"{line.at} {line.text}" for line in one.lines]} for one in whole.excerpts],
        "questions": [{"title": title, "prompt": prompt, "answer": ""} for title, prompt in QUESTIONS],
    }  # fmt: skip


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _entry(one: TimelineEntry) -> dict[str, Any]:
    return {"at": one.at, "seconds": round(one.seconds, 3), "host": one.host, "text": one.words, "chapter": one.chapter}


def _of_events(whole: WholeReport) -> dict[str, Any]:
    report = whole.report
    state, made = report.state, report.decision
    return {
        "type": "result", "exit": 0, "problems": [],
        "run": state.run, "kind": state.kind, "app": state.app, "environment": state.environment, "by": str(state.by),
        "version": report.version, "commit": state.revision.commit if state.revision else "",
        "command": state.request.command,
        "strategy": state.plan.strategy if state.plan else "",
        "started": state.opened_at, "ended": state.ended_at or None, "seconds": round(report.seconds, 2),
        "downtime": downtime(state, state.mono), "downtime_declared": state.request.impact.downtime,
        "outcome": state.outcome or None, "run_exit": state.exit, "reason": str(state.reason), "hint": next_words(state),
        "decision": {
            "go": made.go, "by": made.by, "at": made.at, "reasons": list(made.reasons), "hotfix": made.hotfix,
            "interrupted": made.interrupted, "overrides": [{"check": check, "reason": why} for check, why in made.overrides],
        } if made else None,
        "checks": [
            {"id": check.id, "title": str(check.title), "status": check.status, "blocking": check.blocking, "detail": str(check.detail)}
            for check in state.checks
        ],
        "timeline": [_entry(one) for one in report.timeline],
        "hosts": [_host(host) for host in report.hosts],
        "failures": [
            {
                "at": one.at, "host": one.host, "step": one.step, "status": one.status, "code": one.code, "seconds": round(one.seconds, 3),
                "detail": one.detail, "hint": one.hint, "output": list(map(str, one.tail)),
            } for one in report.failures
        ],
        "critical": [
            {"path": one.path, "step": step, "host": one.host, "verdict": one.verdict, "where": str(one.where), "seen": str(one.seen), "seconds": one.seconds}
            for step, tries in state.critical.items() for one in tries
        ],
        "database": [{"name": fact.name, "text": str(fact.words)} for fact in report.database],
        "announcements": [
            {
                "at": one.at, "moment": one.moment, "title": one.title, "body": "\n".join(one.body), "told": list(one.channels), "problems": list(one.problems),
            } for one in report.told
        ],
        "release_notes": "\n".join(report.notes),
        "notes": [{"at": at, "by": by, "text": str(words)} for at, by, words in state.notes],
    }  # fmt: skip


def _host(host: HostPart) -> dict[str, Any]:
    return {
        "host": host.host, "before": host.before, "after": host.after, "state": host.state, "seconds": round(host.seconds, 3), "detail": host.detail,
        "steps": [_spent(one) for one in host.spent],
    }  # fmt: skip


def _spent(one: Spent) -> dict[str, Any]:
    return {"step": one.words, "seconds": round(one.seconds, 3), "usual": _rounded(one.usual), "attempts": one.attempts, "late": one.is_late}
