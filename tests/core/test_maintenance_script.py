"""The maintenance command on a host, in every shell: what it leaves is what it came to, and a run leaves alone what a person has switched."""

import pytest

from console.core.host.maintenance_script import LEFT_AS_IT_IS, LOOK, maintenance_left, switch_maintenance
from console.core.host.release_scripts import user_command
from console.model.host_commands import Command
from console.model.maintenance_mode import HostMaintenance, Maintenance
from console.safe_text import SafeText
from tests.core.shells import SAY, Shell

ADA = Maintenance(SafeText("ada"), SafeText("2026-11-24T12:00:00Z"), SafeText('It\'s $HOME, `down`: "soon"'), SafeText("2026-11-24T13:00:00Z"))
RUN = Maintenance(SafeText("lin"), SafeText("2026-11-24T12:05:00Z"), run="r1")


def script(sh: Shell, verb, note: Maintenance = ADA, command: str = "") -> str:
    words = command or {"on": 'printf %s "$DEPLOY_MESSAGE" > page', "off": "rm -f page"}[verb]
    return switch_maintenance(str(sh.folder), verb, note, user_command(str(sh.folder), {"DEPLOY_MESSAGE": str(note.message)}, Command(words)))


def left(sh: Shell) -> HostMaintenance | None:
    lines = sh.said(f"{SAY}cd -- '{sh.folder}'\n{LOOK}")
    assert all(line.startswith("maintenance ") for line in lines)
    return maintenance_left([line.removeprefix("maintenance ") for line in lines])


def test_on_and_off_are_read_back_with_who_and_until_when(sh: Shell):
    assert left(sh) is None
    sh.said(script(sh, "on"))
    assert left(sh) == HostMaintenance("on", ADA.by, ADA.since, ADA.until, ADA.message)
    assert (sh.folder / "page").read_text() == ADA.message
    sh.said(script(sh, "off"))
    assert (left(sh), (sh.folder / "page").exists()) == (None, False)


@pytest.mark.parametrize(("verb", "command", "code"), [("on", "false; touch page", 1), ("off", "exit 7", 7), ("off", "( exit 3 )\ntouch page", 3)])
def test_a_command_that_fails_is_neither_on_nor_off(sh: Shell, verb, command, code):
    if verb == "off":
        sh.said(script(sh, "on"))
    assert sh.run(script(sh, verb, command=command)).returncode == code
    assert left(sh).state == f"turning-{verb}"  # type: ignore[union-attr]
    assert verb == "off" or not (sh.folder / "page").exists(), "a command goes on behind its first failure"
    sh.said(script(sh, verb))
    assert (left(sh) is None) == (verb == "off")


def test_a_run_switches_on_what_is_off_and_off_what_it_switched_on(sh: Shell):
    sh.said(script(sh, "on", RUN))
    assert left(sh).run == "r1"  # type: ignore[union-attr]
    assert not sh.said(script(sh, "on", RUN)), "taken up by another engine, it does it once more"
    sh.said(script(sh, "off", RUN))
    assert left(sh) is None


def test_a_run_leaves_alone_what_a_person_has_switched(sh: Shell):
    sh.said(script(sh, "on"))
    assert sh.said(script(sh, "on", RUN))[0].startswith(LEFT_AS_IT_IS)
    assert sh.said(script(sh, "off", RUN))[0].startswith(LEFT_AS_IT_IS)
    assert (left(sh).by, left(sh).state) == ("ada", "on")  # type: ignore[union-attr]
    sh.said(script(sh, "off"))
    assert sh.said(script(sh, "off", RUN))[0].startswith(LEFT_AS_IT_IS)


def test_what_cannot_be_read_counts_as_cut_off():
    assert maintenance_left([]) is None
    assert maintenance_left(["garbage", "by: ada"]) == HostMaintenance("turning-on", SafeText("ada"))
    assert maintenance_left(["state: on", "message: \x1b[31mred"]) == HostMaintenance("on", message=SafeText("\x1b[31mred"))
