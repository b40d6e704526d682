"""The command line that is told as doing the same, read back by a shell."""

import subprocess

import pytest

from console.cli.output import harmless, tell_equivalent

WORDS = ("plain", "two words", "it's", "x\x1b[31mred\n'l\\ine'", "\x1b]0;title\x07", "turn\u202eed", "tab\there", "del\x7f", "é")


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_a_terminal_would_act_on_is_typed_as_an_escape(word: str, capsys: pytest.CaptureFixture[str]):
    tell_equivalent("note", word)
    line = capsys.readouterr().err.removesuffix("\n")
    assert harmless(line) == line
    assert "\n" not in line
    read = subprocess.run(
        ["bash", "-c", f"deploy() {{ printf %s \"$2\"; }}; {line.removeprefix('same as: ')}"], env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert read.stdout.decode() == word


def test_what_is_told_is_not_cut():
    long = "x" * 100_000 + "\u202e" * 1000
    assert len(harmless(f"{long}\n{long}")) > 2 * len(long)
