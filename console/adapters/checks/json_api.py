"""Questions to a service's API over HTTP, JSON in its answers: each way in which an answer can be none is told apart.

It must not know which service it is, nor what an answer means.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import httpx

from console.adapters.checks.http_check import beginning
from console.adapters.checks.one_question import SPARE, Asked
from console.adapters.host_http import NotOpened, client_through
from console.model.checks import Finding
from console.safe_text import SafeText

LIMIT = 8 * 1024 * 1024
"""Bytes of an answer that are read."""
LIMITED = ("x-ratelimit-remaining", "ratelimit-remaining")
REDIRECTIONS = 4
RESETS = ("x-ratelimit-reset", "ratelimit-reset")


class NoAnswer(Exception):
    """It could not be measured, or cannot be; what to say instead. `status`: the HTTP code, 0 where none came."""

    def __init__(self, finding: Finding, status: int = 0) -> None:
        super().__init__(str(finding.seen))
        self.finding = finding
        self.status = status


def unmeasured(words: str, remedy: str = "", status: int = 0, again: float = 5.0) -> NoAnswer:
    """Return why nothing was measured."""
    return NoAnswer(Finding("error", SafeText(words, 400), SafeText(remedy), again=again), status)


class Api:
    """One service, asked from one place with one client; use it as a context manager."""

    def __init__(self, asked: Asked, base: str, headers: Mapping[str, str]) -> None:
        self._base = base
        self._client = client_through(asked.transport, asked.place, timeout=asked.seconds + SPARE)
        self._client.headers.update(headers)

    async def __aenter__(self) -> "Api":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str, **parameters: str | int) -> Any:  # noqa: ANN401 (whatever JSON holds)
        """Return the JSON of an answer with 200; a redirection is followed on the same server. Raises NoAnswer for everything else."""
        response, body = await self._answered(httpx.URL(self._base + path, params=parameters))
        if response.status_code != 200:
            raise _refused(response, body)
        try:
            return json.loads(body)
        except ValueError as fault:
            raise unmeasured(f"this is no API: it answers 200 with {body[:40]!r}", "see its url", 200) from fault

    async def _answered(self, url: httpx.URL) -> tuple[httpx.Response, bytes]:
        for _ in range(REDIRECTIONS):
            response, body = await self._asked(url)
            onward = _onward(response, url)
            if onward is None:
                break
            url = onward
        return response, body

    async def _asked(self, url: httpx.URL) -> tuple[httpx.Response, bytes]:
        try:
            async with self._client.stream("GET", url) as response:
                return response, await beginning(response, LIMIT)
        except NotOpened as fault:
            raise unmeasured(f"{fault.problem.message}", str(fault.problem.hint)) from fault
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as fault:
            raise unmeasured(f"{self._client_words()}: {fault or type(fault).__name__}") from fault

    def _client_words(self) -> str:
        return f"no answer from {httpx.URL(self._base).host}"


def _onward(response: httpx.Response, url: httpx.URL) -> httpx.URL | None:
    """Where a redirection leads (a repository has been renamed), if that is the same server: the token is told to no other."""
    location = response.headers.get("location", "")
    if not 300 <= response.status_code < 400 or not location:
        return None
    try:
        onward = url.join(location)
    except httpx.InvalidURL:
        return None
    is_same = (onward.scheme, onward.host, onward.port) == (url.scheme, url.host, url.port)
    return onward if is_same else None


def _refused(response: httpx.Response, body: bytes) -> NoAnswer:
    code, words = response.status_code, _message(body)
    until = _limited_until(response, words)
    if until is not None:
        wait, told = until
        return unmeasured(f"rate-limited{told} (HTTP {code})", "wait, or give it a token with a higher limit", code, wait)
    if code == 401:
        return unmeasured(f"HTTP 401, the token is refused{words}", "see its token: it may have expired", code)
    if code == 403:
        return unmeasured(f"HTTP 403, the token may not read that{words}", "give the token the right to read it", code)
    if code == 404:
        return unmeasured(f"HTTP 404, there is no such thing, or the token does not see it{words}", "see its repository, url and token", code)
    if 300 <= code < 400:
        return unmeasured(f"HTTP {code}, it sends elsewhere: {response.headers.get('location', '?')}", "give that as its url", code)
    return unmeasured(f"HTTP {code}{words}", "", code)


def _message(body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    text = said.get("message") or said.get("error") if isinstance(said, dict) else ""
    return f": {SafeText(str(text), 160)}" if text else ""


def _limited_until(response: httpx.Response, words: str) -> tuple[float, str] | None:
    """Return the seconds until it may be asked again, and that time in words; None where that is not the matter."""
    headers, code = response.headers, response.status_code
    spent = any(headers.get(name) == "0" for name in LIMITED)
    if code != 429 and not (code == 403 and (spent or "retry-after" in headers or "rate limit" in words.lower())):
        return None
    now = datetime.now(UTC)
    after, reset = headers.get("retry-after", ""), next((headers[name] for name in RESETS if name in headers), "")
    if after.isdecimal():
        until = now + timedelta(seconds=min(int(after), 86400))
    elif reset.isdecimal() and int(reset) < 10**11:
        until = datetime.fromtimestamp(int(reset), UTC)
    else:
        return 60.0, ", and it does not say until when"
    return max(1.0, (until - now).total_seconds()), f" until {until:%H:%M:%S} UTC"
