"""A sentence for every event: the same words in plain lines, in the log and in reports."""

from typing import Any, get_args

import pytest

from console.as_typed import Typed, set_typed, typed_here
from console.core.run.sentences import impact_words, sentence
from console.model import events as ev
from console.model.analysis import Reading
from console.model.checks import Check
from console.model.database_facts import Backup, LintFinding, Migration, Review
from console.model.declared_impact import Impact
from console.model.host_facts import LockHolder
from console.model.log_kinds import LogKind
from console.model.maintenance_mode import Maintenance
from console.model.plan import Plan, Steps
from console.model.release_facts import Release, Revision
from console.model.request import Request
from console.model.thresholds import BadBefore, BothSides, Breached, Crossed, Inconclusive, Mean, Threshold, Unmeasured, Within
from console.model.traffic import OwnWeight
from console.model.values import changed
from console.safe_text import SafeLines, SafeText
from tests.core.builders import ADA, LIN, a_check, a_step

S = SafeText
PLAN = Plan("rolling", (("web01",), ("web02", "web03")), Steps((a_step("a"), a_step("b"), a_step("c"))))
ONE_WAVE = Plan("rolling", (("web01",),), Steps((a_step("a"),)))
ERRORS = Threshold("error_rate", above=0.01, then="rollback")
WITHIN = Within(value=0.002, limit=0.01, requests=500, hosts=("web01", "web02"))
CROSSED = Crossed(value=0.041, limit=0.01, old=0.001, seconds=20.0, requests=500, hosts=("web01",), due=1000.0)
HOSTS = ("web01", "web02", "web03", "web04", "web05")
BACKUP = Backup("r0", "2026-11-24T09:00:00Z", "db01", S("/b/x"), 1024, S("read by pg_restore"))
FILES = (Migration(S("db/1.sql")), Migration(S("db/2.sql")), Migration(S("db/1.down.sql"), is_back=True))


def opened(*hosts: str, **impact: Any) -> ev.RunOpened:
    return ev.RunOpened(
        run="r1",
        kind="deploy",
        app="shop",
        environment="production",
        protected=True,
        by=ADA,
        request=Request(impact=Impact(**impact)),
        config_digest="d",
        hosts=hosts,
    )


def finished(**fields: Any) -> ev.StepFinished:
    return ev.StepFinished(step="prepare/web01/install", seconds=1.26, **fields)


SAID: list[tuple[ev.Event, str]] = [
    (opened("a"), "run r1: deploy of shop to production by ada, 1 host"),
    (opened("a", "b", risk="high"), "run r1: deploy of shop to production by ada, 2 hosts; declared: risk high"),
    (
        ev.RevisionResolved(revision=Revision("0123456789abcdef", S("v2"), subject=S("Mend it")), release=Release("r", S("v2"), "0123456789abcdef")),
        "version v2, commit 0123456789ab: Mend it",
    ),
    (ev.CheckReported(check=a_check("passed")), "check Room: passed"),
    (ev.CheckReported(check=a_check("passed", detail="3 GiB free", remedy=S("make room"))), "check Room: passed: 3 GiB free"),
    (ev.CheckReported(check=a_check("failed", detail="full", remedy=S("make room"))), "check Room: failed: full (make room)"),
    (ev.CheckReported(check=a_check("failed", detail="full")), "check Room: failed: full"),
    (ev.CheckReported(check=a_check("failed", detail="full", remedy=S("make room"), blocking=False)), "check Room: failed: full"),
    (ev.CheckAcknowledged(check="support", by=ADA), "check support: ticked off by ada"),
    (ev.HostSeen(host="web01", release="r0"), "web01 has r0"),
    (ev.StepsPlanned(steps=Steps((a_step("a"), a_step("b")))), "planned: 2 steps of a long plan"),
    (ev.HostSeen(host="web01", release="r0", version=S("v1")), "web01 has v1"),
    (ev.HostSeen(host="web01"), "web01 has no release"),
    (ev.HostSeen(host="web01", release="r0", problem=S("no route")), "web01: no route"),
    (ev.PlanMade(plan=PLAN, way_back=()), "plan: rolling, 2 waves, 3 steps"),
    (ev.PlanMade(plan=ONE_WAVE, way_back=()), "plan: rolling, 1 wave, 1 step"),
    (ev.Decided(go=True, by=ADA), "GO by ada"),
    (ev.Decided(go=False, by=ADA, reasons=(S("it is late"), S("no backup"))), "no-go: it is late; no backup"),
    (ev.LocksTaken(epoch=1), "every host to change is locked for this run"),
    (ev.LocksTaken(epoch=1, hosts=("a",)), "1 host is locked for this run"),
    (ev.LocksTaken(epoch=1, hosts=("a", "b")), "2 hosts are locked for this run"),
    (ev.LocksRefused(host="web01", holder=LockHolder(run="r0", by="lin")), "web01 is held by r0"),
    (ev.LocksRefused(host="web01", holder=LockHolder(by="lin")), "web01 is held by lin"),
    (ev.LocksReleased(), "no lock was held"),
    (ev.LocksReleased(hosts=("a",)), "locks are released on 1 host"),
    (ev.LocksReleased(hosts=("a", "b"), handed=("a", "b"), to_run="r2"), "locks of 2 hosts are handed over to run r2"),
    (ev.LocksReleased(hosts=("a", "b"), handed=("a",), to_run="r2"), "locks of 1 host are handed over to run r2; locks are released on 1 host"),
    (ev.LocksReleased(hosts=("a", "b"), left=(ev.LockLeft("c", S("no route")),)), "locks are released on 2 hosts; c: its lock is not released: no route"),
    (ev.LocksReleased(left=(ev.LockLeft("c", S("no route")), ev.LockLeft("d", S("gone")))), "c: its lock is not released: no route; d: its lock is not released: gone"),
    (ev.StepStarted(step="s"), "s: started"),
    (ev.StepStarted(step="s", attempt=2), "s: started, attempt 2"),
    (finished(), "prepare/web01/install: done after 1.3 s"),
    (finished(status="failed", detail=S("exit 1")), "prepare/web01/install: failed after 1.3 s: exit 1"),
    (finished(status="failed", hint=S("look at it")), "prepare/web01/install: failed after 1.3 s (next: look at it)"),
    (
        finished(status="failed", detail=S("exit 1"), hint=S("look"), tail=(S("one"), S("two"))),
        "prepare/web01/install: failed after 1.3 s: exit 1 (next: look)\n         | one\n         | two",
    ),
    (
        ev.GateJudged(step="s", host="web01", verdict="failed", check="web", passes=1, needed=3, seconds=12.34, seen=S("HTTP 500")),
        "web01: web failed: HTTP 500, 1 of 3 in a row, 12.3 s",
    ),
    (
        ev.CriticalJudged(step="s", path="Login", verdict="failed", host="web01", where=S("step 2 of 3, POST /login"), seen=S("HTTP 500"), seconds=0.25),
        "web01: critical path Login failed at step 2 of 3, POST /login: HTTP 500, 0.2 s",
    ),
    (
        ev.CriticalJudged(step="s", path="Login", verdict="error", seen=S("refused"), seconds=4.0, tries=3, blocking=False),
        "warning: critical path Login could not be measured: refused, 4.0 s, in 3 tries",
    ),
    (ev.CriticalJudged(step="s", path="Login", verdict="passed", seen=S("exit 0"), blocking=False), "critical path Login passed: exit 0, 0.0 s"),
    (
        ev.AnalysisSeen(step="s", readings=(Reading(new=100, new_bad=1, old=900, old_bad=1, high=4.0, seconds=30.0),), problems=(S("lb02 gave no counts"),)),
        "errors new 1.00 %  old 0.11 %, ratio below 4, wanted below 2.0; about 30s more; lb02 gave no counts",
    ),
    (ev.AnalysisSeen(step="s"), "nothing was counted yet"),
    (
        ev.LogKindsSeen(kinds=(LogKind("a", "error", SafeText("no stock"), "web01", 2, 1200), LogKind("b", "warn", SafeText("slow"), "web01")), total=7, fresh=("b",)),
        "log: 7 kinds of line only on new hosts; warn: slow (once on web01)",
    ),
    (
        ev.LogKindsSeen(kinds=(LogKind("a", "error", SafeText("no stock"), "web01", 2, 1200),), total=1, problems=(SafeText("web02: its log is not read: x"),)),
        "log: 1 kind of line only on new hosts; error: no stock (1,200 times on 2 hosts); web02: its log is not read: x",
    ),
    (ev.LogKindsSeen(), "log: no kind of line is only on new hosts"),
    (ev.Promoted(step="s", by=LIN), "promoted by lin: the release goes on"),
    (ev.HostReturning(host="web01", reason=S("its gate failed"), steps=Steps()), "web01 goes back alone: its gate failed"),
    (ev.HostSkipped(host="web01", by=ADA), "web01 is skipped by ada"),
    (ev.HostRetried(host="web01", by=ADA), "web01 is tried again by ada"),
    (ev.HostOwed(host="web01", reason=S("away")), "web01 is owed: away"),
    (ev.HostForgiven(host="web01", by=ADA, reason=S("gone for good")), "web01 is forgiven by ada: gone for good"),
    (ev.HostFailed(host="web01", condition="unreachable", reason=S("no route")), "web01 is unreachable: no route"),
    (ev.HostsAnswered(hosts=("a",)), "1 host still answers"),
    (ev.HostsAnswered(hosts=("a", "b")), "2 hosts still answer"),
    (ev.LinkLost(host="web01"), "web01: link lost"),
    (ev.LinkLost(host="web01", detail=S("reset")), "web01: link lost: reset"),
    (
        ev.RecordLost(reason=S("the journal j does not answer"), kept_in=S("shared.sqlite3")),
        "the journal j does not answer; nothing new starts, hosts can go back; what happens is written down in shared.sqlite3",
    ),
    (ev.RecordRegained(events=2), "the shared record answers again, and has 2 events that it lacked, in their order"),
    (ev.RecordRegained(), "the shared record answers again"),
    (ev.LinkRestored(host="web01"), "web01: answers again"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="in"), "web01 at lb01/shop: gets requests again"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="draining"), "web01 at lb01/shop: draining"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="drained", sessions=0), "web01 at lb01/shop: drained"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="drained", sessions=2), "web01 at lb01/shop: drained, 2 requests under way"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="drained", sessions=0, cut=1), "web01 at lb01/shop: drained, 1 request cut"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="overdue", sessions=1), "web01 at lb01/shop: drained, and time is over, 1 request under way"),
    (
        ev.WeightsChanged(balancer="lb01/shop", mark="setting", own={f"web{number:02}": OwnWeight(1, 100, 1) for number in range(8)}),
        "lb01/shop: sets weights: " + ", ".join(f"web{number:02} 100 (was 1)" for number in range(6)) + " and 2 more",
    ),
    (ev.WeightsChanged(balancer="lb01/shop", mark="set", share=0.1), "lb01/shop: 10 % of the traffic goes to new hosts"),
    (ev.WeightsChanged(balancer="lb01/shop", mark="set", own={"web01": OwnWeight(1, 9, 1)}), "lb01/shop: weights are web01 9 (was 1)"),
    (
        ev.WeightsChanged(balancer="lb01/shop", mark="restored", theirs={"web02": 7}),
        "lb01/shop: every server has its own weight again; web02 weighs 7, which somebody else has set",
    ),
    (ev.WeightsChanged(balancer="lb01/shop", mark="unread", detail=S("no answer")), "lb01/shop: not known what its servers weigh: no answer"),
    (ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="left"), "web01 at lb01/shop: was out before this run, and is left so"),
    (
        ev.TrafficChanged(host="web01", balancer="lb01/shop", mark="unread", detail=S("no answer")),
        "web01 at lb01/shop: not known whether it gets requests: no answer",
    ),
    (ev.Paused(reason=S("paused by ada")), "paused: paused by ada"),
    (ev.Continued(by=ADA), "continued by ada"),
    (ev.Continued(), "continued"),
    (ev.AbortAsked(by=ADA), "abort by ada"),
    (ev.AbortAsked(by=ADA, leave=True), "abort by ada, everything stays as it is"),
    (ev.AbortAsked(by=ADA, leave=True, then_back="planned"), "abort by ada, everything stays as it is, then the last release goes back"),
    (ev.RollbackBegan(plan=PLAN, reason=S("a gate failed")), "rolling back 3 hosts: a gate failed"),
    (ev.RollbackBegan(plan=changed(PLAN, waves=()), reason=S("asked for")), "rolling back what was changed: asked for"),
    (ev.HostsAnswered(hosts=()), "no host still answers"),
    (ev.RollbackBegan(plan=ONE_WAVE, reason=S("asked for")), "rolling back 1 host: asked for"),
    (ev.Promoted(step="verify/monitor", by=ADA, reason=S("all is well")), "monitoring window ended by ada: all is well"),
    (ev.Promoted(step="wave-1/analysis", by=ADA, reason=S("seen enough")), "promoted by ada: the release goes on: seen enough"),
    (ev.WindowExtended(seconds=300.0, by=LIN, reason=S("the peak comes at noon")), "monitoring window made 5m longer by lin: the peak comes at noon"),
    (ev.WindowExtended(seconds=90.0, by=LIN), "monitoring window made 1m30s longer by lin"),
    (ev.Superseded(by_run="r2", by=LIN), "makes way for run r2, at its GO by lin"),
    (ev.BaselineTaken(), "before the release: nothing was measured"),
    (
        ev.BaselineTaken(metrics={"error_rate": {"web01": Mean(0.001, 60.0, 3000, 3), "web02": Mean(0.003, 60.0, 1000, 3)}, "load": {}}),
        "before the release: errors 0.15 %, load not measured",
    ),
    (ev.ThresholdJudged(threshold=ERRORS, verdict=WITHIN), "within its limit: errors 0.20 % on new hosts, limit 1.00 %, 500 requests (web01, web02)"),
    (
        ev.ThresholdJudged(threshold=ERRORS, verdict=Within(value=0.14, limit=0.01, requests=7, hosts=("web01",))),
        "above its limit, not for long enough to count: errors 14.0 % on new hosts, limit 1.00 %, 7 requests (web01)",
    ),
    (
        ev.ThresholdJudged(threshold=ERRORS, verdict=Unmeasured(unmeasured=("web01",), problem=S("connection refused"))),
        "errors could not be measured; not measured: web01 (connection refused)",
    ),
    (ev.ThresholdJudged(threshold=ERRORS, verdict=Unmeasured(problem=S("no answer"))), "errors could not be measured: no answer"),
    (
        ev.ThresholdJudged(threshold=ERRORS, verdict=Inconclusive(requests=20, needed=100)),
        "errors cannot be judged: 20 requests to new hosts, 100 are needed",
    ),
    (ev.ThresholdJudged(threshold=ERRORS, verdict=Inconclusive(problem=S("no requests to new hosts"))), "errors cannot be judged: no requests to new hosts"),
    (
        ev.ThresholdJudged(threshold=ERRORS, verdict=BadBefore(value=0.3, limit=0.01, baseline=0.29, seconds=30.0, requests=900, hosts=("web01",))),
        ("above its limit, as before the release, which has not made it worse: errors 30.0 % on new hosts, limit 1.00 %, before 29.0 %, for 30s, "
        "900 requests (web01)"),
    ),
    (
        ev.ThresholdCrossed(threshold=ERRORS, verdict=CROSSED, mono=990.0),
        ("above its limit, a breach after 30s: errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 20s, 500 requests (web01); hosts go back in 10s unless "
        "the run is paused"),
    ),
    (
        ev.ThresholdCrossed(threshold=changed(ERRORS, then="propose"), verdict=CROSSED, mono=990.0),
        "above its limit, a breach after 30s: errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 20s, 500 requests (web01)",
    ),
    (
        ev.ThresholdBreached(threshold=ERRORS, verdict=Breached(value=0.041, limit=0.01, old=0.001, seconds=30.4, requests=1, hosts=HOSTS)),
        "above its limit: errors 4.10 % on new hosts, limit 1.00 %, old 0.10 %, for 30s, 1 request (web01, web02, web03, web04 and 1 more)",
    ),
    (
        ev.ThresholdBreached(threshold=ERRORS, verdict=BothSides(value=0.3, limit=0.01, old=0.3, seconds=30.0, hosts=("web01",))),
        "above its limit on new and on old hosts, which may be an outage: errors 30.0 % on new hosts, limit 1.00 %, old 30.0 %, for 30s (web01)",
    ),
    (
        ev.ThresholdBreached(threshold=Threshold("latency", above_old=0.5), verdict=Breached(bound="above_old", value=0.3, limit=0.15, old=0.1, seconds=30.0)),
        "above its limit: latency 300ms, limit 150ms by old hosts, old 100ms, for 30s",
    ),
    (
        ev.ThresholdBreached(
            threshold=Threshold("queue", above_baseline=0.5), verdict=Breached(bound="above_baseline", value=3000.0, limit=1500.0, baseline=1000.0, seconds=30.0)
        ),
        "above its limit: queue 3000, limit 1500 by the time before, before 1000, for 30s",
    ),
    (
        ev.ThresholdRecovered(threshold=ERRORS, verdict=Within(value=0.083, limit=0.01, hosts=("web01",))),
        "within its limit lately; over 30s: errors 8.30 % on new hosts, limit 1.00 %",
    ),
    (ev.ThresholdRecovered(threshold=ERRORS, verdict=WITHIN), "not above its limit any more: errors 0.20 % on new hosts, limit 1.00 %"),
    (ev.OperatorJoined(by=LIN), "lin joined"),
    (ev.HelmTaken(by=ADA), "ada has the helm"),
    (ev.ChangesListed(subjects=(S("a"),)), "1 commit"),
    (ev.ChangesListed(subjects=(S("a"), S("b")), migrations=(S("m"),)), "2 commits, 1 new migration"),
    (ev.ChangesListed(subjects=(), migrations=(S("m"), S("n")), known=False), "not known what is new; the commit has 2 migrations"),
    (ev.DatabaseReviewed(review=Review()), "database: no new migration file; the database is not migrated"),
    (ev.DatabaseReviewed(review=Review(migrations=FILES)), "database: 2 new migrations; the database is not migrated"),
    (ev.DatabaseReviewed(review=Review(known=False, migrations=FILES[1:])), "database: 1 migration of the commit; the database is not migrated"),
    (
        ev.DatabaseReviewed(review=Review(
            runs=True, old_code="ok", problems=(S("a table was not read"),),
            migrations=(Migration(S("a.sql"), findings=(LintFinding(2, "x", S("slow")),), unread=(LintFinding(3, "unread", S("why")),)),),
        )),
        "database: 1 new migration; the database stays migrated: the code before runs on it; a.sql:2: slow; a.sql:3: why; a table was not read",
    ),
    (ev.ReleaseSent(hosts=12, sent=34 * 2**20, size=120 * 2**20, rate=5 * 2**20, left=17.2), "sending to 12 hosts: 34 MiB of 120 MiB, 5.0 MiB/s, 17s left"),
    (ev.ReleaseSent(hosts=1, sent=0, size=0, rate=0), "sending to 1 host: 0 B of 0 B, 0 B/s"),
    (ev.ReleasePacked(content="0123456789abcdef", files=3, size=2048), "packed: 3 files, 2.0 KiB, content 0123456789ab"),
    (ev.BackupTaken(backup=BACKUP), "backup of 2026-11-24 09:00 UTC, 1.0 KiB, /b/x on db01, read by pg_restore"),
    (ev.AnnouncementSent(moment="before", title=S("Shop v2"), body=SafeLines("x")), "told nobody: Shop v2"),
    (
        ev.AnnouncementSent(moment="after", title=S("Shop v2"), body=SafeLines("x"), told=(S("mail"), S("chat")), problems=(S("pager did not answer"),)),
        "told mail, chat: Shop v2; pager did not answer",
    ),
    (
        ev.MaintenanceChanged(by=ADA, now=Maintenance(S("ada"), S("12:00"), S("upgrade"), S("13:00")), missed=(S("web02: no route"),)),
        "maintenance is on: by ada since 12:00 until 13:00: upgrade; not so: web02: no route",
    ),
    (ev.MaintenanceChanged(by=ADA), "maintenance is off by ada"),
    (ev.TicketClosed(close=S("bin/close v2")), "ticket closed by bin/close v2"),
    (ev.PersonCalled(reason=S("it waits")), "called nobody"),
    (ev.PersonCalled(reason=S("it waits"), told=(S("pager"),), problems=(S("chat: 500"),)), "called pager; chat: 500"),
    (ev.NoteAdded(by=ADA, text=S("looks fine")), "note by ada: looks fine"),
    (ev.CommandRefused(by=ADA, command="skip", message=S("it is new already")), "skip by ada was refused: it is new already"),
    (ev.TakenUp(epoch=2, by=ADA), "a new engine took the run over for ada (epoch 2)"),
    (ev.RunEnded(exit=0, outcome="succeeded"), "succeeded (exit 0)"),
    (ev.RunEnded(exit=4, outcome="rolled back", reason=S("a gate failed")), "rolled back (exit 4): a gate failed"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "words"), SAID, ids=[f"{type(event).__name__}-{words[:30]}" for event, words in SAID])
def test_what_happened_in_one_sentence(event: ev.Event, words: str):
    assert sentence(event) == words


def test_every_event_that_there_is_has_a_sentence_and_each_is_tested():
    assert {type(event) for event, _ in SAID} == set(get_args(ev.AnyEvent))


def test_an_event_of_a_later_console_is_called_by_its_name():
    assert sentence(ev.Event()) == "Event"


def test_commands_in_hints_and_remedies_are_as_they_are_typed_here():
    before = typed_here()
    set_typed(Typed("./deploy", (("-c", "x.toml"),)))
    try:
        assert sentence(finished(status="failed", hint=S("deploy resume r1"))).endswith("(next: ./deploy resume r1 -c x.toml)")
        assert sentence(ev.CheckReported(check=Check("a", S("A"), "failed", remedy=S("deploy check")))).endswith("(./deploy check -c x.toml)")
    finally:
        set_typed(before)


@pytest.mark.parametrize(
    ("impact", "words"),
    [
        (Impact(), ""), (Impact(migration="yes"), "migration yes"), (Impact(downtime=0.0), "downtime none"), (Impact(downtime=90.0), "downtime 1m30s"),
        (Impact(breaking="no"), "breaking changes no"), (Impact(risk="low"), "risk low"), (Impact(old_code="breaks"), "old code breaks"), (Impact(notes="see ticket"), "notes: see ticket"),
        (
            Impact(migration="no", downtime=60.0, breaking="yes", risk="high", old_code="ok", notes="a\nb"),
            "migration no, downtime 1m, breaking changes yes, risk high, old code ok; notes: a⏎b",
        ),
    ],
)  # fmt: skip
def test_what_was_declared_of_a_release(impact: Impact, words: str):
    assert impact_words(impact) == words
