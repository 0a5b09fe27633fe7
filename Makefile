# On a fresh machine, too: make run, make phone, make test. Windows: see README.md.
PYTHON ?= python3
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
	$(BIN)/pytest -m e2e

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
