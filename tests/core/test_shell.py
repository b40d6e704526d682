import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.core.host import shell
from console.errors import UsageFault

NASTY = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)


def said(script: str) -> str:
    return subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()


@given(NASTY)
@example("'; echo pwned; '")
@example("$(echo pwned)")
@example('"`echo pwned`')
def test_a_value_is_one_word_wherever_it_stands(value: str) -> None:
    for template in (
        "printf %s {version}",
        "printf %s '{version}'",
        'printf %s "{version}"',
        'printf %s "$(printf %sx {version})" | sed \'$s/x$//\'',
        "# don't stumble\nprintf %s {version}",
        "printf %s it\\'s >/dev/null; printf %s {version}",
    ):
        seen = said(shell.filled(template, {"version": value}))
        assert seen.removesuffix("\n") == value.removesuffix("\n") or seen == value, template


def test_only_lower_case_names_in_braces_are_placeholders() -> None:
    text = "awk '{ print $1 }' ${HOME} ${host} {A} {1} { a; }"
    assert shell.placeholders(text) == ()
    assert shell.filled(text, {}) == text


def test_unknown_placeholder_names_itself_and_the_known() -> None:
    with pytest.raises(UsageFault) as fault:
        shell.filled("echo {vresion}", {"version": "1"})
    assert "{vresion}" in fault.value.message
    assert "{version}" in fault.value.hint


def test_here_document_takes_plain_values_only() -> None:
    assert shell.filled("cat <<E\n{version}\nE\n", {"version": "v1.2"}) == "cat <<E\nv1.2\nE\n"
    with pytest.raises(UsageFault, match="<<"):
        shell.filled("cat <<E\n{version}\nE\n", {"version": "a b"})


@given(NASTY)
def test_exports_reach_a_child_exactly(value: str) -> None:
    assert said(shell.exports({"A": value}) + 'printf %sx "$A"') == value + "x"


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A=B", "A B", "é"])
def test_exports_refuse_a_bad_name(name: str) -> None:
    with pytest.raises(UsageFault):
        shell.exports({name: "x"})


def test_urls_are_percent_encoded() -> None:
    values = {"version": "a/b c?#", "address": "fe80::1", "host": "web01"}
    assert shell.filled_url("http://{address}:80/{version}?h={host}&a={address}", values) == (
        "http://[fe80::1]:80/a%2Fb%20c%3F%23?h=web01&a=fe80%3A%3A1"
    )


def test_nul_is_refused() -> None:
    with pytest.raises(UsageFault):
        shell.quote("a\0b")


def test_placeholders_are_variables_too() -> None:
    assert shell.deploy_variables({"host": "web01"}) == {"DEPLOY_HOST": "web01"}
