"""How an application and its environment are named on top of a screen: a protected one in capitals, so that nobody takes it for another. Pure."""

from console.views.styled_text import Line, Span, line


def environment_name(environment: str, *, protected: bool) -> Span:
    """Return `staging`, or ` PRODUCTION ` with a background of its own."""
    return Span(f" {environment.upper()} ", "frame") if protected else Span(environment, "strong")


def environment_title(app: str, environment: str, *, protected: bool) -> Line:
    """Return ` shop ▸ staging`."""
    return line(f" {app} ", Span("▸ ", "dim"), environment_name(environment, protected=protected))
