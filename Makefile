# Everything runs in .venv, which the first `make report` or `make test` builds from requirements.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UPDATE := $(VENV)-lock

.DEFAULT_GOAL := help
.PHONY: help report test test-long check lab explore notebooks docs bench lock clean

help: ## list these targets
	@sed -nE 's/^([a-z-]+):[^#]*## /\1\t/p' Makefile | expand -t 12

report: $(VENV)/ready ## run every scenario of every case and write the reports
	$(BIN)/businesscase report

test: $(VENV)/ready ## check style and types and run the tests, in a few minutes
	$(BIN)/businesscase test

test-long: $(VENV)/ready ## run what takes long: fuzz, soak, every case in every format
	$(BIN)/businesscase test --long

check: $(VENV)/ready ## validate the data and compare it with the published figures
	$(BIN)/businesscase check

lab: $(VENV)/ready site/reference/index.html ## open the notebooks in JupyterLab, on this machine only
	$(BIN)/businesscase lab

explore: $(VENV)/ready ## serve the explorers as pages, on this machine only
	$(BIN)/businesscase explore

notebooks: $(VENV)/ready ## run the committed notebooks again and store their outputs
	$(BIN)/businesscase refresh

docs: $(VENV)/ready ## write the reference pages, and those of docs/, as HTML
	$(BIN)/businesscase docs

site/reference/index.html: $(VENV)/ready
	$(BIN)/businesscase docs

bench: $(VENV)/ready ## time the model beside other ways of computing the same
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

# uv, because one lock must serve Linux, macOS and Windows: pip-compile locks only the system it runs on
lock: ## take the newest versions into requirements.lock and environment.yml
	$(PYTHON) -m venv --clear $(UPDATE)
	$(UPDATE)/bin/pip install --quiet uv
	echo hatchling | UV_CUSTOM_COMPILE_COMMAND="make lock" $(UPDATE)/bin/uv pip compile --quiet --upgrade \
		--universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate \
		--output-file requirements.lock --extra cluster --extra test pyproject.toml -
	sed -nE 's/^([a-z0-9-]+)==([^ ]+).*/s|- \1(\\[[a-z0-9]+\\])?==.*|- \1\\1==\2|/p' requirements.lock > $(UPDATE)/pins.sed
	sed -E -f $(UPDATE)/pins.sed environment.yml > $(UPDATE)/environment.yml
	cp $(UPDATE)/environment.yml environment.yml
	rm -r $(UPDATE)

clean: ## remove the environment, the caches and the reports
	rm -rf $(VENV) $(UPDATE) site lib/*.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find reports -mindepth 1 -maxdepth 1 ! -name README.md ! -name '*.png' -exec rm -r {} +

# Each stamp is made last, so a set-up that was interrupted starts again.
$(VENV)/locked: requirements.lock
	@$(PYTHON) -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo '$(PYTHON) is missing, is older than 3.11 or has no venv: install Python 3.11 or later' \
		'(Debian, Ubuntu: apt install python3-venv) or name another one (make PYTHON=python3.12 ...).' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)/ready: $(VENV)/locked pyproject.toml
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q lib  # once, for where Python is told to write nothing itself
	@touch $@
