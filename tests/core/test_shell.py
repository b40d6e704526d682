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
        "printf %s \"$(printf %sx {version})\" | sed '$s/x$//'",
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
    assert shell.filled_url("http://{address}:80/{version}?h={host}&a={address}", values) == ("http://[fe80::1]:80/a%2Fb%20c%3F%23?h=web01&a=fe80%3A%3A1")


def test_nul_is_refused() -> None:
    with pytest.raises(UsageFault):
        shell.quote("a\0b")


def test_placeholders_are_variables_too() -> None:
    assert shell.deploy_variables({"host": "web01"}) == {"DEPLOY_HOST": "web01"}


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("", ()), ("{a}", ("a",)), ("{a}{b}{a}", ("a", "b")), ("${a}", ()), ("$${a}", ()), ("{A}", ()), ("{a1}", ()), ("{a_b}", ("a_b",)), ("{ a }", ()), ("{{a}}", ("a",)),
        ("{a", ()), ("'{a}'", ("a",)), ("\\{a}", ("a",)), ("x{version}-{host}", ("version", "host")),
    ],
)  # fmt: skip
def test_the_names_that_stand_in_a_template(template: str, names: tuple[str, ...]) -> None:
    assert shell.placeholders(template) == names


VALUE = 'it\'s "$x" `y` \\ z'
QUOTED = "'it'\"'\"'s \"$x\" `y` \\ z'"
IN_SINGLE = "it'\\''s \"$x\" `y` \\ z"
IN_DOUBLE = 'it\'s \\"\\$x\\" \\`y\\` \\\\ z'


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{v}", QUOTED), ("a{v}b", f"a{QUOTED}b"), ("'{v}'", f"'{IN_SINGLE}'"), ('"{v}"', f'"{IN_DOUBLE}"'), ("{v}{v}", QUOTED * 2), ("'a' {v}", f"'a' {QUOTED}"), ('"a" {v}', f'"a" {QUOTED}'),
        ("\\'{v}", f"\\'{QUOTED}"), ('\\"{v}', f'\\"{QUOTED}'), ("'\\'{v}", f"'\\'{QUOTED}"), ('"\\"{v}"', f'"\\"{IN_DOUBLE}"'), ('"\'{v}\'"', f'"\'{IN_DOUBLE}\'"'), ("'\"{v}\"'", f"'\"{IN_SINGLE}\"'"),
        ("$({v})", f"$({QUOTED})"), ('"$({v})"', f'"$({QUOTED})"'), ('"$("{v}")"', f'"$("{IN_DOUBLE}")"'), ("\"$('{v}')\"", f"\"$('{IN_SINGLE}')\""), ('"$(a) {v}"', f'"$(a) {IN_DOUBLE}"'),
        ("({v})", f"({QUOTED})"), ('"({v})"', f'"({IN_DOUBLE})"'), ('"$((1)) {v}"', f'"$((1)) {IN_DOUBLE}"'), ("'$({v})'", f"'$({IN_SINGLE})'"), ("\"$(echo ')' {v})\"", f"\"$(echo ')' {QUOTED})\""),
        ("a # it's\n{v}", f"a # it's\n{QUOTED}"), ("# '\n'{v}'", f"# '\n'{IN_SINGLE}'"), ("a#'{v}'", f"a#'{IN_SINGLE}'"), ("'# {v}'", f"'# {IN_SINGLE}'"), ('"# {v}"', f'"# {IN_DOUBLE}"'),
        ('"a # {v}"', f'"a # {IN_DOUBLE}"'), ('"a #{v}"', f'"a #{IN_DOUBLE}"'), ("'a # {v}'", f"'a # {IN_SINGLE}'"), ("a;#'\n{v}", f"a;#'\n{QUOTED}"), ("a|#'\n{v}", f"a|#'\n{QUOTED}"), ("(#'\n{v})", f"(#'\n{QUOTED})"), ("$({v} # )\n)", f"$({QUOTED} # )\n)"), ("# {v}", "# {v}"),
        ("${v} {v}", f"${{v}} {QUOTED}"), ("case x in a) {v};; esac", f"case x in a) {QUOTED};; esac"), ("\\\\{v}", f"\\\\{QUOTED}"), ("'\\\\'{v}", f"'\\\\'{QUOTED}"), ("'$' {v}", f"'$' {QUOTED}"),
    ],
)  # fmt: skip
def test_a_value_is_written_for_the_place_that_it_stands_in(template: str, filled: str) -> None:
    assert shell.filled(template, {"v": VALUE}) == filled


def test_a_plain_value_needs_no_quotes() -> None:
    assert shell.filled("a {v} '{v}' \"{v}\"", {"v": "v1.2"}) == "a v1.2 'v1.2' \"v1.2\""


@pytest.mark.parametrize("value", ["a b", "", "a'b", "$a", "a\nb", "ä b"])
def test_in_a_here_document_only_a_plain_value_is_safe(value: str) -> None:
    with pytest.raises(UsageFault) as fault:
        shell.filled("cat <<E\n{version}\nE", {"version": value, "host": "web01"})
    assert fault.value.message == "{version} cannot be filled in safely beside <<"
    assert fault.value.hint == "write $DEPLOY_VERSION there"


def test_a_here_document_without_a_placeholder_is_as_it_is() -> None:
    assert shell.filled("cat <<E\n$X '\nE", {"version": "a b"}) == "cat <<E\n$X '\nE"


def test_an_unknown_name_is_told_with_all_that_are_known() -> None:
    for fill in (shell.filled, shell.filled_url):
        with pytest.raises(UsageFault) as fault:
            fill("x {vresion} {host}", {"host": "a", "version": "b"})
        assert fault.value.message == "unknown placeholder {vresion} in 'x {vresion} {host}'"
        assert fault.value.hint == "known are {host} {version}"


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("http://{a}/", "http://[fe80::1]/"), ("http://{a}:80/", "http://[fe80::1]:80/"), ("http://u@{a}/", "http://u@[fe80::1]/"), ("http://{h}/", "http://web01/"), ("http://x/{a}", "http://x/fe80%3A%3A1"),
        ("http://x.{a}/", "http://x.fe80%3A%3A1/"), ("http://{h}/{p}?q={p}", "http://web01/a%2Fb%20%25?q=a%2Fb%20%25"), ("http://{p}/", "http://a%2Fb%20%25/"), ("${h}", "${h}"),
        ("http://{u}/", "http://%C3%BC/"),
    ],
)  # fmt: skip
def test_a_value_in_a_url_is_encoded_and_an_address_of_ipv6_gets_brackets(template: str, url: str) -> None:
    assert shell.filled_url(template, {"a": "fe80::1", "h": "web01", "p": "a/b %", "u": "ü"}) == url


def test_exports_are_lines_in_their_order() -> None:
    assert shell.exports({"B": "x", "_a1": "it's"}) == "export B=x\nexport _a1='it'\"'\"'s'\n"
    assert shell.exports({}) == ""


def test_a_bad_name_is_told_with_what_a_name_is_made_of() -> None:
    with pytest.raises(UsageFault) as fault:
        shell.exports({"A": "x", "A-B": "x"})
    assert (fault.value.message, fault.value.hint) == ("'A-B' cannot be the name of a variable", "letters, digits and _ only, no digit first")


def test_what_is_quoted_and_what_is_refused() -> None:
    assert shell.quote("a b") == "'a b'"
    assert shell.quote("plain") == "plain"
    assert shell.quote("") == "''"
    with pytest.raises(UsageFault) as fault:
        shell.quote("a\0b")
    assert fault.value.message == "a NUL byte cannot stand in a command"


def test_every_placeholder_has_its_variable() -> None:
    assert shell.PLACEHOLDERS == ("host", "address", "server", "version", "commit", "release", "previous", "shared", "run", "env")
    assert list(shell.deploy_variables(dict.fromkeys(shell.PLACEHOLDERS, "x"))) == [f"DEPLOY_{name.upper()}" for name in shell.PLACEHOLDERS]


TEMPLATES = st.lists(st.sampled_from(["{v}", "'", '"', "$(printf %s x", ")", " ", "a", "# x\n", "\\'", '\\"', ";", "\n", "(", "printf %s "]), max_size=8).map(
    "".join
)


@given(TEMPLATES, NASTY)
def test_a_value_never_changes_what_a_template_is(template: str, value: str) -> None:
    """Whatever the value, the shell reads as many commands: a template that it takes with a plain value it takes with any."""
    plain = subprocess.run(["sh", "-n", "-c", shell.filled(template, {"v": "x"})], capture_output=True, check=False).returncode
    nasty = subprocess.run(["sh", "-n", "-c", shell.filled(template, {"v": value})], capture_output=True, check=False).returncode
    assert plain == nasty
