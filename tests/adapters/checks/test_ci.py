"""GitHub and GitLab as their APIs answer: pending, green, red, limited, refused, slow, garbage: each told apart."""

import time

import pytest

from console.adapters.checks.dispatch import ConfiguredChecks
from console.adapters.health import bare_command
from console.adapters.local import LocalTransport
from console.model.fleet import CheckSpec, Environment, Host
from console.model.secret import SecretRef
from tests.adapters.checks.servers import service

HERE = Environment("shop", "production", "/srv/shop", (Host("web01", "localhost"),))
COMMIT = "3f2a91c" + "0" * 33
TOKEN = "ghp_verysecret"
TOKENS = {"check CI token": TOKEN}


@pytest.fixture
async def api():
    async with service() as one:
        yield one


def a_check(kind, api, **fields):
    return CheckSpec("CI", kind, url=api.url, repository="acme/shop", token=SecretRef("env", "T"), **{"timeout": 3.0, **fields})


async def asked(check, secrets=TOKENS):
    transport = LocalTransport()
    ((place, found),) = await ConfiguredChecks(transport, bare_command(transport), secrets.get).ask(HERE, check, HERE.hosts, {"commit": COMMIT})
    assert place == ""
    assert TOKEN not in f"{found}"
    return found


def github(api, statuses=(), runs=()):
    api.says("/status", {"statuses": [{"context": name, "state": state, "updated_at": "2026-11-24T08:00:00Z"} for name, state in statuses]})
    shaped = [
        {"name": name, "status": "completed" if ended else "in_progress", "conclusion": ended, "started_at": "2026-11-24T07:00:00Z",
         "completed_at": "2026-11-24T07:30:00Z" if ended else None}
        for name, ended in runs
    ]  # fmt: skip
    api.says("/check-runs", {"check_runs": shaped})


async def test_github_asks_for_that_very_commit_with_the_token_and_takes_statuses_and_check_runs_as_one(api):
    github(api, [("lint", "success")], [("test", "success"), ("docs", "skipped")])
    found = await asked(a_check("github", api))
    assert (found.status, found.seen, found.since) == ("passed", "3 passed: lint, test, docs", "2026-11-24T08:00:00Z")
    paths = sorted(request.split(b" ")[1].partition(b"?")[0].decode() for request in api.requests)
    assert paths == [f"/api/v3/repos/acme/shop/commits/{COMMIT}/{name}" for name in ("check-runs", "status")]
    assert all(f"authorization: bearer {TOKEN}".encode() in request.lower() for request in api.requests)


async def test_github_pending_then_green(api):
    github(api, [("lint", "success")], [("test", None)])
    found = await asked(a_check("github", api))
    assert (found.status, found.since) == ("waiting", "2026-11-24T07:00:00Z")
    assert found.seen == "1 of 2 passed, waits for test (in_progress)"
    github(api, [("lint", "success")], [("test", "success")])
    assert (await asked(a_check("github", api))).status == "passed"


@pytest.mark.parametrize("ended", ["failure", "timed_out", "cancelled", "action_required"])
async def test_github_red_says_what_and_since_when(api, ended):
    github(api, [("lint", "success")], [("test", ended), ("build", None)])
    found = await asked(a_check("github", api))
    assert (found.status, found.since) == ("failed", "2026-11-24T07:30:00Z")
    assert found.seen == f"1 of 3 failed: test ({ended})"
    assert found.remedy


async def test_contexts_are_all_that_counts_and_one_that_has_not_begun_is_waited_for(api):
    github(api, [("lint", "success"), ("flaky", "failure")], [("test / py311", "success")])
    assert (await asked(a_check("github", api, contexts=("lint", "test*")))).status == "passed"
    found = await asked(a_check("github", api, contexts=("lint", "deploy")))
    assert (found.status, found.seen) == ("waiting", "1 of 2 passed, waits for deploy (not begun)")


async def test_a_commit_that_nothing_has_reported_on_waits(api):
    github(api)
    found = await asked(a_check("github", api))
    assert (found.status, found.seen) == ("waiting", "nothing has reported on this commit yet")


async def test_jobs_on_later_pages_count(api):
    first = [{"context": f"job {number}", "state": "success", "updated_at": ""} for number in range(100)]
    github(api)
    pages = [{"statuses": first}, {"statuses": [{"context": "last", "state": "failure", "updated_at": ""}]}]
    api.answers["/status"] = [(200, __import__("json").dumps(page).encode(), {}) for page in pages]
    assert (await asked(a_check("github", api))).seen == "1 of 101 failed: last (failure)"


async def test_a_commit_that_was_not_pushed_is_told(api):
    api.says("/status", {"message": "No commit found for SHA"}, 422)
    api.says("/check-runs", {"message": "No commit found for SHA"}, 422)
    found = await asked(a_check("github", api))
    assert (found.status, found.remedy) == ("failed", "git push")


LIMITED = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(time.time()) + 600)}


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize(
    ("status", "body", "headers", "words"),
    [
        (403, {"message": "API rate limit exceeded"}, LIMITED, "rate-limited until "),
        (429, {}, {"Retry_After": "30"}, "rate-limited until "),
        (401, {"message": "Bad credentials"}, {}, "HTTP 401, the token is refused: Bad credentials"),
        (403, {"message": "Resource not accessible"}, {}, "HTTP 403, the token may not read that: Resource not accessible"),
        (404, {"message": "Not Found"}, {}, "HTTP 404, there is no such thing"),
        (502, b"<html>", {}, "HTTP 502"),
        (302, b"", {"Location": "https://login.example/"}, "sends elsewhere: https://login.example/"),
        (200, b"<html>welcome", {}, "this is no API"),
        (200, {"hello": 1}, {}, "this is not what Git"),
        (200, [1, 2], {}, "this is not what Git"),
    ],
)
async def test_what_cannot_be_measured_is_an_error_and_says_which(api, kind, status, body, headers, words):
    for path in ("/status", "/check-runs", "/statuses", "/pipelines"):
        api.says(path, body, status, **headers)
    found = await asked(a_check(kind, api))
    assert found.status == "error"
    assert words in found.seen
    if "rate-limited" in words:
        assert found.seen.partition("until ")[2][:8].count(":") == 2
        assert 20 < found.again <= 601


async def test_a_slow_api_is_an_error_in_time(api):
    api.answers["/status"] = None
    api.says("/check-runs", {"check_runs": []})
    began = time.monotonic()
    found = await asked(a_check("github", api, timeout=0.3))
    assert (found.status, found.seen) == ("error", "no answer within 0.3 s")
    assert time.monotonic() - began < 2


async def test_a_server_that_is_not_there_and_a_token_that_was_not_read_are_errors(api):
    gone = CheckSpec("CI", "github", url="http://127.0.0.1:9", repository="acme/shop", timeout=2.0)
    assert (await asked(gone)).status == "error"
    found = await asked(a_check("github", api), secrets={})
    assert found.status == "error"
    assert "token was not read" in found.seen
    assert not api.requests


async def test_gitlab_takes_jobs_external_statuses_and_the_last_pipeline_of_a_ref(api):
    times = {"created_at": "2026-11-24T07:00:00Z", "finished_at": "2026-11-24T07:10:00Z"}
    api.says("/statuses", [
        {"name": "test", "status": "success", "allow_failure": False, **times},
        {"name": "flaky", "status": "failed", "allow_failure": True, **times},
        {"name": "to production", "status": "manual", **times},
    ])  # fmt: skip
    pipelines = [{"id": 7, "ref": "main", "status": "failed", "updated_at": ""}, {"id": 8, "ref": "main", "status": "success", "updated_at": ""}]
    api.says("/pipelines", pipelines)
    found = await asked(a_check("gitlab", api))
    assert (found.status, found.seen) == ("passed", "3 passed: test, to production, pipeline main")
    assert all(f"private-token: {TOKEN}".encode() in request.lower() for request in api.requests)
    assert any(f"/api/v4/projects/acme%2Fshop/pipelines?sha={COMMIT}".encode() in request for request in api.requests)
    pipelines[1]["status"] = "running"
    api.says("/pipelines", pipelines)
    assert (await asked(a_check("gitlab", api))).seen == "2 of 3 passed, waits for pipeline main (running)"


async def test_gitlab_does_not_know_the_commit(api):
    api.says("/statuses", {"message": "404 Commit Not Found"}, 404)
    api.says("/pipelines", [])
    found = await asked(a_check("gitlab", api))
    assert (found.status, found.remedy) == ("failed", "git push")
