"""The report as HTML: one well-formed file that loads nothing, runs nothing, and in which text from hosts is text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.model import events as ev
from console.model.values import changed
from console.ports.feed import Output, Sample
from console.report.html import html_page
from console.safe_text import SafeText
from console.views.recording import Recording
from console.views.report_contents import LogExcerpt, whole_report
from console.wire.codec import decode_event
from tests.tui.past_runs import past_run

JOURNALS = sorted((Path(__file__).parents[1] / "journals").glob("*.jsonl"))
GOOD, BACK = past_run(), past_run(failing="wave-2/web02/restart")
VOID = {"meta"}
EVIL = '<script>alert(1)</script>\x1b[31m\u202eevil" onload="x()\' --></style></svg><img src=https://evil.example/x>&amp;'


def journal(file: Path) -> tuple[ev.AnyEvent, ...]:
    return tuple(decode_event(line) for line in file.read_bytes().splitlines())


class Page(HTMLParser):
    """A page as it is read: its elements, their attributes and its text. Raises where an element is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"an attribute twice: {tag} {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def checked(text: str) -> Page:
    """Read a page, and hold it against what no report may have."""
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "link", "object", "embed", "form", "base", "foreignobject", "use"})
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "xlink:href", "action", "style")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(attributes["href"])[1:] for tag, attributes in page.elements if tag == "a"} <= set(ids)
    style = text.split("<style>", 1)[1].split("</style>", 1)[0]
    assert "@import" not in style
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {"#back"}
    assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(text)
    return page


def texts(page: Page) -> str:
    return " ".join(" ".join(page.words).split())


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: file.stem)
def test_every_kind_of_ending_makes_a_page(file: Path):
    events = journal(file)
    page = checked(html_page(whole_report(events)))
    opened = events[0]
    assert isinstance(opened, ev.RunOpened)
    assert all(host in texts(page) for host in opened.hosts)
    assert opened.run in texts(page)


@given(st.sampled_from((GOOD, BACK)).flatmap(lambda run: st.integers(0, len(run)).map(lambda place: run[:place])))
def test_any_beginning_of_a_run_makes_a_page(events):
    checked(html_page(whole_report(events)))


def with_evil_words(events: tuple[ev.AnyEvent, ...]) -> tuple[ev.AnyEvent, ...]:
    """The same run, with everything that people and hosts say replaced; some of it as it was before it became harmless."""
    out: list[ev.AnyEvent] = []
    for event in events:
        match event:
            case ev.StepFinished(status="failed"):
                out.append(changed(event, detail=EVIL, hint=EVIL, tail=(EVIL, EVIL)))
            case ev.Decided():
                out.append(changed(event, overrides=((EVIL, EVIL),), hotfix=EVIL))
            case ev.NoteAdded():
                out.append(changed(event, text=EVIL))
            case ev.AnnouncementSent():
                out.append(changed(event, title=EVIL, body=EVIL, told=(EVIL,), problems=(EVIL,)))
            case ev.HostSeen():
                out.append(changed(event, version=EVIL))
            case ev.RunOpened():
                out.append(changed(event, app=EVIL, environment=EVIL, request=changed(event.request, command=EVIL)))
            case _:
                out.append(event)
    return tuple(out)


def test_text_from_hosts_and_people_is_text():
    events = with_evil_words(BACK)
    excerpt = LogExcerpt("web01<b>", events[-1].at, (Output(events[-1].at, "web01", "s", SafeText(EVIL)), Output(EVIL, "web01", "s", EVIL)))  # type: ignore[arg-type]
    page = checked(html_page(whole_report(events, (), (excerpt,))))
    assert texts(page).count("<script>alert(1)</script>") > 10
    assert "<U+202E>" in texts(page)


def test_a_line_that_is_written_from_right_to_left_moves_nothing_else():
    excerpt = LogExcerpt("web01", BACK[-1].at, (Output(BACK[-1].at, "web01", "s", SafeText("שלום 123")),))
    text = html_page(whole_report(BACK, (), (excerpt,)))
    assert re.search(r"<bdi>[\d:.]+ שלום 123</bdi>", text)


def test_a_bad_run_has_its_lanes_times_and_numbers_drawn():
    events = journal(next(file for file in JOURNALS if file.stem == "rolled-back"))
    start = Recording(events).wall_of(events[0].at)
    samples = [Sample(host, start + second, 0.2, None, 0.5) for second in range(22) for host in ("web01", "web02")]
    page = checked(html_page(whole_report(events, samples)))
    drawn = [attributes["class"] for tag, attributes in page.elements if tag == "svg"]
    assert drawn == ["times", "lanes", "metrics"]
    assert "web01: health gate, 20 s, failed" in texts(page)
    assert sum(tag == "polyline" for tag, _ in page.elements) == 4
    assert all(attributes.get("aria-label") for tag, attributes in page.elements if tag == "svg")


def test_what_is_long_is_folded_and_complete():
    page = checked(html_page(whole_report(GOOD)))
    assert [attributes["id"] for tag, attributes in page.elements if tag == "details"] == ["checks", "events"]
    assert f"{len(GOOD)} events" in texts(page)
