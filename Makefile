PYTHON ?= .venv/bin/python
TOGETHER ?= -n 3 --dist loadfile

.PHONY: check lint types imports dates test bench demo picture keys

check: lint types imports dates test

lint:
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

imports:
	PATH="$(dir $(PYTHON)):$$PATH" lint-imports

dates:
	$(PYTHON) -m tests.dates

test:
	$(PYTHON) -m pytest $(TOGETHER)

bench:
	$(PYTHON) -m tests.bench

picture:
	$(PYTHON) -m tests.tui.picture docs/screen.svg

keys:
	$(PYTHON) -m tests.tui.keys_page docs/keys.md

demo:
	$(PYTHON) -m console demo
