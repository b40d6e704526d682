"""The known name that somebody may have meant who typed another. Pure."""


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that is most like this one; empty when none is."""
    from difflib import get_close_matches

    inside = [other for other in known if name and (other.startswith(f"{name}.") or name.startswith(f"{other}."))]
    return next(iter(inside or get_close_matches(name, known, 1, 0.6)), "")
