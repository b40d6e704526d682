"""Screens are waited for however slow the machine is: a test fails by what it sees, not by the load that others make."""

from textual.pilot import Pilot

Pilot._wait_for_screen.__defaults__ = (180.0,)
