PYTHON ?= .venv/bin/python
TOGETHER ?= -n 6 --dist loadfile --no-loadscope-reorder

.PHONY: check lint types imports rewritten dates test mutants analysis bench bench-setup demo picture keys

check:
	$(MAKE) --no-print-directory -j2 --output-sync=target lint types imports rewritten dates
	$(MAKE) --no-print-directory test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check --quiet .

types:
	$(PYTHON) -m mypy

imports:
	PATH="$(dir $(PYTHON)):$$PATH" lint-imports

# pytest keeps the asserts that it has rewritten beside the tests: here once, else each of its processes does so for itself, 15 s of CPU in each. What is wrong with a test, `test` says.
rewritten:
	@$(PYTHON) -m pytest --collect-only -q >/dev/null 2>&1 || true

dates:
	$(PYTHON) -m tests.dates

test:
	$(PYTHON) -m pytest $(TOGETHER)

# The core's mutants, or some: make mutants OF=console/core/checks TESTS=tests/core/test_health_gate.py HOW=--survivors
mutants:
	nice -n 10 $(PYTHON) -m tests.mutants $(HOW) $(OF) $(if $(TESTS),--tests $(TESTS))

# What the canary's test does on simulated traffic, with the rules of other deployers beside it: some minutes.
analysis:
	nice -n 10 $(PYTHON) -m tests.analysis

bench:
	$(PYTHON) -m tests.bench

# Ansible, parallel-ssh, Fabric and pyinfra in an environment of their own (~/.cache/deploy-console-bench, or $$BENCH_PEERS): nothing of the project needs them.
bench-setup:
	$(PYTHON) -m tests.bench.peer_programs

picture:
	$(PYTHON) -m tests.tui.picture docs/screen.svg

keys:
	$(PYTHON) -m tests.tui.keys_page docs/keys.md

demo:
	$(PYTHON) -m console demo
