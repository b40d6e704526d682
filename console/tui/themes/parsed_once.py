"""Textual's style sheet, parsed once for a set of colours. Textual itself parses it twice at each start, and again for what opens first after a change.

Knows nothing of what stands in it.
"""

from textual.css.stylesheet import Stylesheet


class ParsedOnce(Stylesheet):
    """A style sheet that is parsed anew only for other colours."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take other colours; the same ones change nothing."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse what is not parsed yet for these colours. Raises StylesheetError, and keeps what there was."""
        if self._require_parse:
            self.parse()
