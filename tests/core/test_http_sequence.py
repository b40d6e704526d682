"""An HTTP sequence: what each step sends, what its answer is worth, what it keeps, and which step is named where it ends."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.checks.http_sequence import (
    LONGEST,
    BadCapture,
    HttpAnswer,
    HttpSequence,
    SentRequest,
    StepFailure,
    answered,
    below,
    captured,
    compiled,
    request_of,
    unanswered,
)
from console.errors import UsageFault
from console.model.configured_checks import CriticalPath
from console.model.http_step import HttpStep
from console.model.secret import SecretRef
from console.model.values import changed
from console.safe_text import SafeText

VALUES = {"address": "10.0.0.1", "host": "web01", "version": "v2"}
SIGN_IN = CriticalPath("Sign in", "http", steps=(
    HttpStep("GET", "http://{address}/login?next=1", capture={"token": 'value="([^"]+)"'}),
    HttpStep("POST", "http://{address}/login", form={"user": "smoke", "password": SecretRef("env", "P"), "csrf": "{token}"}, expect_status=((302, 303),)),
    HttpStep("GET", "http://{address}/account", headers={"accept": "text/html"}, expect_body="smoke"),
))  # fmt: skip
SECRETS = {"critical Sign in, step 2, form password": "s3cret & {token}"}
PAGE = HttpAnswer(200, b'<input name="csrf" value="tok-1234+/=">')


def started(path=SIGN_IN):
    return HttpSequence(path, VALUES)


def after(*answers, path=SIGN_IN):
    found = started(path)
    for answer in answers:
        found = answered(found, answer)
    return found


def one(**fields):
    return started(CriticalPath("One", "http", steps=(HttpStep(**{"method": "POST", "url": "http://h/p", **fields}),)))


def test_a_sign_in_sends_what_it_captured_and_the_secret_as_it_is():
    first = started()
    assert request_of(first, SECRETS.get) == SentRequest("GET", "http://10.0.0.1/login?next=1", (), b"")
    second = answered(first, PAGE)
    assert (second.place, second.values["token"], second.captured) == (1, "tok-1234+/=", ("token",))
    body = b"user=smoke&password=s3cret+%26+%7Btoken%7D&csrf=tok-1234%2B%2F%3D"
    assert request_of(second, SECRETS.get) == SentRequest("POST", "http://10.0.0.1/login", (("content-type", "application/x-www-form-urlencoded"),), body)
    third = answered(second, HttpAnswer(302, b"", "/account"))
    assert request_of(third, SECRETS.get).headers == (("accept", "text/html"),)
    assert answered(third, HttpAnswer(200, b"hello smoke")).is_over
    assert not third.is_over


@pytest.mark.parametrize(("answers", "where", "seen"), [
    ([HttpAnswer(503, b"")], "step 1 of 3, GET /login", "HTTP 503, expected 200-299"),
    ([HttpAnswer(200, b"<html>")], "step 1 of 3, GET /login", 'HTTP 200, and nothing in its body matches the capture token: value="([^"]+)"'),
    ([PAGE, HttpAnswer(403, b"")], "step 2 of 3, POST /login", "HTTP 403, expected 302-303"),
    ([PAGE, HttpAnswer(301, b"", "http://other/login?session=x")], "step 2 of 3, POST /login", "HTTP 301, expected 302-303, a redirect to /login"),
    ([PAGE, HttpAnswer(307, b"", "https://other")], "step 2 of 3, POST /login", "HTTP 307, expected 302-303, a redirect to /"),
    ([PAGE, HttpAnswer(200, b"", "/elsewhere")], "step 2 of 3, POST /login", "HTTP 200, expected 302-303"),
    ([PAGE, HttpAnswer(302, b""), HttpAnswer(302, b"", "/login")], "step 3 of 3, GET /account", "HTTP 302, expected 200-299, a redirect to /login"),
    ([PAGE, HttpAnswer(302, b""), HttpAnswer(200, b"who are you")], "step 3 of 3, GET /account",
     "HTTP 200, expected 'smoke' in the body, which begins 'who are you'"),
    ([PAGE, HttpAnswer(302, b""), HttpAnswer(200, b"")], "step 3 of 3, GET /account", "HTTP 200, expected 'smoke' in the body, which begins and ends empty"),
])  # fmt: skip
def test_the_first_step_whose_answer_is_not_as_expected_is_named(answers, where, seen):
    assert after(*answers) == StepFailure("failed", where, SafeText(seen))


def test_no_answer_is_an_error_and_no_verdict():
    assert unanswered(after(PAGE), "connection refused") == StepFailure("error", "step 2 of 3, POST /login", SafeText("connection refused"))


def test_a_captured_value_is_never_shown():
    path = changed(SIGN_IN, steps=(SIGN_IN.steps[0], HttpStep("GET", "http://h/order/{token}/x?{token}", expect_body="id {token}")))
    failed = after(PAGE, HttpAnswer(200, b"tok-1234+/= is unknown"), path=path)
    assert failed.where == "step 2 of 2, GET /order/{token}/x"
    assert failed.seen == "HTTP 200, expected 'id {token}' in the body, which begins '{token} is unknown'"
    assert unanswered(after(PAGE, path=path), "no tok-1234+/=").seen == "no {token}"


def test_a_captured_value_stands_in_a_url_as_one_piece():
    path = changed(SIGN_IN, steps=(SIGN_IN.steps[0], HttpStep("GET", "http://{address}/order/{token}")))
    assert request_of(after(PAGE, path=path), SECRETS.get).url == "http://10.0.0.1/order/tok-1234%2B%2F%3D"


def test_json_is_filled_in_depth_and_its_secrets_are_put_in_by_pointer():
    tree = {"a": [1, True, None, "{host}", {"b/c": None}], "d~": "{version}", "{host}": 1.5}
    step = one(json=json.dumps(tree), json_secrets={"/a/4/b~1c": SecretRef("env", "X")})
    sent = request_of(step, {"critical One, step 1, json /a/4/b~1c": 'q"{host}'}.get)
    assert json.loads(sent.body) == {"a": [1, True, None, "web01", {"b/c": 'q"{host}'}], "d~": "v2", "{host}": 1.5}
    assert sent.headers == (("content-type", "application/json"),)


def test_a_whole_body_may_be_one_secret():
    assert request_of(one(json="null", json_secrets={"": SecretRef("env", "X")}), {"critical One, step 1, json ": "x"}.get).body == b'"x"'


@pytest.mark.parametrize("name", ["content-type", "Content-Type"])
def test_a_content_type_that_the_file_gives_stands(name):
    sent = request_of(one(json="{}", headers={name: "application/vnd.x+json"}), {}.get)
    assert sent.headers == ((name, "application/vnd.x+json"),)


def test_a_secret_that_was_not_read_is_named():
    with pytest.raises(UsageFault, match=r"its secret \(step 2, form password\) was not read"):
        request_of(after(PAGE), {}.get)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nSet-Cookie: x", "a\0"])
def test_no_value_makes_a_second_header(value):
    step = one(headers={"x": SecretRef("env", "X")})
    with pytest.raises(UsageFault, match="the header x"):
        request_of(step, {"critical One, step 1, header x": value}.get)


@pytest.mark.parametrize(("pattern", "body", "value"), [
    ("id=(\\d+)", b"id=17&id=18", "17"),
    ("(a)?b", b"b", None),
    ("x(.*)y", b"x\ny", None),
    ("(?s)x(.*)y", b"x\ny", "\n"),
    ("(?i)TOKEN: (\\w+)", b"token: abc", "abc"),
    ("=(.+)", "=é".encode(), "é"),
    ("=(.*)", b"=" + b"a" * 5000, "a" * LONGEST),
    ("(?:a|b)(c)", b"ac", "c"),
])  # fmt: skip
def test_what_the_group_is_at_its_first_match_is_captured(pattern, body, value):
    assert captured(pattern, body) == value


def test_a_search_takes_time_in_proportion_to_the_body():
    assert captured("(a+)+$".replace("(a+)", "(?:a+)") + "(x)", b"a" * 200_000) is None


@pytest.mark.parametrize(
    ("pattern", "words"), [("x", "no group"), ("(a)(b)", "2 groups"), ("(?:a)", "no group"), ("(", "missing"), ("(?=a)(b)", "invalid perl")]
)
def test_a_pattern_that_captures_nothing_is_refused(pattern, words):
    with pytest.raises(BadCapture, match=words):
        compiled(pattern)


@given(st.lists(st.sampled_from([200, 204, 302, 404, 500]), min_size=1, max_size=6))
def test_a_sequence_is_over_only_where_each_step_was_answered_as_expected(codes):
    path = CriticalPath("x", "http", steps=tuple(HttpStep("GET", f"http://h/{place}") for place in range(len(codes))))
    found = HttpSequence(path, VALUES)
    for code in codes:
        found = answered(found, HttpAnswer(code, b""))
        if isinstance(found, StepFailure):
            break
    wrong = next((place for place, code in enumerate(codes) if not 200 <= code <= 299), None)
    if wrong is None:
        assert isinstance(found, HttpSequence)
        assert found.is_over
    else:
        assert found.where == f"step {wrong + 1} of {len(codes)}, GET /{wrong}"


@given(st.text(), st.text(max_size=30))
def test_whatever_an_application_answers_a_form_field_stays_one_field(value, other):
    from urllib.parse import parse_qsl

    step = replace(one(form={"a": "{token}", "b": "x"}), values={**VALUES, "token": value.encode("utf-8", "replace").decode()})
    sent = request_of(step, {}.get).body.decode()
    assert [name for name, _ in parse_qsl(sent, keep_blank_values=True, max_num_fields=2)] == ["a", "b"]


@given(st.text(max_size=20))
def test_a_pointer_keeps_names_apart(name):
    assert below("/a", name).count("/") == 2
