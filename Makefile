PYTHON ?= .venv/bin/python

.PHONY: check lint types imports test demo bench

check: lint types imports test

lint:
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

imports:
	PATH="$(dir $(PYTHON)):$$PATH" lint-imports

test:
	$(PYTHON) -m pytest

bench:
	$(PYTHON) -m pytest -m bench tests/bench

demo:
	$(PYTHON) -m console demo
