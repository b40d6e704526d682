"""Thresholds of the file: what becomes of them, and what is refused before anything is asked."""

from pathlib import Path

import pytest

from console.config.load import load_file
from console.errors import UsageFault
from console.model.thresholds import Threshold

HEAD = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = ["web01", "web02"]\n'
METRICS = (
    'scrape = "http://localhost:8080/metrics"\nerror_rate = { counter = "http_total", errors = { status = "5.." } }\n'
    'latency = { histogram = "http_seconds", quantile = 0.9 }\nqueue = { query = "sum(queue_length)" }'
)
HAPROXY = '[[environments.production.balancer]]\nkind = "haproxy"\nsocket = "/run/x.sock"\nbackend = "shop"\n'


@pytest.fixture
def load(tmp_path: Path):
    def loaded(*tables, metrics=METRICS, more=""):
        text = f"{HEAD}[environments.production.metrics]\n{metrics}\n{more}"
        for table in tables:
            text += f"\n[[environments.production.thresholds]]\n{table}\n"
        (tmp_path / "hosts.toml").write_text(text)
        return load_file(str(tmp_path / "hosts.toml"))

    return loaded


def test_the_defaults(load):
    assert load().environment("production").thresholds == ()
    (one,) = load('metric = "error_rate"\nabove = "1%"').environment("production").thresholds
    assert one == Threshold("error_rate", above=0.01, seconds=30.0, min_requests=0, then="propose")


def test_what_the_file_says(load):
    config = load(
        'metric = "error_rate"\nabove = "1%"\nabove_baseline = "50%"\nabove_old = "150%"\nfor = "1m"\nmin_requests = 100\nthen = "rollback"',
        'metric = "latency"\nabove = "300ms"\nthen = "warn"',
        'metric = "load"\nabove = 8',
        'metric = "disk"\nabove = "90%"\nfor = "0s"',
        'metric = "queue"\nabove = 1000\nabove_baseline = "0%"',
    )
    assert config.environment("production").thresholds == (
        Threshold("error_rate", 0.01, 0.5, 1.5, 60.0, 100, "rollback"),
        Threshold("latency", 0.3, then="warn"),
        Threshold("load", 8.0),
        Threshold("disk", 0.9, seconds=0.0),
        Threshold("queue", 1000.0, 0.0),
    )
    assert not config.not_yet("production")
    assert [one.bounds for one in config.environment("production").thresholds][:2] == [("above", "above_baseline", "above_old"), ("above",)]


def test_a_balancer_that_counts_is_a_source_of_errors(load):
    assert load('metric = "error_rate"\nabove = "1%"', metrics="", more=HAPROXY).environment("production").thresholds


WRONG = [
    ('above = "1%"', "thresholds[0].metric: missing"),
    ('metric = "error_rate"', "thresholds[0]: has no limit"),
    ('metric = "eror_rate"\nabove = "1%"', 'thresholds[0].metric: unknown metric "eror_rate" (did you mean error_rate?)'),
    ('metric = "quue"\nabove = 1', 'thresholds[0].metric: unknown metric "quue" (did you mean queue?)'),
    ('metric = "temperature"\nabove = 1', "known here: cpu, disk, error_rate, latency, load, memory, queue"),
    ('metric = "error_rate"\nabove = 1', "thresholds[0].above: error_rate is a share, and never above 100%"),
    ('metric = "cpu"\nabove = "100%"', "thresholds[0].above: cpu is a share"),
    ('metric = "cpu"\nabove = -0.1', "thresholds[0].above: cpu is a share"),
    ('metric = "cpu"\nabove_old = 0.5', "thresholds[0].above_old: expected a share such as"),
    ('metric = "cpu"\nabove_baseline = "1m"', "thresholds[0].above_baseline: expected a share such as"),
    ('metric = "cpu"\nabove = "90%"\nmin_requests = 5', "thresholds[0].min_requests: cpu counts no requests"),
    ('metric = "queue"\nabove = 9\nmin_requests = 5', "thresholds[0].min_requests: queue counts no requests"),
    ('metric = "error_rate"\nabove = "1%"\nthen = "roll back"', "thresholds[0].then: expected one of rollback, propose, warn"),
    ('metric = "error_rate"\nabove = "1%"\nfor = 30', "thresholds[0].for: expected a duration"),
    ('metric = "error_rate"\nabov = "1%"', "thresholds[0].abov: unknown key (did you mean above?)"),
]


@pytest.mark.parametrize(("table", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_place(load, table: str, words: str):
    with pytest.raises(UsageFault) as caught:
        load(table)
    said = [f"{problem.key.removeprefix('environments.production.')}: {problem.message} ({problem.hint})" for problem in caught.value.problems]
    assert any(words in one for one in said), said
    assert all(problem.line for problem in caught.value.problems)


@pytest.mark.parametrize(("metric", "words"), [("error_rate", "error_rate is not measured: no metrics.error_rate"), ("latency", "latency is not measured")])
def test_what_is_not_measured_cannot_be_judged(load, metric: str, words: str):
    with pytest.raises(UsageFault, match=words):
        load(f'metric = "{metric}"\nabove = 0.5', metrics="")


def test_the_same_threshold_twice_is_refused(load):
    table = 'metric = "error_rate"\nabove = "1%"'
    with pytest.raises(UsageFault, match="stands here twice"):
        load(table, table)
    assert len(load(table, f'{table}\nfor = "1m"', f'{table}\nthen = "warn"', f"{table}\nmin_requests = 3").environment("production").thresholds) == 4


def test_where_one_scrape_decides_that_is_warned_of(load):
    warned = load('metric = "error_rate"\nabove = "1%"\nfor = "5s"').warnings
    assert [(one.key, "one scrape decides" in one.message) for one in warned if "thresholds" in one.key] == [
        ("environments.production.thresholds[0].for", True)
    ]
    for table in ('metric = "error_rate"\nabove = "1%"\nfor = "10s"', 'metric = "cpu"\nabove = "90%"\nfor = "5s"', 'metric = "queue"\nabove = 9\nfor = "5s"'):
        assert not [one for one in load(table).warnings if "thresholds" in one.key]
