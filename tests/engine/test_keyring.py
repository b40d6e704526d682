"""The secrets of an engine: what is missing is named before anything is begun, what is here is hidden."""

import os

import pytest

from console.adapters.secretfile import read_secret_file
from console.core.secrets.needed import Needs
from console.engine.keyring import Keyring
from console.errors import UsageFault
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.secret import SecretRef
from console.safe_text import SafeText

SHOP = Environment("shop", "production", "/srv/shop", (Host("web01"),))
TOKEN = {"TOKEN": SecretRef("env", "SHOP_TOKEN")}


def test_what_is_here_is_enough_and_hidden_also_once_it_was_replaced():
    keys = Keyring()
    keys.take(SHOP, {"TOKEN": "hush-hush-42"})
    keys.take(SHOP, {"TOKEN": "hush-hush-43"})
    keys.take(SHOP, {"TOKEN": "hush-hush-44"})
    assert keys.make_ready(SHOP, Needs(TOKEN, {})) == ()
    assert SafeText("hush-hush-42 hush-hush-43 hush-hush-44") == "[redacted] [redacted] [redacted]"
    assert keys.values["TOKEN"].reveal() == "hush-hush-44"


def test_all_that_is_needed_and_missing_is_named():
    needs = Needs({**TOKEN, "PASSWORD": SecretRef("command", "pass show shop")}, {})
    with pytest.raises(UsageFault) as fault:
        Keyring().make_ready(SHOP, needs)
    assert [problem.message.split(" was")[0] for problem in fault.value.problems] == ["the secret TOKEN", "the secret PASSWORD"]
    assert "$SHOP_TOKEN" in fault.value.message
    assert not Keyring().has(SHOP, needs)


def test_a_channel_that_is_missing_is_said():
    (said,) = Keyring().make_ready(SHOP, Needs({}, {"announce.to[0]": SecretRef("env", "SLACK_URL")}))
    assert "without announce.to[0], whose secret was not handed over" in said
    assert "$SLACK_URL" in said


def test_a_file_is_read_anew_for_each_run(tmp_path):
    file = tmp_path / "token"
    keys, needs = Keyring(read_secret_file), Needs({"TOKEN": SecretRef("file", str(file))}, {})
    for text in ("hush-hush-42\n", "hush-hush-43\r\n"):
        file.write_text(text)
        assert keys.make_ready(SHOP, needs) == ()
        assert keys.values["TOKEN"].reveal() == text.strip()
        assert SafeText(text.strip()) == "[redacted]"
    file.unlink()
    with pytest.raises(UsageFault, match=r"TOKEN cannot be read from .*: No such file"):
        keys.make_ready(SHOP, needs)
    assert not keys.has(SHOP, needs)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_text(""), "it is empty"),
        (lambda path: path.write_text("\n \n"), "it is empty"),
        (lambda path: path.mkdir(), "Is a directory|it is no file"),
        (os.mkfifo, "it is no file"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it holds no text"),
        (lambda path: path.write_text("x" * 70_000), "it is larger"),
        (lambda path: None, "No such file"),
    ],
)
def test_a_file_that_holds_no_secret_says_why(tmp_path, make, why):
    make(tmp_path / "token")
    with pytest.raises(UsageFault, match=why):
        Keyring(read_secret_file).make_ready(SHOP, Needs({"TOKEN": SecretRef("file", str(tmp_path / "token"))}, {}))
