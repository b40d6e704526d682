"""What GitHub knows of a commit: its commit statuses and its check runs. Also a server of one's own."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from console.adapters.checks.asked import Asked
from console.adapters.checks.rest import Api, NoAnswer, unmeasured
from console.core.answers import Job, judge_jobs
from console.model.checks import Finding
from console.model.fleet import CheckSpec
from console.text import SafeText

API = "https://api.github.com"
PAGE = 100
PAGES = 10
AGAIN = 5.0
AGAIN_WITHOUT_TOKEN = 150.0
"""Seconds between two looks: 60 requests an hour are free without a token, and a look is two."""
GOOD = ("success", "neutral", "skipped")


async def ask(asked: Asked, spec: CheckSpec, commit: str) -> Finding:
    """Read both, and judge them as one."""
    token = asked.secret("token")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with Api(asked, _base(asked.url), headers) as api:
            at = f"/repos/{spec.repository}/commits/{commit}"
            statuses, runs = await asyncio.gather(_pages(api, f"{at}/status", "statuses"), _runs(api, f"{at}/check-runs"))
            jobs = (*(_status(one) for one in statuses), *(_run(one) for one in runs))
    except NoAnswer as none:
        return _unknown_commit(commit) if none.status == 422 else none.finding
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        return unmeasured(f"this is not what GitHub answers: {type(fault).__name__} {fault}", "see its url").finding
    return judge_jobs(jobs, spec.contexts, AGAIN if token else AGAIN_WITHOUT_TOKEN)


def _base(url: str) -> str:
    """Return the API's address, of the site's address too."""
    url = url.rstrip("/")
    if not url or urlsplit(url).hostname in ("github.com", "api.github.com"):
        return API
    return url if urlsplit(url).path else f"{url}/api/v3"


async def _runs(api: Api, path: str) -> list[dict[str, Any]]:
    try:
        return await _pages(api, path, "check_runs")
    except NoAnswer as none:
        if none.status == 404:  # a server that has statuses alone
            return []
        raise


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
    return Job(str(one["name"]), "passed" if ended in GOOD else "failed", str(one.get("completed_at") or ""), ended)


def _unknown_commit(commit: str) -> Finding:
    return Finding("failed", SafeText(f"it does not know the commit {commit[:12]}"), SafeText("git push"))
