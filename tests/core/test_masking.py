"""A secret is found in whatever way a program writes it, at any cut of the stream, and nothing else is."""

import html
import json
import re
import shlex
import shutil
import subprocess
import time
from base64 import b64encode, urlsafe_b64encode
from itertools import pairwise
from unicodedata import normalize
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.core.secrets.masking import MASK, Masking, address_parts
from console.core.secrets.needed import masking_for, unhidden
from console.model.configured_environment import Environment
from console.model.host import Host
from console.safe_text import LIMIT, Lines, SafeLines, SafeText, hide, safe_end

PLAIN, HARD = "tok_live_9f8e7d6c5b4a", "p@ss w/o'rd\"$+=\\ä\t&<x>%"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n-----END KEY-----\n"
SHOP = Environment("shop", "production", "/srv/shop", (Host("web01", "10.0.0.11"),))

FORMS = {
    "plain": str,
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64, of a line": lambda text: b64encode(f"{text}\n".encode()).decode(),
    "base64, behind one": lambda text: b64encode(f"u:{text}".encode()).decode(),
    "base64, behind two": lambda text: b64encode(f"x:{text}:y".encode()).decode(),
    "base64, in the middle": lambda text: b64encode(f"abc{text}defg".encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64, quoted for URLs": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
    "quote": quote,
    "quote, all": lambda text: quote(text, safe=""),
    "quote, lower case": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "quote_plus": quote_plus,
    "quote, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "shell": shlex.quote,
    "shell, backslash for quotes": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "shell, backslashes": lambda text: re.sub(r"([^\w/.-])", r"\\\1", text),
    "JSON": json.dumps,
    "JSON, as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON of PHP": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON of Go": lambda text: json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    "repr": repr,
    "repr, in ASCII": ascii,
    "repr, of bytes": lambda text: repr(text.encode()),
    "numbers of Ruby": lambda text: re.sub(r"[^\x00-\x7f]", lambda found: f"\\u{{{ord(found[0]):x}}}", text),
    "letters and accents": lambda text: normalize("NFD", text),
    "HTML": html.escape,
    "SQL": lambda text: "'" + text.replace("'", "''") + "'",
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "hex, bytes": lambda text: text.encode().hex(" "),
    "hex, colons": lambda text: text.encode().hex(":"),
    "hex, escaped": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
}


@pytest.fixture
def hidden():
    """Have secrets hidden until the test ends (`conftest`)."""
    return lambda *secrets: hide(Masking(secrets))


def left_of(text: str, form: str) -> list[str]:
    """Pieces of a form that can be read in a text: eight characters in a row."""
    return [form[at : at + 8] for at in range(len(form) - 7) if form[at : at + 8] in text]


@pytest.mark.parametrize("secret", [PLAIN, HARD], ids=["plain", "hard"])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_in_every_form(form: str, secret: str):
    written = FORMS[form](secret)
    assert left_of(Masking([secret])(f"before={written}, after"), written) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_rest_of_the_text_stays(form: str):
    masked = Masking([PLAIN])(f"TOKEN {FORMS[form](PLAIN)} done")
    assert masked.startswith("TOKEN ")
    assert masked.endswith(" done")
    assert MASK in masked


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Cf", "Cs", "Zs"]), min_size=8, max_size=40),
    st.sampled_from(sorted(FORMS)),
)
def test_any_secret_is_hidden_in_any_form(secret: str, form: str):
    mask = Masking([secret])
    if mask.hides(secret) and secret not in MASK:
        assert FORMS[form](secret).strip("'\"=") not in mask(f"[ {FORMS[form](secret)} ]")


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), max_size=12), st.sampled_from(["plain", "base64", "quote, all", "shell", "JSON", "hex"]))
def test_a_secret_is_hidden_wherever_a_stream_is_cut(cuts: list[int], form: str):
    hide(Masking([PLAIN, HARD]))
    data = "".join(f"line {number} {FORMS[form](secret)} end\n" for number, secret in enumerate([PLAIN, HARD, PLAIN])).encode()
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    lines = Lines()
    found = [line for a, b in pairwise(edges) for line in lines.feed(data[a:b])]
    assert len(found) == 3
    for line in found:
        assert line.startswith("line ")
        assert MASK in line
        assert left_of(line, FORMS[form](PLAIN)) == []


def test_colours_within_a_secret_do_not_show_it(hidden):
    hidden(PLAIN)
    lines = Lines()
    assert lines.feed(f"{PLAIN[:6]}\x1b[31m{PLAIN[6:]}\x1b[0m\n".encode()) == [MASK]
    assert SafeText(f"{PLAIN[:6]}\x1b[31m{PLAIN[6:]}") == MASK


def test_each_line_of_a_secret_is_hidden(hidden):
    hidden(KEY)
    for line in KEY.split("\n")[1:3]:
        assert line not in SafeText(f"| {line}")
        assert line not in SafeLines(f"a\n{KEY}\nb")
    assert left_of(SafeText(json.dumps(KEY)), KEY.split("\n")[1]) == []


@pytest.mark.parametrize("width", [60, 64, 76, 80])
@pytest.mark.parametrize("form", ["base64", "base64, behind one", "base64 for URLs", "hex", "HEX", "plain"])
def test_a_long_secret_that_was_wrapped_is_hidden(form: str, width: int, hidden):
    secret = KEY if form != "plain" else KEY.replace("\n", "")
    hidden(secret)
    written = FORMS[form](secret)
    for start in range(0, len(written), width):
        piece = written[start : start + width]
        assert left_of(SafeText(piece), piece) == [] or len(piece) < 16, piece


@pytest.mark.parametrize("argv", [["od", "-An", "-tx1"], ["od", "-tx1"], ["xxd"], ["xxd", "-p"], ["hexdump", "-C"]])
def test_bytes_that_were_dumped_are_hidden(argv: list[str], hidden):
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not here")
    hidden(PLAIN)
    dumped = subprocess.run(argv, input=f"TOKEN={PLAIN}\n".encode(), capture_output=True, check=True).stdout.decode()
    for line in dumped.splitlines():
        shown = re.sub("[^0-9a-f]", "", SafeText(line).lower())
        assert PLAIN[4:12].encode().hex() not in shown
        assert PLAIN[4:12] not in SafeText(line)
    assert SafeText("2026-11-24 07:14:07 de ad be ef is fine") == "2026-11-24 07:14:07 de ad be ef is fine"
    assert SafeText("de ad be ef 00 11 22 33") == "de ad be ef 00 11 22 33"


def test_what_is_cut_is_masked_before(hidden):
    hidden(PLAIN)
    assert left_of(safe_end(b"x" * 900 + PLAIN.encode() + b"y" * 190, 200), PLAIN) == []
    assert left_of(SafeText("x" * 30 + PLAIN, 40), PLAIN) == []
    lines = Lines()
    (line,) = lines.feed(b"z" * (LIMIT - 12) + PLAIN.encode() + b"z" * 300 + b"\n")
    assert left_of(line, PLAIN) == []
    assert len(line) <= LIMIT


def test_what_is_secret_in_an_address_is_hidden_for_itself():
    mask = Masking(["postgres://shop:pa55%21word@db01.example.net/shop", "https://hooks.example.net/services/T0000AAAA/B0000BBBB/cccc1111dddd2222"])
    assert mask("password pa55!word, pa55%21word of shop at db01.example.net") == f"password {MASK}, {MASK} of shop at db01.example.net"
    assert mask("Max retries exceeded with url: /services/T0000AAAA/B0000BBBB/cccc1111dddd2222 (hooks.example.net)") == (
        f"Max retries exceeded with url: /{MASK} (hooks.example.net)"
    )


def test_words_of_a_service_stay_readable():
    mask = Masking(["https://hooks.example.net/services/webhooks/T0000AAAA/abcdEFGH1234", '{"uri": "https://accounts.example.net/o/authorize"}'])
    words = "restarting services and webhooks at accounts.example.net and hooks.example.net"
    assert mask(words) == words
    assert mask("refused abcdEFGH1234 of T0000AAAA") == f"refused {MASK} of {MASK}"


@pytest.mark.parametrize(("secret", "reason"), [("abc", "shorter"), ("1234", "shorter"), ("production", "a word"), ("web01", "a word"), ("failed", "a word")])
def test_a_secret_that_cannot_be_hidden_is_said_and_hides_nothing(secret: str, reason: str):
    (said,) = unhidden(SHOP, {"TOKEN": secret})
    assert "TOKEN" in said
    assert reason in said
    assert secret not in said.replace("TOKEN", "")
    words = f"web01 of production has failed, {secret} 1234 times"
    assert masking_for(SHOP, [secret])(words) == words


def test_a_good_secret_needs_no_words():
    assert unhidden(SHOP, {"TOKEN": PLAIN, "OTHER": HARD}) == ()


def test_the_time_grows_with_the_text_alone():
    mask = Masking([f"{PLAIN}{number}" for number in range(40)])
    lines = [f"2026-11-24T07:14:07Z compiling module {number} of the application" for number in range(20_000)]
    began = time.process_time()
    for line in lines:
        assert mask(line) == line
    assert time.process_time() - began < 2.0  # 0.04 s on an idle machine; a search of each form for itself takes ten times that
    longest = "aaaa" * 50_000
    began = time.process_time()
    Masking(["a" * 300 + "b"])(longest)
    assert time.process_time() - began < 2.0


OPEN = ["http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "ssh", "git"]
STORES = ["postgres", "postgresql", "redis", "rediss", "memcached", "mysql", "mysql+pymysql"]


@pytest.mark.parametrize("scheme", [*OPEN, "json+x"])
def test_the_host_of_an_open_scheme_is_no_secret_and_its_path_may_be_one(scheme: str):
    parts = set(address_parts(f"{scheme}://user9999:pass8888@host7777.example.net/path6666/word?key=value5555&k=word"))
    assert {part for part in parts if part} == {"pass8888", "path6666", "path6666/word", "/path6666/word?key=value5555&k=word", "value5555"}


@pytest.mark.parametrize("scheme", ["tgram", "slack", "x"])
def test_the_host_and_the_user_of_another_scheme_are_secrets(scheme: str):
    assert {"host7777", "user9999", "pass8888", "path6666"} <= set(address_parts(f"{scheme}://user9999:pass8888@host7777/path6666"))


@pytest.mark.parametrize("scheme", STORES)
def test_of_a_store_the_password_alone_is_secret(scheme: str):
    assert {part for part in address_parts(f"{scheme}://user9999:pa%24s8888@host7777/database6666?option=value5555") if part} == {"pa%24s8888", "pa$s8888"}


@pytest.mark.parametrize(
    ("part", "is_secret"),
    [
        ("webhooks", False), ("abcdefg1", True), ("abcdef1", False), ("abcdEFGH", True), ("abcdefgh", False), ("ABCDEFGH", False), ("12345678", True), ("a" * 23, False), ("a" * 24, True),
        ("services", False),
    ],
)  # fmt: skip
def test_which_parts_of_a_path_give_a_right(part: str, is_secret: bool):
    assert (part in set(address_parts(f"https://hooks.example.net/{part}"))) is is_secret


@pytest.mark.parametrize("address", ["http://[broken", "no address", "", "http://"])
def test_what_is_no_address_has_no_parts(address: str):
    assert [part for part in address_parts(address) if part] == []


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("abcd", ""), ("abc", "it is shorter than 4 characters, or 6 digits"), ("  abc  ", "it is shorter than 4 characters, or 6 digits"), ("123456", ""),
        ("12345", "it is shorter than 4 characters, or 6 digits"), ("1234a", ""), ("", "it is shorter than 4 characters, or 6 digits"),
        ("word", "it is a word that the console, or hosts.toml, uses itself"), ("WORD", "it is a word that the console, or hosts.toml, uses itself"),
        (" Word ", "it is a word that the console, or hosts.toml, uses itself"), ("ordi", "it is a word that the console, or hosts.toml, uses itself"), ("words2", ""),
    ],
)  # fmt: skip
def test_why_a_secret_is_not_hidden(secret: str, reason: str):
    mask = Masking([secret], ["Word", "ordinary"])
    assert mask.reason_not(secret) == reason
    assert mask.hides(secret) is not bool(reason)
    assert (MASK in mask(f"x {secret} y")) is not bool(reason)


def test_without_secrets_a_text_is_the_same_object():
    text = "x" * 100
    assert Masking([])(text) is text
    assert Masking(["abc"])(text) is text
    assert Masking([PLAIN])(text) is text


def test_a_secret_that_holds_another_is_hidden_whole():
    assert Masking(["secret", "secret-and-more"])("a secret-and-more b secret c") == f"a {MASK} b {MASK} c"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("my pass", MASK), ("my  pass", MASK), ("my\tpass", MASK), ("my\\ pass", MASK), ("my+pass", MASK), ("my%20pass", MASK), ("my%2520pass", MASK), ("my\\npass", MASK), ("my⏎pass", MASK),
        ("my%0Apass", MASK), ("mypass", "mypass"), ("my_pass", "my_pass"), ("My pass", "My pass"),
    ],
)  # fmt: skip
def test_blanks_in_a_secret_are_found_however_they_are_written(written: str, masked: str):
    assert Masking(["my pass"])(f"[{written}]") == f"[{masked}]"


@pytest.mark.parametrize(
    ("character", "ways"),
    [
        ("&", ["&", "&amp;", "&#38;", "&#038;", "&#x26;", "\\u0026", "\\x26", "%26", "%2526", "\\046", "\\&", "\\\\&", "=26"]),
        ("'", ["'", "&apos;", "&#39;", "'\\''", "'\"'\"'", "''", "\\'", "%27"]),
        ('"', ['"', "&quot;", '""', '\\"', "%22", "\\u0022"]),
        ("$", ["$", "$$", "\\$", "%24"]), ("%", ["%", "%%", "%25", "\\%"]), ("<", ["<", "&lt;", "\\u003c", "\\u003C"]), (">", [">", "&gt;"]), ("/", ["/", "\\/", "%2f", "%2F"]),
        ("ü", ["ü", "u\u0308", "%C3%BC", "%c3%bc", "\\xc3\\xbc", "\\303\\274", "\\u00fc", "&#252;", "\\u{fc}", "\\U000000fc", "\\xfc", "=FC", "%fc"]),
        ("€", ["€", "%E2%82%AC", "\\u20ac", "\\u{20AC}", "\\U000020ac", "&#x20AC;"]), ("😀", ["😀", "\\ud83d\\ude00", "\\U0001f600", "\\u{1F600}"]),
    ],
)  # fmt: skip
def test_a_character_is_found_in_each_way_of_writing_it(character: str, ways: list[str]):
    mask = Masking([f"ab{character}cd"])
    for way in ways:
        assert mask(f"[ab{way}cd]") == f"[{MASK}]", way
    assert mask("[abXcd]") == "[abXcd]"


@pytest.mark.parametrize("between", ["", " ", ":", "-", ",", "\\x", "0x", ", 0x", ",0x", "--"])
def test_a_secret_as_bytes_is_found_whatever_stands_between_them(between: str):
    digits = between.join(f"{byte:02x}" for byte in PLAIN.encode())
    assert Masking([PLAIN])(f"[{digits}]") == f"[{MASK}]"
    assert Masking([PLAIN])(f"[{digits.upper().replace('X', 'x')}]") == f"[{MASK}]"


LONG = "".join(chr(97 + number % 26) + str(number % 7) for number in range(60))
"""120 characters, no piece of which occurs in it twice."""


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (LONG[:64], MASK), (LONG[64:], MASK), (LONG[10:40], MASK), (f"  {LONG[10:40]}  ", MASK), (LONG[:12], MASK), (LONG[:11], LONG[:11]), (f"key: {LONG[:64]}", f"key: {MASK}"),
        (f"{LONG[64:]} end", f"{MASK} end"), (f"{LONG[100:]}|{LONG[:20]}", f"{MASK}|{MASK}"), (f"key: {LONG[:11]}", f"key: {LONG[:11]}"), (f"{LONG[-11:]} end", f"{LONG[-11:]} end"),
        (f"a {LONG[20:50]} b", f"a {LONG[20:50]} b"), (f"key: {LONG[:12]}", f"key: {MASK}"), (f"{LONG[-12:]} end", f"{MASK} end"),
    ],
    ids=["begins", "ends", "middle", "blanks", "twelve", "eleven", "begins behind", "ends before", "both", "too short behind", "too short before", "not at an edge", "twelve behind", "twelve before"],
)  # fmt: skip
def test_a_piece_of_a_long_secret_at_the_edge_of_a_line_is_hidden(line: str, masked: str):
    assert Masking([LONG])(line) == masked


@pytest.mark.parametrize(("size", "hidden"), [(39, False), (40, True)])
def test_forty_characters_are_long_enough_to_be_wrapped(size: int, hidden: bool):
    secret = "~" + LONG[: size - 1]
    assert (Masking([secret])(secret[:20]) == MASK) is hidden


def test_each_line_of_a_text_is_looked_through_for_pieces():
    assert Masking([LONG])(f"a\n{LONG[:60]}\n{LONG[60:]}\nb") == f"a\n{MASK}\n{MASK}\nb"


def test_an_address_is_not_hidden_by_its_beginning():
    address = f"https://hooks.example.net/services/{LONG}"
    assert Masking([address])("https://hooks.example.net/services/ is down") == "https://hooks.example.net/services/ is down"


@pytest.mark.parametrize(
    ("row", "is_hidden"),
    [
        ("0000000: 746f 6b5f 6c69 7665  tok_live", True), ("00000000  74 6f 6b 5f 6c 69 76 65  |tok_live|", True), ("74 6f 6b 5f", True), ("74:6f:6b:5f", True), ("74-6f-6b-5f-00", True),
        ("746f 6b5f 0000 0000", True), ("00 74 6f 6b 5f", True), ("74 6f 6b 00 5f", False), ("12 34 56 78", False), ("74 6f 6b", False), ("746F 6B5F 6C69 7665", True),
    ],
)  # fmt: skip
def test_a_row_of_bytes_that_holds_four_of_a_secret_is_hidden(row: str, is_hidden: bool):
    assert (Masking([PLAIN])(row) == MASK) is is_hidden


@pytest.mark.parametrize(("before", "shown"), [("", "[redacted]no="), ("a", "Y[redacted]p6"), ("ab", "YW[redacted]6eg=="), ("abc", "YWJj[redacted]no=")])
def test_in_base64_no_character_is_left_that_has_a_part_of_it(before: str, shown: str):
    assert Masking(["swordfish-77"])(b64encode(f"{before}swordfish-77zz".encode()).decode()) == shown


@pytest.mark.parametrize(
    "written", ["az4/Pms+Pz5rPj8+", "az4_Pms-Pz5rPj8-", "az4%2FPms%2BPz5rPj8%2B", "az4%2fPms%2bPz5rPj8%2b", "az4\\/Pms\\u002bPz5rPj8\\u002B"]
)
def test_signs_of_base64_are_found_however_they_are_quoted(written: str):
    assert Masking(["k>?>k>?>k>?>"])(f"key {written} end") == f"key {MASK} end"


def test_what_stands_around_a_wrapped_secret_stays_as_it_is():
    secret = "k>?>" * 16
    wrapped = urlsafe_b64encode(secret.encode()).decode()
    text = f"first  line\n\n{wrapped[:30]}\n{wrapped[30:60]}\nlast\tline"
    assert Masking([secret])(text) == f"first  line\n\n{MASK}\n{MASK}\nlast\tline"


def test_the_beginning_of_an_address_is_no_secret():
    address = f"https://hooks.example.com/services/{'aB3' * 20}"
    assert Masking([address])("see https://hooks.example.com/services/\nhttps://hooks.example.com/services/") == (
        "see https://hooks.example.com/services/\nhttps://hooks.example.com/services/"
    )


@pytest.mark.parametrize("letter", ["\U00010000", "\U00010400", "\U0001f511", "\uffff"])
def test_letters_beyond_sixteen_bits_are_found_as_json_writes_them(letter: str):
    secret = f"pass{letter}word"
    assert Masking([secret])(json.dumps(secret)) == f'"{MASK}"'
