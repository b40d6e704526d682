"""All that is told of a run, as one value: the report of its events, what was kept beside them, and what follows from both. Pure.

Its title and its summary are here too. Which sections it is told in is `report_layout`; what its parts hold is decided where they are made.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from console.core.kinds.kind_table import kind_of
from console.core.plan.run_versions import rollback_goal, versions_before
from console.core.words.shortened_list import shortened
from console.core.words.sizes import counted_hosts, with_capital
from console.model import events as ev
from console.model.run_summary import ASIDE
from console.model.state import RunState
from console.ports.feed import Output, Sample
from console.safe_text import SafeText
from console.views.document_blocks import TimelineEntry
from console.views.highlights import highlights
from console.views.host_lanes import LaneChart, lane_chart
from console.views.kept_metrics import KeptMetrics, kept_metrics
from console.views.left_open import LeftOpen, left_open
from console.views.post_mortem import PostMortem, post_mortem_of
from console.views.recording import Recording
from console.views.report_from_events import Report, report_of
from console.views.run_standing import outcome_words
from console.views.step_times import SlowStep, StepKindTimes, WholeTime, slowest_steps, step_times, whole_time
from console.views.styled_text import Tone
from console.views.times import clock_span


@dataclass(frozen=True, slots=True)
class LogExcerpt:
    """What a host's steps printed until its failure, oldest first."""

    host: str
    until: str
    lines: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Why the run took hosts back, or was asked to: `automatic` where a rule did it, `by` where a person did. Empty: it did not."""

    how: Literal["", "asked", "automatic"] = ""
    by: str = ""
    reason: str = ""

    @property
    def words(self) -> str:
        """In a sentence; empty: nothing was taken back."""
        head = {"": "", "automatic": "Automatic", "asked": f"Asked for by {self.by}"}[self.how]
        reason = self.reason.removeprefix(f"asked for by {self.by}").removeprefix(": ")
        return f"{head}: {reason}" if head and reason else f"{head}, without a reason" if self.how == "asked" else head


@dataclass(frozen=True, slots=True)
class WholeReport:
    """A run, told in full. `metrics` is None where no numbers were kept."""

    report: Report
    recording: Recording
    origin: Origin
    versions: tuple[str, str]
    """From, and to; empty where there is none."""
    highlights: tuple[TimelineEntry, ...]
    kinds: tuple[StepKindTimes, ...]
    slowest: tuple[SlowStep, ...]
    time: WholeTime | None
    lanes: LaneChart | None
    post_mortem: PostMortem | None
    left: tuple[LeftOpen, ...]
    metrics: KeptMetrics | None = None
    excerpts: tuple[LogExcerpt, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether all went well, so that little needs to be said."""
        return self.report.state.phase == "ended" and self.report.state.exit == 0 and self.post_mortem is None and not self.report.failures


def whole_report(events: Sequence[ev.AnyEvent], samples: Iterable[Sample] = (), excerpts: tuple[LogExcerpt, ...] = ()) -> WholeReport:
    """Return all that is told of a run, from its events, the numbers that were kept and what was printed around its failures."""
    report = report_of(events)
    recording, state = Recording(events), report.state
    kinds = step_times(state)
    states = {host.host: host.state for host in report.hosts}
    return WholeReport(
        report, recording, origin_of(recording.events, state), versions_of(state), highlights(recording, state), kinds, slowest_steps(state),
        whole_time(recording, state), lane_chart(recording, state, states), post_mortem_of(recording, state, kinds),
        left_open(state) if state.phase == "ended" else (), kept_metrics(samples, recording, state), excerpts,
    )  # fmt: skip


def origin_of(events: Sequence[ev.AnyEvent], state: RunState) -> Origin:
    """Return who or what had hosts taken back: the first decision of the run that did."""
    if kind_of(state).is_return:
        return Origin("asked", str(state.by), str(state.back_why or SafeText(state.request.reason)))
    aborted = next((event for event in events if isinstance(event, ev.AbortAsked)), None)
    for event in events:
        if isinstance(event, ev.RollbackBegan) and event.cause == "abort" and aborted:
            return Origin("asked", str(aborted.by), "aborted")
        if isinstance(event, ev.RollbackBegan | ev.HostReturning):
            said = f"asked for by {event.by}: {state.back_why}" if event.by and state.back_why else str(event.reason)
            return Origin("automatic" if event.by is None else "asked", str(event.by or ""), said)
    return Origin("asked", str(aborted.by), "aborted, and left as it is") if aborted else Origin()


def versions_of(state: RunState) -> tuple[str, str]:
    """Return what was live before, and what the run was to make live."""
    to = str(state.release.version) if state.release and kind_of(state).makes_release else ""
    if kind_of(state).is_return:
        goal = rollback_goal(state.way_back, state.plan)
        to = str(goal.version or goal.release) if goal else ""
    had = [str(host.before_version or host.before) for host in state.hosts.values() if host.before_version or host.before]
    known = [str(version) for version in versions_before(state.way_back, state.plan, state.live) if version] or had
    live = list(dict.fromkeys(version for version in known if version != to or not kind_of(state).is_return)) or known[:1]
    return shortened(live, 2), to


def title_of(whole: WholeReport) -> str:
    """Return the report's title: the application, the environment, the version and how it ended."""
    state = whole.report.state
    words = outcome_words(state)[0].lower() if state.phase == "ended" else f"has not ended ({state.phase})"
    return (" ".join(str(one) for one in (state.app, state.environment, whole.versions[1]) if one) or "No run") + f": {words}"


def tone_of(whole: WholeReport) -> Tone:
    """Return the tone of the run's outcome; a warning while there is none."""
    return outcome_words(whole.report.state)[1] if whole.report.state.phase == "ended" else "warn"


def summary_sentence(whole: WholeReport) -> str:
    """Return the whole run in a sentence or three, with its numbers."""
    report, state = whole.report, whole.report.state
    before, to = whole.versions
    way = f", from {before} to {to}" if before and to else f", to {to}" if to else f" of {before}" if before else ""
    strategy = f"{state.plan.strategy} " if state.plan and state.plan.strategy != state.kind and state.kind not in state.plan.strategy else ""
    what = f"{strategy}{state.kind} on {state.environment}{way}, {counted_hosts(len(report.hosts))}"
    ended = outcome_words(state)[0].lower() if state.phase == "ended" else f"not ended, {state.phase}"
    code = f" (exit {state.exit})" if state.exit is not None else ""
    parts = [f"{with_capital(what)}: {ended} after {clock_span(report.seconds)}{code}.", *_host_words(whole)]
    parts += [f"{whole.origin.words}."] if whole.origin.how else []
    return " ".join(parts)


def _host_words(whole: WholeReport) -> list[str]:
    """On what the hosts are now, those that most are on first."""
    if whole.report.state.kind in ASIDE or not whole.report.hosts:
        return []
    counts = Counter((host.after or "no known release", host.state) for host in whole.report.hosts)
    words = [f"{count} on {after}" + (f" ({state})" if state not in ("new", "old") else "") for (after, state), count in counts.most_common(5)]
    return [f"Hosts at the end: {', '.join(words)}."]
