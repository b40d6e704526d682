"""What lies between a commit that is live and one that could be, as values."""

import msgspec

from console.safe_text import SafeText


class Change(msgspec.Struct, frozen=True):
    """A commit. `at` is UTC, RFC 3339."""

    commit: str
    at: str
    by: SafeText
    subject: SafeText


class Between(msgspec.Struct, frozen=True):
    """What one commit has that another has not."""

    known: bool = True
    """Whether the repository has the live commit at all."""
    changes: tuple[Change, ...] = ()
    """Newest first."""
    backwards: int = 0
    """Commits that the live one has and the other has not."""
    migrations: tuple[SafeText, ...] = ()
    """Files that are new between them, of those that are migrations."""
