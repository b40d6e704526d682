"""Whether people are told of a release, and when it may not go without that. What they are told is `core/words/announcement_words.py`'s. Pure."""

from console.model.checks import Check
from console.model.configured_environment import Announce
from console.model.declared_impact import Impact
from console.safe_text import SafeText


def is_major(impact: Impact) -> bool:
    """Whether people must have been told: it breaks something, takes service away, or is of high risk (S3)."""
    return impact.breaking == "yes" or impact.risk == "high" or bool(impact.downtime)


def assess_announcement(announce: Announce | None, impact: Impact) -> Check:
    """Judge whether somebody will be told. Whether they were is known at GO, and then this check says so."""
    title = SafeText("Announcement")
    if announce is None:
        if is_major(impact):
            remedy = SafeText("name channels: [environments.ENV.announce] to = […], or --override announcement=REASON")
            return Check("announcement", title, "failed", detail=SafeText("a major change, and nobody is told of it"), remedy=remedy)
        return Check("announcement", title, "skipped", blocking=False, detail=SafeText("no channel is configured"))
    channels = len(announce.to)
    words = f"{channels} {'channel is' if channels == 1 else 'channels are'} told at GO"
    return Check("announcement", title, "passed", detail=SafeText(words + (", which GO depends on" if depends_on_it(announce, impact) else "")))


def depends_on_it(announce: Announce, impact: Impact) -> bool:
    """Whether GO waits for the announcement to have been taken."""
    return announce.required or is_major(impact)


def assess_delivery(problems: tuple[SafeText, ...]) -> Check:
    """Judge the announcement once it was sent: every channel took it, or GO is refused."""
    if not problems:
        return Check("announcement", SafeText("Announcement"), "passed", detail=SafeText("sent, and taken by every channel"))
    detail = SafeText("; ".join(problems))
    return Check("announcement", SafeText("Announcement"), "failed", detail=detail, remedy=SafeText("mend the channel, or --override announcement=REASON"))
