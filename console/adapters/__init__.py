"""One file for each outside thing."""

import sys

# httpx loads its own command line (rich, pygments) where it finds them, which nobody calls here: a sixth of an engine's start. Without it httpx does without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None: it cannot be imported
