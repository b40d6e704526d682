"""Frozen values, changed by making another."""

import hashlib
from typing import Any

import msgspec

from console.model.plan import Plan
from console.safe_text import SafeText

changed = msgspec.structs.replace
"""`changed(value, field=…)`: the same value with those fields different."""


def _plain(value: Any) -> str:  # noqa: ANN401 (msgspec's hook)
    if isinstance(value, SafeText):
        return str(value)
    raise NotImplementedError(type(value))


def sealed(plan: Plan) -> Plan:
    """Return the plan with its digest: SHA-256 over the JSON of everything else."""
    bare = changed(plan, digest="")
    return changed(bare, digest=hashlib.sha256(msgspec.json.encode(bare, enc_hook=_plain)).hexdigest())
