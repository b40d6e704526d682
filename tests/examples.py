"""With how many examples a property is tried that needs more, or bears fewer, than the others."""

from hypothesis import HealthCheck, settings


def examples(count: int) -> settings:
    """So many; in the profile `few`, which other days are tried with, as few as it says: a number at a test would stand above the profile's."""
    return settings() if settings.get_current_profile_name() == "few" else settings(max_examples=count)


def examples_on_a_fixture(count: int) -> settings:
    """So many, that share what a fixture made. A list at a test stands above the profile's, so that a slow machine has to be minded here too."""
    return settings(examples(count), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
