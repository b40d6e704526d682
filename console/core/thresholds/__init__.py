"""Limits of metrics, judged over windows of what was measured: pure. Who measures is `engine/metrics/`; what follows for the run is `core/run/`."""
