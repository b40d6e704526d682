"""Commands about the fleet: what runs where, what would be done, who is let in. Asks the engine; touches no host."""

from typing import Any

from console.as_typed import as_typed
from console.cli.configuration import environment
from console.cli.invocation import Invocation
from console.cli.kept_models import environment_or_known
from console.cli.meet_engine import ask, configure, engine_of
from console.cli.output import say, say_json, tell_problem
from console.core.words.moments import moment_words
from console.errors import NoGo
from console.exit_codes import Exit


def status(how: Invocation, name: str) -> int:
    """Print what runs where; 3 when no host answers."""
    found = ask(how, environment_or_known(how, name), "status", {})
    if how.json:
        say_json({**found, "hosts": [{key: row[key] for key in row if key not in ("problem", "drained")} for row in found["hosts"]]})
    else:
        for line in status_lines(found):
            say(line)
    return 0 if any(row["reachable"] for row in found["hosts"]) else int(Exit.NO_GO)


def status_lines(found: dict[str, Any]) -> list[str]:
    """Return what runs where, as a table."""
    held = found["locked_by"]
    lines = [f"{found['environment']}  maintenance {found['maintenance']}" + (f"  run {found['run']}" if found["run"] else "")]
    if (kept := found.get("maintenance_by")) and found["maintenance"] != "off":
        until = f" until {moment_words(kept['until'])}" if kept["until"] else ""
        lines.append(f"maintenance by {kept['by']} since {moment_words(kept['since'])}{until}" + (f": {kept['message']}" if kept["message"] else ""))
    if away := found.get("record"):
        lines.append(f"the shared record is away: {away['problem']}; what happens is written down in {away['kept_in']}")
    if held:
        more = (f" until {moment_words(held['until'])}" if held["until"] else "") + (f", run {held['run']}" if held["run"] else "")
        lines.append(f"locked by {held['by']} since {moment_words(held['since'])}{more}" + (f": {held['reason']}" if held["reason"] else ""))
    if failed := found.get("failed"):
        report = as_typed(f"deploy report {failed['run']}")
        since = f"run {failed['run']} ({failed['kind']}) failed at {moment_words(failed['ended'])}"
        well = all(row["healthy"] for row in found["hosts"])
        lines.append(f"{since}, and no run has made good since: {report}" if well else f"not verified since {since}: {report}")
    lines += [_debt_line(debt) for debt in found["owed"]]
    rows = [("host", "version", "release", "state"), *(_status_row(row) for row in found["hosts"])]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return lines + ["  ".join([*(row[column].ljust(widths[column]) for column in range(3)), row[3]]).rstrip() for row in rows]


def _debt_line(debt: dict[str, Any]) -> str:
    return f"{debt['host']} is owed by {debt['run']}: {debt['reason']}" + (f"; {as_typed(debt['next'])}" if debt.get("next") else "")


def _status_row(row: dict[str, Any]) -> tuple[str, str, str, str]:
    if not row["reachable"]:
        return row["host"], "?", "?", f"not reached: {row.get('problem') or 'no answer'}"
    health = {True: "verified", False: "not healthy", None: "not verified" if row["release"] else ""}[row["healthy"]]
    drift = f"drift: {row['drift']}" if row["drift"] else ""
    return (
        row["host"],
        row["version"] or "-",
        row["release"] or "-",
        ", ".join(words for words in (health, "drained" if row.get("drained") else "", drift) if words),
    )


async def check(how: Invocation, name: str, argument: dict[str, Any]) -> int:
    """Print the go/no-go and the plan."""
    from console.cli.run_commands import judge_request
    from console.model.request import Request

    try:
        found = environment(how, name, gated=True)
    except NoGo as fault:
        if how.json:
            say_json(_no_go(fault))
        for problem in fault.problems:
            tell_problem(problem)
        return int(fault.exit)
    judge_request(Request(**argument), found)
    client = await engine_of(how, found)
    try:
        await configure(client, found, "check")
        answer = await client.query("check", argument)
    finally:
        await client.close()
    if how.json:
        say_json({**answer, "problems": [{**problem, "hint": as_typed(problem["hint"])} for problem in answer["problems"]]})
    else:
        for line in check_lines(answer):
            say(line)
    return int(answer["exit"])


def _no_go(fault: NoGo) -> dict[str, Any]:
    from console.plain.problem_json import problem_object

    return {
        "type": "result", "exit": int(fault.exit), "decision": "no-go", "version": None, "commit": None, "checks": [],
        "plan": {"strategy": None, "steps": [], "thresholds": []}, "rollback": {"possible": False, "hosts": [], "database": None},
        "problems": [problem_object(problem) for problem in fault.problems],
    }  # fmt: skip


def check_lines(found: dict[str, Any]) -> list[str]:
    """Return the checks, the plan, the way back and the decision, as lines."""
    lines = []
    for each in found["checks"]:
        remedy = f"  ({as_typed(each['remedy'])})" if each.get("remedy") and each["status"] not in ("passed", "skipped") else ""
        lines.append(f"{each['status']:<10} {each['title']}" + (f": {each['detail']}" if each["detail"] else "") + remedy)
    lines += [f"  {step['phase']:<8} {step['id']}: {step['title']}" for step in found["plan"]["steps"]]
    lines += [f"  limit    {one['title']}" for one in found["plan"].get("thresholds", ())]
    for way in found["rollback"]["hosts"]:
        target = way["release"] or ("gets no requests, keeps what it has" if way.get("rests") else "stopped and removed")
        lines.append(f"  back     {way['host']}: {target if way['possible'] else 'no way back'}")
    if said := found.get("announcement"):
        lines += [f"  said     {said['title']}", *(f"           {words}" for words in said["body"].splitlines())]
    if ticket := found.get("ticket"):
        lines.append(f"  then     once it is live, the ticket is closed by {ticket}")
    return [*lines, str(found["decision"])]
