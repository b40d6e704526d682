"""Which addresses have a service: by a list of schemes, and by Apprise itself only for those that it lacks."""

import sys

import pytest

from console.config import channel_schemes
from console.config.channel_schemes import has_service


@pytest.mark.parametrize("address", ["mailto://ops@example.net", "Slack://a/b/c", "https://hooks.example.net/x", "json://localhost"])
def test_a_known_scheme_loads_no_apprise(monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setitem(sys.modules, "apprise.manager_plugins", None)
    assert has_service(address)


def test_what_the_list_lacks_is_asked_of_apprise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(channel_schemes, "_KNOWN", frozenset[str]())
    assert has_service("mailto://ops@example.net")
    assert not has_service("foo://x")
