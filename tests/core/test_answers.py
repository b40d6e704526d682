"""What answers are worth: lines, numbers, jobs."""

import math

from hypothesis import given
from hypothesis import strategies as st

from console.core.answers import Job, assess_lines, assess_numbers, judge_jobs
from console.model.fleet import CheckSpec

JOBS = st.lists(st.builds(Job, st.sampled_from("abcd"), st.sampled_from(["passed", "failed", "pending"]), st.sampled_from(["", "2026-11-24T08:00:00Z"])))
ORDER = ("failed", "pending", "passed")


@given(JOBS)
def test_one_bad_job_is_enough_and_one_that_runs_keeps_it_open(jobs):
    found = judge_jobs(tuple(jobs), (), 5.0)
    worst = min((ORDER.index(job.state) for job in jobs), default=1)
    assert found.status == ("failed", "waiting", "passed")[worst]


@given(JOBS, st.lists(st.sampled_from("abcdef"), min_size=1, unique=True))
def test_a_commit_passes_only_where_every_context_has_passed(jobs, contexts):
    found = judge_jobs(tuple(jobs), tuple(contexts), 5.0)
    mine = [job for job in jobs if job.name in contexts]
    everything = all(job.state == "passed" for job in mine) and set(contexts) <= {job.name for job in mine}
    assert (found.status == "passed") == everything


@given(st.lists(st.floats(allow_nan=True), max_size=4), st.one_of(st.none(), st.floats(-10, 10)), st.one_of(st.none(), st.floats(-10, 10)))
def test_numbers_lie_between_their_bounds_and_none_is_not_measured(numbers, above, below):
    found = assess_numbers(CheckSpec("x", "prometheus", above=above, below=below), tuple(("s", number) for number in numbers))
    real = [number for number in numbers if not math.isnan(number)]
    if not real:
        assert found.kind == "error"
    else:
        inside = all((above is None or number > above) and (below is None or number < below) for number in real)
        assert found.kind == ("ok" if inside else "bad")


def test_a_line_is_whole():
    check = CheckSpec("x", "redis", expect="role:master")
    assert assess_lines(check, ("a", " role:master ")).kind == "ok"
    assert assess_lines(check, ("role:master2",)).kind == "bad"
    assert assess_lines(check, ()).seen == "answers nothing, expected 'role:master'"
    assert assess_lines(CheckSpec("x", "redis"), ()).kind == "ok"
