"""The models that runs were made with, kept by digest in the state folder, so that commands work in a folder without a file.

Holds no secret: a model has only references to them. Knows nothing of what is done with a model.
"""

import os

from console.cli.configuration import config_if_any, file_meant, state
from console.cli.find_run import journal, open_runs
from console.cli.invocation import Invocation
from console.errors import UsageFault
from console.model.configured_environment import Environment


def remember(digest: str, environment: Environment) -> None:
    """Keep a model. One that is there stays, where it can be read: it is the same."""
    from console.adapters.statefolder import made_folder, modes_of
    from console.wire.codec import encode_environment

    folder = state()
    modes = modes_of(folder)
    made_folder(os.path.join(folder, "models"), modes)
    path = _path(folder, digest)
    if model_kept(digest) is not None:
        return
    fresh = f"{path}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, modes.file), "wb") as file:
        os.fchmod(file.fileno(), modes.file)
        file.write(encode_environment(environment))
    os.replace(fresh, path)


def model_of_run(run: str) -> Environment | None:
    """Return the model that a run was made with; None where it was not kept."""
    from console.model.events import RunOpened

    record = journal()
    try:
        first = next((event for event in record.of_type(run, RunOpened) if isinstance(event, RunOpened)), None)
    finally:
        record.close()
    return model_kept(first.config_digest) if first else None


def model_kept(digest: str) -> Environment | None:
    """Return the model of that digest; None where it was not kept, or not as this version can read it."""
    from console.wire.codec import decode_environment
    from console.wire.frames import DecodeError

    try:
        with open(_path(state(), digest), "rb") as file:
            return decode_environment(file.read())
    except (FileNotFoundError, DecodeError):
        return None


def model_in_use(digest: str) -> Environment | None:
    """Return the same where its hosts.toml is still there."""
    found = model_kept(digest)
    return found if found is not None and os.path.isfile(found.file) else None


def known_environment(app: str, name: str) -> Environment:
    """Return the environment that runs were made in, by the newest of them. Raises UsageFault where none or several fit."""
    record = journal()
    try:
        runs = record.runs(app, name, limit=1000)
    finally:
        record.close()
    places = list(dict.fromkeys((run.app, run.environment) for run in runs))
    if len(places) > 1:
        listed = ", ".join(f"{environment} of {app}" for app, environment in places)
        raise UsageFault(f"there is no hosts.toml here, and the runs know several environments: {listed}", "name one, with --app where it is needed")
    for run in runs:
        found = model_of_run(run.run)
        if found is not None:
            return found
    what = f"the environment {name}" if name else "an environment"
    raise UsageFault(f"there is no hosts.toml here or in a folder above, and no run of this state folder knows {what}", "deploy -c FILE …")


def _path(folder: str, digest: str) -> str:
    return os.path.join(folder, "models", f"{digest}.json")


def environment_or_known(how: Invocation, name: str) -> "Environment":
    """Resolve an environment of the file; where there is none, of the runs that the state folder knows. Raises UsageFault."""
    file = config_if_any(how)
    if file is not None:
        return file.environment(name, how.app)
    return known_environment(how.app, name)


def environment_or_open(how: Invocation, name: str) -> "Environment":
    """The same; where the file was damaged while a run of its environment goes on, as that run has it, which keeps its own to its end. Raises UsageFault."""
    try:
        config_if_any(how)
    except UsageFault:
        models = [model_of_run(run) for run in open_runs(how, name)]
        found = [model for model in models if model is not None and model.file == file_meant(how)]
        if len(found) != 1:
            raise
        return found[0]
    return environment_or_known(how, name)
