"""What GitLab knows of a commit: its jobs and external statuses, and the last pipeline of each ref. Also a server of one's own."""

import asyncio
from typing import Any
from urllib.parse import quote, urlsplit

from console.adapters.checks.json_api import Api, NoAnswer, unmeasured
from console.adapters.checks.one_question import Asked
from console.core.checks.answers import Job, judge_jobs
from console.model.checks import Finding
from console.model.configured_checks import CheckSpec
from console.safe_text import SafeText

SITE = "https://gitlab.com"
PAGE = 100
PAGES = 10
AGAIN = 5.0
GOOD = ("success", "skipped", "manual")
"""`manual`: a job that waits for a person to want it; what it holds up is `created`, and is waited for."""
UNRUN = ("skipped", "manual")
BAD = ("failed", "canceled")


async def ask(asked: Asked, spec: CheckSpec, commit: str) -> Finding:
    """Read both, and judge them as one. A job that may fail does not count where it does."""
    token = asked.secret("token")
    project = f"/projects/{quote(spec.repository, safe='')}"
    try:
        async with Api(asked, _base(asked.url), {"PRIVATE-TOKEN": token} if token else {}) as api:
            statuses, pipelines = await asyncio.gather(_pages(api, f"{project}/repository/commits/{commit}/statuses"), _pipelines(api, project, commit))
            jobs = (*(_job(one) for one in statuses if not _may_fail(one)), *(_pipeline(one) for one in _telling(_latest(pipelines))))
    except NoAnswer as none:
        return _unknown(none, commit)
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        return unmeasured(f"this is not what GitLab answers: {type(fault).__name__} {fault}", "see its url").finding
    return judge_jobs(jobs, spec.contexts, AGAIN)


def _base(url: str) -> str:
    url = (url or SITE).rstrip("/")
    return url if urlsplit(url).path.endswith("/api/v4") else f"{url}/api/v4"


def _unknown(none: NoAnswer, commit: str) -> Finding:
    """Tell a commit that is not there from a project that is not."""
    if none.status == 404 and "commit" in str(none.finding.seen).lower():
        return Finding("failed", SafeText(f"it does not know the commit {commit[:12]}"), SafeText("git push"))
    return none.finding


async def _pages(api: Api, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, PAGES + 1):
        said = await api.get(path, per_page=PAGE, page=page)
        found += [dict(one) for one in said]
        if len(said) < PAGE:
            return found
    raise unmeasured(f"there are more than {PAGE * PAGES} jobs", "name those that matter in contexts")


async def _pipelines(api: Api, project: str, commit: str) -> list[dict[str, Any]]:
    return [dict(one) for one in await api.get(f"{project}/pipelines", sha=commit, per_page=PAGE, order_by="id", sort="desc")]


def _latest(pipelines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest pipeline of each ref, newest first."""
    found: dict[str, dict[str, Any]] = {}
    for one in sorted(pipelines, key=lambda one: int(one["id"]), reverse=True):
        found.setdefault(str(one["ref"]), one)
    return list(found.values())


def _telling(pipelines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out those that were skipped where another was not: a commit that was skipped alone was tested by nobody."""
    return [one for one in pipelines if one["status"] != "skipped"] or pipelines


def _may_fail(one: dict[str, Any]) -> bool:
    return bool(one.get("allow_failure")) and one["status"] not in GOOD


def _job(one: dict[str, Any]) -> Job:
    since = one.get("finished_at") or one.get("started_at") or one.get("created_at") or ""
    return Job(str(one["name"]), _state(one["status"]), str(since), str(one["status"]), has_run=one["status"] not in UNRUN)  # type: ignore[arg-type]


def _pipeline(one: dict[str, Any]) -> Job:
    if one["status"] == "skipped":
        return Job(f"pipeline {one['ref']}", "failed", str(one.get("updated_at") or ""), "skipped, so nothing was tested")
    return Job(f"pipeline {one['ref']}", _state(one["status"]), str(one.get("updated_at") or ""), str(one["status"]), has_run=one["status"] not in UNRUN)  # type: ignore[arg-type]


def _state(status: str) -> str:
    return "passed" if status in GOOD else "failed" if status in BAD else "pending"
