"""Whether anything may write into a release on a host, so that its files must not be those of the release before. Pure."""

from console.core.host_selection import applies
from console.model.configured_environment import Environment
from console.model.host import Host


def is_written_into(environment: Environment, host: Host) -> bool:
    """Whether a command of the deployment runs in the release's folder there: install, a hook, or a migration, which may dump its schema.

    What runs the application (start, restart) is the application itself; what that writes stands in `writes`.
    """
    database = environment.database
    migrates = database is not None and (database.migrate is not None or database.revert is not None)
    return environment.command(host, "install") is not None or migrates or any(applies(hook.tags, host) for hook in environment.hooks)
