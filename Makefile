# On a fresh machine, too: make run, make phone, make test. Windows: see README.md.
PYTHON ?= python3
PIP_OPTIONS ?=
FITS := import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or \
	sys.exit("Masklens needs Python 3.11, 3.12 or 3.13: make run PYTHON=python3.13")
BIN := .venv/bin

.PHONY: run phone test

run: .venv/installed
	$(BIN)/streamlit run streamlit_app.py

phone: .venv/installed
	$(BIN)/python -m ui.phone

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not e2e" -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
	$(BIN)/pytest -m e2e tests/e2e

# A .venv of another Python, or half made, is made anew.
.venv/installed: requirements.txt
	@$(BIN)/python -c 'import pip; $(FITS)' 2>/dev/null || \
		{ $(PYTHON) -c '$(FITS)' && $(PYTHON) -m venv --clear .venv; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(PIP_OPTIONS) -r requirements.txt
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet $(PIP_OPTIONS) -r requirements-dev.txt
	touch $@
