"""A run's report as one object for programs: the same content as the written one. Pure."""

from typing import Any

from console.core.run.downtime import downtime
from console.views.run_report import HostPart, Report, Spent


def report_object(report: Report) -> dict[str, Any]:
    """Return the report, as the result of a command that was answered."""
    state, made = report.state, report.decision
    return {
        "type": "result", "exit": 0, "problems": [],
        "run": state.run, "kind": state.kind, "app": state.app, "environment": state.environment, "by": str(state.by),
        "version": report.version, "commit": state.revision.commit if state.revision else "",
        "command": state.request.command,
        "strategy": state.plan.strategy if state.plan else "",
        "started": state.opened_at, "ended": state.ended_at or None, "seconds": round(report.seconds, 2),
        "downtime": downtime(state, state.mono), "downtime_declared": state.request.impact.downtime,
        "outcome": state.outcome or None, "run_exit": state.exit, "reason": str(state.reason), "hint": str(state.hint),
        "decision": {
            "go": made.go, "by": made.by, "at": made.at, "reasons": list(made.reasons), "hotfix": made.hotfix,
            "interrupted": made.interrupted, "overrides": [{"check": check, "reason": why} for check, why in made.overrides],
        } if made else None,
        "checks": [
            {"id": check.id, "title": str(check.title), "status": check.status, "blocking": check.blocking, "detail": str(check.detail)}
            for check in state.checks
        ],
        "timeline": [
            {"at": one.at, "seconds": round(one.seconds, 3), "host": one.host, "text": one.words, "chapter": one.chapter} for one in report.timeline
        ],
        "hosts": [_host(host) for host in report.hosts],
        "failures": [
            {
                "at": one.at, "host": one.host, "step": one.step, "status": one.status, "code": one.code, "seconds": round(one.seconds, 3),
                "detail": one.detail, "hint": one.hint, "output": list(map(str, one.tail)),
            } for one in report.failures
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
    usual = None if one.usual is None else round(one.usual, 3)
    return {"step": one.words, "seconds": round(one.seconds, 3), "usual": usual, "attempts": one.attempts, "late": one.is_late}
