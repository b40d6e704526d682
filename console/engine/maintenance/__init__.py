"""Maintenance mode as an engine switches it: on hosts and at balancers, for a person, for a release, and when its time is over."""
