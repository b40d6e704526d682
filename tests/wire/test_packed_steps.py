"""A plan comes back from its packed form as it was, whatever its steps are; and so does one that an earlier version wrote down."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import ConsoleError
from console.model import events as ev
from console.model.host_commands import Command
from console.model.plan import Plan, Step, Steps
from console.safe_text import SafeText
from console.wire.codec import as_plain, decode_event, encode_event
from console.wire.json_lines import event_json
from console.wire.packed_steps import packed, unpacked
from tests.examples import examples

HOSTS = ("", "web1", "web10", "1", "wave-2", "{host}", "db.example.com")
TEXTS = st.sampled_from(["", "web1", "web10/gate", "wave-2/web1/switch", "wave-1/web10", "hook on web1: curl http://web1:80/{host} 100%", "wave-2", "é"])
STEPS = st.builds(
    Step,
    name=TEXTS, kind=st.sampled_from(["switch", "hook", "wave", "prune"]), phase=st.sampled_from(["prepare", "release", "close"]), title=TEXTS.map(SafeText),
    about=st.sampled_from(HOSTS), place=st.sampled_from(HOSTS), wave=st.integers(0, 12), needs=st.lists(TEXTS, max_size=3).map(tuple),
    command=st.none() | st.builds(Command, run=TEXTS, timeout=st.sampled_from([1.0, 120.0])), release=TEXTS, timeout=st.sampled_from([0.0, 120.0, 30.5]),
    idempotent=st.booleans(), changes=st.booleans(), fatal=st.booleans(), expects=TEXTS, pause=st.sampled_from([0.0, 60.0]),
)  # fmt: skip


def a_plan(*steps: Step) -> Plan:
    return Plan("rolling", (("web1",),), Steps(steps), "d")


def in_the_old_form(step: Step) -> dict[str, object]:
    """A step as versions before the plan's second form wrote it."""
    plain = msgspec.to_builtins(step, enc_hook=str)
    about, place = plain.pop("about"), plain.pop("place")
    return plain | {"host": about, "at": "" if about else place}


@examples(300)
@given(st.lists(STEPS, max_size=30))
def test_any_steps_come_back(steps):
    event = ev.PlanMade(plan=a_plan(*steps), way_back=())
    assert unpacked(msgspec.to_builtins(packed(Steps(steps)))) == tuple(steps)
    assert decode_event(encode_event(event)) == event


@examples(100)
@given(st.lists(STEPS, max_size=10))
def test_the_form_of_earlier_versions_is_read(steps):
    steps = [step if not step.about else msgspec.structs.replace(step, place=step.about) for step in steps]
    plain = as_plain(ev.RollbackBegan(plan=a_plan(*steps), reason=SafeText("asked")))
    plain["plan"]["steps"] = [in_the_old_form(step) for step in steps]
    event = decode_event(msgspec.json.encode(plain))
    assert isinstance(event, ev.RollbackBegan)
    assert event.plan.steps == tuple(steps)
    assert type(event.plan.steps) is Steps


def test_a_program_reads_each_step_whole():
    step = Step("wave-1/web1/switch", "switch", "release", SafeText("switch web1"), about="web1", place="web1", wave=1)
    printed = msgspec.json.decode(event_json(ev.PlanMade(plan=a_plan(step), way_back=())))
    assert printed["plan"]["steps"] == [msgspec.to_builtins(step, enc_hook=str) | {"needs": []}]


@pytest.mark.parametrize("steps", [
    {"commands": [], "lanes": [], "stretches": [[0, 0, ["web1"]]]},
    {"commands": [], "lanes": [[{"name": "a", "kind": "hook", "phase": "close", "title": "a", "command": 3}]], "stretches": [[0, 0, ["web1"]]]},
    {"commands": []},
    [{"name": "a"}],
    7,
])  # fmt: skip
def test_what_is_damaged_is_said_to_be(steps):
    plain = as_plain(ev.PlanMade(plan=a_plan(), way_back=()))
    plain["plan"]["steps"] = steps
    with pytest.raises(ConsoleError, match="not understood"):
        decode_event(msgspec.json.encode(plain))
