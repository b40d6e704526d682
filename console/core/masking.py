"""Secrets taken out of lines that are shown or kept. Pure: it knows texts, not where a secret comes from."""

from collections.abc import Callable, Iterable

from console.text import SafeText

SHORTEST = 4
"""A text shorter than that is in too many other words to be taken out."""
MASK = "[redacted]"


def masking(secrets: Iterable[str]) -> Callable[[SafeText], SafeText]:
    """Return a function that masks each of those texts in a line; of one with several lines, each line."""
    parts = {part.strip() for secret in secrets for part in secret.splitlines()}
    hidden = sorted((part for part in parts if len(part) >= SHORTEST), key=len, reverse=True)

    def masked(line: SafeText) -> SafeText:
        text = str(line)
        for part in hidden:
            if part in text:
                text = text.replace(part, MASK)
        return line if text == line else SafeText(text)

    return masked
