"""With how many examples a property is tried that needs more, or bears fewer, than the others."""

from hypothesis import settings


def examples(count: int) -> settings:
    """So many; in the profile `few`, which other days are tried with, as few as it says: a number at a test would stand above the profile's."""
    return settings() if settings.get_current_profile_name() == "few" else settings(max_examples=count)
