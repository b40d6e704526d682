"""What GitHub knows of a commit: its commit statuses, its check runs, and the suites that have not begun all of theirs. Also a server of one's own."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from console.adapters.checks.json_api import Api, NoAnswer, unmeasured
from console.adapters.checks.one_question import Asked
from console.core.checks.answers import Job, judge_jobs
from console.model.checks import Finding
from console.model.configured_checks import CheckSpec
from console.safe_text import SafeText

API = "https://api.github.com"
PAGE = 100
PAGES = 10
AGAIN = 5.0
AGAIN_WITHOUT_TOKEN = 200.0
"""Seconds between two looks: 60 requests an hour are free without a token, and a look is three."""
ACTIONS = "github-actions"
GOOD = ("success", "neutral", "skipped")


async def ask(asked: Asked, spec: CheckSpec, commit: str) -> Finding:
    """Read both, and judge them as one."""
    token = asked.secret("token")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with Api(asked, _base(asked.url), headers) as api:
            at = f"/repos/{spec.repository}/commits/{commit}"
            try:
                statuses, runs, suites = await asyncio.gather(
                    _pages(api, f"{at}/status", "statuses"), _checks(api, f"{at}/check-runs"), _suites(api, f"{at}/check-suites")
                )
            except NoAnswer as none:
                return none.finding if none.status not in (404, 422) or await _is_gone(api, none, spec.repository) else _unknown_commit(commit)
        jobs = (*(_status(one) for one in statuses), *(_run(one) for one in runs), *(job for one in suites if (job := _suite(one))))
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        return unmeasured(f"this is not what GitHub answers: {type(fault).__name__} {fault}", "see its url").finding
    return judge_jobs(jobs, spec.contexts, AGAIN if token else AGAIN_WITHOUT_TOKEN)


def _base(url: str) -> str:
    """Return the API's address, of the site's address too."""
    url = url.rstrip("/")
    name = urlsplit(url).hostname or ""
    if not url or name in ("github.com", "api.github.com"):
        return API
    if name.endswith(".ghe.com") and not urlsplit(url).path:
        return f"https://api.{name.removeprefix('api.')}"
    return url if urlsplit(url).path else f"{url}/api/v3"


async def _is_gone(api: Api, none: NoAnswer, repository: str) -> bool:
    """Whether it is the repository that is not there, or not seen, and not the commit alone."""
    if none.status == 422:
        return False
    try:
        await api.get(f"/repos/{repository}")
    except NoAnswer:
        return True
    return False


async def _checks(api: Api, path: str) -> list[dict[str, Any]]:
    try:
        return await _pages(api, path, path.rpartition("/")[2].replace("-", "_"))
    except NoAnswer as none:
        if none.status == 404:  # a server that has statuses alone
            return []
        raise


async def _suites(api: Api, path: str) -> list[dict[str, Any]]:
    try:
        return await _checks(api, path)
    except (KeyError, TypeError):  # a server that has check runs and no suites
        return []


async def _pages(api: Api, path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, PAGES + 1):
        said = await api.get(path, per_page=PAGE, page=page)
        found += list(said[name])
        if len(said[name]) < PAGE:
            return found
    raise unmeasured(f"there are more than {PAGE * PAGES} {name}", "name those that matter in contexts")


def _status(one: dict[str, Any]) -> Job:
    state = one["state"]
    good = {"success": "passed", "pending": "pending"}.get(state, "failed")
    return Job(str(one["context"]), good, str(one.get("updated_at") or ""), state)  # type: ignore[arg-type]


def _run(one: dict[str, Any]) -> Job:
    if one["status"] != "completed":
        return Job(str(one["name"]), "pending", str(one.get("started_at") or ""), str(one["status"]))
    ended = str(one["conclusion"])
    return Job(str(one["name"]), "passed" if ended in GOOD else "failed", str(one.get("completed_at") or ""), ended, has_run=ended != "skipped")


def _suite(one: dict[str, Any]) -> Job | None:
    """A suite whose runs do not say it all: jobs that wait for others have no run yet, and a workflow that cannot be read never has one.

    Many apps leave a suite of theirs queued for ever without a run: those are nothing.
    """
    app, count = one.get("app") or {}, int(one.get("latest_check_runs_count") or 0)
    name, at = f"suite of {app.get('name') or app.get('slug') or '?'}", str(one.get("updated_at") or "")
    if one["status"] != "completed":
        return Job(name, "pending", str(one.get("created_at") or ""), str(one["status"])) if count or app.get("slug") == ACTIONS else None
    return None if count or one["conclusion"] in (*GOOD, None) else Job(name, "failed", at, str(one["conclusion"]))


def _unknown_commit(commit: str) -> Finding:
    return Finding("failed", SafeText(f"it does not know the commit {commit[:12]}"), SafeText("git push"))
