"""The points of a plan that many steps wait for by one name: before each wave, before the close, between the halves of a rollback. Pure."""

from typing import Final

from console.core.traffic.serving import in_words
from console.core.traffic.shares import ALL, share_words
from console.core.words.durations import duration_words
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.plan import Phase, Step
from console.model.values import changed
from console.safe_text import SafeText

WEIGHING = 60.0
"""Seconds for balancers to be told weights, and read back."""
WINDOW: Final = "verify/monitor"
"""The step of the monitoring window, which watches the fleet."""
WINDOW_GRACE = 60.0
"""Seconds that the step of the monitoring window may take beyond it."""
NAMED = 6
"""Hosts that a wave's title names."""


def wave_mark(environment: Environment, number: int, total: int, wave: tuple[Host, ...], needs: tuple[str, ...]) -> Step:
    """Before a wave. The file's pause, and the pause after so many hosts, are taken here."""
    pause = environment.rolling.pause if number > 1 else 0.0
    title = SafeText(f"wave {number} of {total}: {shortened([host.name for host in wave], NAMED)}")
    return Step(f"wave-{number}", "wave", "release", title, wave=number, needs=needs, timeout=0.0, idempotent=True, pause=pause)


def analysis_step(environment: Environment, number: int, new: int, total: int, needs: tuple[str, ...], name: str = "") -> Step:
    """Behind a wave: hosts with the new release are judged against the others, for so long at most. `name`: where a wave has several of them."""
    title = SafeText(f"judge {new} new of {counted_hosts(total)} against the old ones, {duration_words(environment.canary.analysis)} at most")
    name, seconds = name or f"wave-{number}/analysis", environment.canary.analysis
    return Step(name, "analysis", "release", title, wave=number, needs=needs, timeout=seconds, idempotent=True)


def weigh_step(environment: Environment, name: str, share: float, needs: tuple[str, ...], wave: int = 0) -> Step:
    """Give hosts with the new release that share of the traffic; all of it: every server has its own weight again."""
    balancers = in_words(one.name for one in environment.balancers)
    words = f"{share_words(share)} of the traffic to new hosts" if share < ALL else "every server has its own weight again"
    title, seconds = SafeText(f"{words} ({balancers})"), WEIGHING
    return Step(name, "weigh", "release", title, wave=wave, needs=needs, timeout=seconds, idempotent=True, changes=True, share=share)


def weights_back(environment: Environment, needs: tuple[str, ...], phase: Phase = "rollback") -> Step:
    """At the end of a way back, or of a run after one that left them: every server has its own weight again."""
    step = weigh_step(environment, f"{'back' if phase == 'rollback' else phase}/weights", ALL, needs)
    return changed(step, phase=phase, fatal=False, changes=False)


def closing_mark(needs: tuple[str, ...]) -> Step:
    """Before the close: the last wave, and the time that health is watched for, are over."""
    return Step("close", "mark", "verify", SafeText("every wave is over"), needs=needs, timeout=0.0, idempotent=True)


def shift_mark(name: str, words: str, needs: tuple[str, ...], phase: Phase = "release") -> Step:
    """Before the traffic moves, and once it has."""
    return Step(name, "mark", phase, SafeText(words), needs=needs, timeout=0.0, idempotent=True)


def half_mark(number: int, needs: tuple[str, ...]) -> Step:
    """Before a part of the hosts that go back: the part before it has."""
    return Step(f"back/part-{number}", "mark", "rollback", SafeText(f"part {number - 1} is back"), wave=number, needs=needs, timeout=0.0, idempotent=True)
