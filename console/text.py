"""Text from outside, made harmless where it enters. Stub: the scanner follows."""


class SafeText(str):
    """Text that a terminal can show and that acts on nothing."""

    __slots__ = ()
