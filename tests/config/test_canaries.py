"""The canary of the file, and the numbers that it is judged by: what becomes of them, and what is refused before anything is asked."""

from pathlib import Path

import pytest

from console.config.load import load_file
from console.errors import UsageFault
from console.model.application_metrics import CountedMetric, Metrics, QueriedMetric
from console.model.number_of_hosts import NumberOfHosts
from console.model.strategy import Canary

HEAD = '[app]\nname = "shop"\npath = "/srv/shop"\n[environments.production]\nhosts = [{ name = "web01", tags = ["canary"] }, "web02"]\n'
HAPROXY = '[[environments.production.balancer]]\nkind = "haproxy"\nsocket = "/run/x.sock"\nbackend = "shop"\n'


@pytest.fixture
def load(tmp_path: Path):
    def loaded(canary="", metrics="", top="", more=HAPROXY):
        text = f"{HEAD}{top}\n[environments.production.canary]\n{canary}\n[environments.production.metrics]\n{metrics}\n{more}"
        (tmp_path / "hosts.toml").write_text(text)
        return load_file(str(tmp_path / "hosts.toml")).environment("production")

    return loaded


def refused(load, **parts):
    with pytest.raises(UsageFault) as caught:
        load(**parts)
    return [f"{problem.key.removeprefix('environments.production.')}: {problem.message} ({problem.hint})" for problem in caught.value.problems]


def test_the_defaults(load):
    environment = load()
    assert environment.strategy == "rolling"
    assert environment.canary == Canary()
    assert environment.canary.steps == (NumberOfHosts(share=0.1), NumberOfHosts(share=0.5), NumberOfHosts(share=1.0))
    assert environment.metrics == Metrics()


def test_what_the_file_says(load):
    environment = load(
        'tags = ["canary"]\nsteps = [1, "50%"]\nby = "hosts"\nanalysis = "90s"\njudge = ["error_rate"]\nnot_worse = 3\nfalse_alarm = "0.5%"\n'
        'on_inconclusive = "proceed"',
        'scrape = "http://localhost:8080/metrics"\nscrape_interval = "5s"\nerror_rate = { counter = "http_total", errors = { status = "5..", job = "web" } }\n'
        'latency = { histogram = "http_seconds", quantile = 0.9 }',
        'strategy = "canary"',
    )
    assert environment.strategy == "canary"
    assert environment.canary == Canary(("canary",), (NumberOfHosts(count=1), NumberOfHosts(share=0.5)), "hosts", 90.0, ("error_rate",), 3.0, 0.005, "proceed")
    errors = CountedMetric("error_rate", counter="http_total", errors={"status": "5..", "job": "web"})
    assert environment.metrics == Metrics("http://localhost:8080/metrics", 5.0, errors, CountedMetric("latency", histogram="http_seconds", quantile=0.9))


def test_metrics_of_the_files_own(load):
    metrics = load(
        metrics='scrape = "http://x/m"\nprometheus = "http://p:9090"\nqueue = { query = "sum(q)" }\njobs = { counter = "jobs_total" }\n'
        'failed = { counter = "jobs_total", errors = { ok = "no" } }\nslow = { histogram = "job_seconds" }',
    ).metrics
    assert metrics == Metrics(
        "http://x/m", prometheus="http://p:9090", queries=(QueriedMetric("queue", "sum(q)"),),
        more=(CountedMetric("jobs", "jobs_total"), CountedMetric("failed", "jobs_total", {"ok": "no"}), CountedMetric("slow", histogram="job_seconds")),
    )  # fmt: skip


def test_a_query_without_a_server_is_warned_of(tmp_path):
    (tmp_path / "hosts.toml").write_text(f'{HEAD}[environments.production.metrics]\nqueue = {{ query = "sum(q)" }}\n')
    warned = {problem.key: problem.message for problem in load_file(str(tmp_path / "hosts.toml")).warnings}
    assert "measured by nobody" in warned["environments.production.metrics.queue"]


def test_errors_may_be_the_balancers_by_name(load):
    assert load(metrics='error_rate = "balancer"').metrics.error_rate is None


WRONG = [
    ('tags = ["canry"]', "", "canary.tags: no host has the tag canry (did you mean canary?)"),
    ('steps = ["50%", "10%"]', "", "canary.steps[1]: is not more than the step before it"),
    ("steps = []", "", "canary.steps: expected a list with at least 1"),
    ("not_worse = 1", "", "canary.not_worse: expected a number above 1"),
    ("not_worse = true", "", "canary.not_worse: expected a number above 1"),
    ('false_alarm = "60%"', "", "canary.false_alarm: expected a share from"),
    ('good_enough = "0.5%"', "", "canary.good_enough: unknown key"),
    ("false_alarm = 0.01", "", "canary.false_alarm: expected a share from"),
    ('judge = ["errors"]', "", "canary.judge[0]: expected one of error_rate, latency"),
    ('on_inconclusive = "stop"', "", "canary.on_inconclusive: expected one of pause, rollback, proceed"),
    ("", 'error_rate = "balancers"', 'metrics.error_rate: expected "balancer", or a table'),
    ("", 'scrape = "http://x/"\nerror_rate = { counter = "a b", errors = { s = "5" } }', "metrics.error_rate.counter: expected a metric's name"),
    ("", 'scrape = "http://x/"\nerror_rate = { errors = { s = "5" } }', "metrics.error_rate.counter: missing"),
    ("", 'scrape = "http://x/"\nerror_rate = { counter = "a", errors = {} }', "metrics.error_rate.errors: names no label"),
    ("", 'scrape = "http://x/"\nerror_rate = { counter = "a", errors = { s = "5(" } }', "metrics.error_rate.errors.s: is no regular expression"),
    ("", 'scrape = "http://x/"\nlatency = { histogram = "a", quantile = 1.5 }', "metrics.latency.quantile: expected a share between 0 and 1"),
    ("", 'latency = { histogram = "a" }', "metrics.latency: needs scrape"),
    ("", 'error_rate = { counter = "a", errors = { s = "5" } }', "metrics.error_rate: needs scrape"),
    ("", 'jobs = { counter = "a" }', "metrics.jobs: needs scrape"),
    ("", 'jobs = { counter = "a b" }', "metrics.jobs.counter: expected a metric's name"),
    ("", "jobs = { quantile = 0.5 }", "metrics.jobs: is to have one of query, counter and histogram"),
    ("", 'jobs = { query = "a", counter = "b" }', "metrics.jobs: is to have one of query, counter and histogram"),
    ("", 'cpu = { query = "a" }', "metrics.cpu: cpu is measured on every host already"),
    ("", 'prometheus = "prometheus:9090"', "metrics.prometheus: expected a URL"),
]


@pytest.mark.parametrize(("canary", "metrics", "words"), WRONG)
def test_what_is_wrong_is_said_with_its_place(load, canary, metrics, words):
    assert any(words in problem for problem in refused(load, canary=canary, metrics=metrics))


@pytest.mark.parametrize(
    ("canary", "metrics", "more"),
    [
        ("", "", ""),
        ('judge = ["latency"]', "", HAPROXY),
        ("", "", HAPROXY.replace("haproxy", "command").replace('socket = "/run/x.sock"\nbackend = "shop"', 'drain = "a"\nrestore = "b"\nstate = "c"')),
    ],
)
def test_a_canary_needs_something_to_be_judged_by(load, canary, metrics, more):
    (problem,) = refused(load, canary=canary, metrics=metrics, top='strategy = "canary"', more=more)
    assert problem.startswith("strategy: a canary has nothing to judge new hosts by")
    assert load(canary=f'{canary}\nanalysis = "0s"', metrics=metrics, top='strategy = "canary"', more=more).canary.analysis == 0.0


NGINX = '[[environments.production.balancer]]\nkind = "nginx"\nfile = "/etc/nginx/shop.conf"\nupstream = "web"\n'
COMMAND = '[[environments.production.balancer]]\nkind = "command"\ndrain = "a"\nrestore = "b"\nstate = "c"\n'
BY_WEIGHT = [
    ("", "", 'canary.by: shares of the traffic need a balancer with weights, and the file names none (by = "hosts"'),
    ("", HAPROXY + NGINX, "canary.by: localhost/web is a balancer of the kind nginx, whose weights are not changed: each change would be a reload (by ="),
    ("", COMMAND, "canary.by: localhost/command is a balancer of the kind command, which has no weights"),
    ('steps = [1, "50%"]', HAPROXY, 'canary.steps[0]: is a count of hosts, and by = "weight" goes by shares of the traffic (a share such as "10%"'),
    ('tags = ["canary"]', f'{HAPROXY}tags = ["other"]\n', "canary.tags: no balancer sends requests to a host with the tag canary"),
]


@pytest.mark.parametrize(("canary", "more", "words"), BY_WEIGHT)
def test_shares_of_the_traffic_need_weights(load, canary, more, words):
    problems = refused(load, canary=f'by = "weight"\n{canary}', more=more)
    assert any(problem.startswith(words) for problem in problems), problems


def test_a_canary_by_weight_where_the_balancer_has_weights(load):
    environment = load(canary='by = "weight"\nsteps = ["5%", "25%", "100%"]\ntags = ["canary"]', top='strategy = "canary"')
    assert (environment.canary.by, [step.share for step in environment.canary.steps]) == ("weight", [0.05, 0.25, 1.0])
