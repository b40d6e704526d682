"""GitHub and GitLab as their APIs answer: pending, green, red, limited, refused, slow, garbage: each told apart."""

import json
import time

import pytest

from console.adapters.ask_health_gates import bare_command
from console.adapters.checks import github_check as hub
from console.adapters.checks import gitlab_check as lab
from console.adapters.checks.dispatch import ConfiguredChecks
from console.adapters.this_machine import LocalTransport
from console.model.configured_checks import CheckSpec
from console.model.configured_environment import Environment
from console.model.host import Host
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
    return CheckSpec("CI", kind, url=api.url, repository="acme/shop", token=SecretRef("env", "T"), **{"timeout": 60.0, **fields})


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
    assert paths == [f"/api/v3/repos/acme/shop/commits/{COMMIT}/{name}" for name in ("check-runs", "check-suites", "status")]
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
    assert found.remedy == "it is asked again; contexts are names as they are reported, so far: lint, flaky, test / py311"


async def test_a_context_in_brackets_is_a_name_before_it_is_a_pattern(api):
    github(api, [], [("test [py311]", "success")])
    assert (await asked(a_check("github", api, contexts=("test [py311]",)))).status == "passed"


async def test_a_commit_that_nothing_has_reported_on_waits(api):
    github(api)
    found = await asked(a_check("github", api))
    assert (found.status, found.seen) == ("waiting", "nothing has reported on this commit yet")


async def test_jobs_on_later_pages_count(api):
    first = [{"context": f"job {number}", "state": "success", "updated_at": ""} for number in range(100)]
    github(api)
    pages = [{"statuses": first}, {"statuses": [{"context": "last", "state": "failure", "updated_at": ""}]}]
    api.answers["/status"] = [(200, json.dumps(page).encode(), {}) for page in pages]
    assert (await asked(a_check("github", api))).seen == "1 of 101 failed: last (failure)"


def suite(status, count=0, slug="github-actions", conclusion=None):
    return {"status": status, "conclusion": conclusion, "latest_check_runs_count": count, "created_at": "2026-11-24T07:05:00Z",
            "updated_at": "2026-11-24T07:06:00Z", "app": {"slug": slug, "name": slug.title()}}  # fmt: skip


@pytest.mark.parametrize(("suites", "status", "seen"), [
    ([suite("in_progress", 1)], "waiting", "1 of 2 passed, waits for suite of Github-Actions (in_progress)"),
    ([suite("queued")], "waiting", "1 of 2 passed, waits for suite of Github-Actions (queued)"),
    ([suite("queued", 0, "renovate"), suite("completed", 1, conclusion="success")], "passed", "1 passed: test"),
    ([suite("queued", 2, "circleci")], "waiting", "1 of 2 passed, waits for suite of Circleci (queued)"),
    ([suite("completed", 0, conclusion="startup_failure")], "failed", "1 of 2 failed: suite of Github-Actions (startup_failure)"),
    ([suite("completed", 0, conclusion="success"), suite("completed", 3, conclusion="failure")], "passed", "1 passed: test"),
])  # fmt: skip
async def test_jobs_that_wait_for_others_have_no_run_yet_and_their_suite_is_waited_for(api, suites, status, seen):
    github(api, [], [("test", "success")])
    api.says("/check-suites", {"check_suites": suites})
    found = await asked(a_check("github", api))
    assert (found.status, found.seen) == (status, seen)
    assert (await asked(a_check("github", api, contexts=("test",)))).status == "passed"


async def test_zero_statuses_are_not_pending_by_themselves(api):
    github(api, [], [("test", "neutral"), ("docs", "skipped")])
    api.says("/status", {"state": "pending", "total_count": 0, "statuses": []})
    assert (await asked(a_check("github", api))).seen == "2 passed: test, docs"


async def test_a_commit_of_which_github_skipped_every_job_was_not_tested(api):
    github(api, [], [("test", "skipped"), ("docs", "skipped")])
    found = await asked(a_check("github", api))
    assert (found.status, found.seen) == ("failed", "nothing was tested, none of 2 has run: test (skipped), docs (skipped)")


@pytest.mark.parametrize("name", ["check-runs", "check-suites"])
async def test_runs_and_suites_on_later_pages_count(api, name):
    github(api)
    good = {"name": "job", "status": "completed", "conclusion": "success", "completed_at": ""}
    bad = {**good, "conclusion": "failure"}
    if name == "check-suites":
        good, bad = suite("completed", 1, conclusion="success"), suite("completed", 0, conclusion="failure")
    pages = [{name.replace("-", "_"): [good] * 100}, {name.replace("-", "_"): [bad]}]
    api.answers[f"/{name}"] = [(200, json.dumps(page).encode(), {}) for page in pages]
    assert (await asked(a_check("github", api))).status == "failed"
    assert [b"page=2" in request for request in api.requests if f"/{name}".encode() in request] == [False, True]


async def test_a_renamed_repository_is_followed_on_its_server_and_the_token_to_no_other(api):
    github(api)
    api.says("/repositories/7/status", {"statuses": [{"context": "lint", "state": "success", "updated_at": ""}]})
    api.says("/shop/commits/" + COMMIT + "/status", b"", 301, Location="/repositories/7/status")
    assert (await asked(a_check("github", api))).seen == "1 passed: lint"
    api.says("/shop/commits/" + COMMIT + "/status", b"", 301, Location="http://127.0.0.2:1/status")
    found = await asked(a_check("github", api))
    assert (found.status, "it sends elsewhere: http://127.0.0.2:1/status" in found.seen) == ("error", True)
    api.says("/shop/commits/" + COMMIT + "/status", b"", 302, Location="/shop/commits/" + COMMIT + "/status")
    assert "HTTP 302" in (await asked(a_check("github", api))).seen


async def test_a_commit_that_is_not_there_is_told_from_a_repository_that_is_not(api):
    found = await asked(a_check("github", api))
    assert (found.status, "HTTP 404" in found.seen) == ("error", True)
    api.says("/repos/acme/shop", {"full_name": "acme/shop"})
    found = await asked(a_check("github", api))
    assert (found.status, found.remedy) == ("failed", "git push")


@pytest.mark.parametrize(("url", "base"), [
    ("", "https://api.github.com"), ("https://github.com/", "https://api.github.com"), ("https://git.example.net", "https://git.example.net/api/v3"),
    ("https://git.example.net/api/v3/", "https://git.example.net/api/v3"), ("https://acme.ghe.com", "https://api.acme.ghe.com"),
    ("https://api.acme.ghe.com", "https://api.acme.ghe.com"),
])  # fmt: skip
def test_the_address_of_a_server_of_ones_own(url, base):
    assert hub._base(url) == base


@pytest.mark.parametrize(("url", "base"), [
    ("", "https://gitlab.com/api/v4"), ("https://example.net/gitlab/", "https://example.net/gitlab/api/v4"),
    ("https://example.net/api/v4", "https://example.net/api/v4"),
])  # fmt: skip
def test_the_address_of_a_gitlab_of_ones_own(url, base):
    assert lab._base(url) == base


async def test_a_commit_that_was_not_pushed_is_told(api):
    api.says("/status", {"message": "No commit found for SHA"}, 422)
    api.says("/check-runs", {"message": "No commit found for SHA"}, 422)
    found = await asked(a_check("github", api))
    assert (found.status, found.remedy) == ("failed", "git push")


LIMITED = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "in ten minutes"}


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
    soon = str(int(time.time()) + 600)
    headers = {name: soon if value == "in ten minutes" else value for name, value in headers.items()}
    for path in ("/status", "/check-runs", "/statuses", "/pipelines"):
        api.says(path, body, status, **headers)
    found = await asked(a_check(kind, api))
    assert found.status == "error"
    assert words in found.seen
    if "rate-limited" in words:
        assert found.seen.partition("until ")[2][:8].count(":") == 2
        assert 20 < found.again <= 601


async def test_a_limit_of_which_no_end_is_said_is_told_as_that(api):
    for path in ("/status", "/check-runs"):
        api.says(path, {}, 429)
    assert (await asked(a_check("github", api))).seen == "rate-limited, and it does not say until when (HTTP 429)"


async def test_a_slow_api_is_an_error_in_time(api):
    api.answers["/status"] = None
    api.says("/check-runs", {"check_runs": []})
    began = time.monotonic()
    found = await asked(a_check("github", api, timeout=0.3))
    assert (found.status, found.seen) == ("error", "no answer within 0.3 s")
    assert time.monotonic() - began < 20


async def test_a_server_that_is_not_there_and_a_token_that_was_not_read_are_errors(api):
    gone = CheckSpec("CI", "github", url="http://127.0.0.1:9", repository="acme/shop", timeout=60.0)
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


@pytest.mark.parametrize(("pipelines", "status", "seen"), [
    (["skipped"], "failed", "1 of 2 failed: pipeline r0 (skipped, so nothing was tested)"),
    (["skipped", "success"], "passed", "2 passed: lint, pipeline r1"),
    (["manual"], "passed", "2 passed: lint, pipeline r0"),
    (["canceled"], "failed", "1 of 2 failed: pipeline r0 (canceled)"),
    (["canceling"], "waiting", "1 of 2 passed, waits for pipeline r0 (canceling)"),
    (["waiting_for_resource"], "waiting", "1 of 2 passed, waits for pipeline r0 (waiting_for_resource)"),
    (["scheduled"], "waiting", "1 of 2 passed, waits for pipeline r0 (scheduled)"),
])  # fmt: skip
async def test_gitlab_pipelines_in_every_state(api, pipelines, status, seen):
    api.says("/statuses", [{"name": "lint", "status": "success", "allow_failure": False}])
    api.says("/pipelines", [{"id": number, "ref": f"r{number}", "status": state, "updated_at": ""} for number, state in enumerate(pipelines)])
    found = await asked(a_check("gitlab", api))
    assert (found.status, found.seen) == (status, seen)


async def test_a_commit_of_which_gitlab_has_run_no_job_was_not_tested(api):
    api.says("/pipelines", [{"id": 1, "ref": "main", "status": "manual", "updated_at": ""}])
    api.says("/statuses", [{"name": "test", "status": "manual", "allow_failure": True}])
    found = await asked(a_check("gitlab", api))
    assert (found.status, found.seen) == ("failed", "nothing was tested, none of 2 has run: test (manual), pipeline main (manual)")


async def test_gitlab_jobs_behind_a_manual_one_are_waited_for_and_those_that_may_fail_are_not(api):
    api.says("/pipelines", [{"id": 1, "ref": "main", "status": "manual", "updated_at": ""}])
    api.says("/statuses", [
        {"name": "approve", "status": "manual", "allow_failure": False}, {"name": "smoke", "status": "created", "allow_failure": False},
        {"name": "flaky", "status": "running", "allow_failure": True},
    ])  # fmt: skip
    found = await asked(a_check("gitlab", api))
    assert (found.status, found.seen) == ("waiting", "2 of 3 passed, waits for smoke (created)")
    first = [{"name": f"j{number}", "status": "success"} for number in range(100)]
    api.answers["/statuses"] = [(200, json.dumps(page).encode(), {}) for page in (first, [{"name": "last", "status": "failed"}])]
    assert (await asked(a_check("gitlab", api))).seen == "1 of 102 failed: last (failed)"
