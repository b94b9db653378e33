# Every road into the project.  Paths are relative on purpose: the folder may have a space in its name.
PYTHON ?= python3

PY := .venv/bin/python
PIP := .ci/quietly $(PY) -m pip --disable-pip-version-check --quiet
NPM := .ci/npm
NICE :=
WEB_SOURCES := $(shell find webapp -name node_modules -prune -o -name dist -prune -o -name private -prune -o -type f -print 2>/dev/null | sed 's/ /\\ /g')

# What another program wants of its Python, or of pip's place, is none of this one's.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONINSPECT PYTHONWARNINGS PYTHONHASHSEED PYTHONOPTIMIZE PYTHONIOENCODING
unexport PYTHONDONTWRITEBYTECODE PYTHONUTF8 PYTHONCOERCECLOCALE PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help play test check check-python check-web test-python test-web bench anticheat strategies chaos hostile deposits structure screenshots webperf web wheel format lock clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

play: .venv/.play webapp/dist/index.html ## Start everything on this machine and print the address; Ctrl-C stops it
	@exec $(PY) -P -m cli play --stop-with-parent

test: .venv/.test webapp/dist/index.html ## Set up what the tests need and run all of them: checks, web, Python, browser
	@.ci/system-packages luacheck chromium
	@# The first tests need no server: beside them is room for the checks, which give way to whatever waits for a time.
	@$(MAKE) --no-print-directory -j3 test-python NICE="nice -n 10" check-python test-web

test-python:
	@echo "Testing ..."
	@# Most tests wait more than they work: one more at a time than the two cores that are counted on.
	@CHROMIUM="$$(.ci/system-packages --where chromium)" $(PY) -m pytest -q -n 3

test-web: check-web
	@echo "Testing the web app ..."
	@$(NICE) .ci/quietly $(NPM) test

check: .venv/.test webapp/node_modules/.installed ## Lint, format, types, generated files; nothing is changed
	@.ci/system-packages luacheck
	@$(MAKE) --no-print-directory -j2 check-web check-python

check-python:
	@echo "Checking Python and Lua ..."
	@$(NICE) .ci/quietly $(PY) -m ruff check .
	@$(NICE) .ci/quietly $(PY) -m ruff format --check .
	@$(NICE) .ci/quietly $(PY) -m mypy
	@$(NICE) .ci/quietly $(PY) -m gateway.protocol_page --check
	@$(NICE) .ci/quietly .ci/check-lua
	@$(NICE) .ci/quietly $(PY) -m gateway.schemas.generate --check

check-web:
	@echo "Checking the web app ..."
	@$(NICE) .ci/quietly $(NPM) run check

bench: .venv/.test webapp/dist/index.html ## Measure on the real stack, beside the peers (needs a C compiler)
	@$(PY) -m benchmarks

deposits: .venv/.test ## 10,000 deposits of TON with every trap, each come to exactly what it had to
	@CHANCE_TAP_DEPOSITS=10000 CHANCE_TAP_TERMINAL=3 $(PY) -m pytest -n 0 -q tests/ton/test_simulation.py 3>&2

chaos: .venv/.test ## 300 games while everything dies, then the books; CHAOS="--seed 1 --games 50" for others
	@$(PY) -m tests.chaos $(CHAOS)

hostile: .venv/.test ## `play` on some fifty hostile machines: ready or one line, nothing left; HOSTILE="umask shm" for some
	@$(PY) -m tests.platform.hostile $(HOSTILE)

anticheat: .venv/.test ## How many honest players and cheats the anti-cheat finds, in 10,000 games (some minutes)
	@$(PY) -m tests.record.anticheat

strategies: .venv/.test ## What a modified client can gain with the same fingers: a search, then 200 games (some minutes)
	@$(PY) -m tests.record.strategies

structure: .venv/.test ## How the house stands, in figures; BEFORE="another checkout" shows that one beside it
	@$(PY) -m tests.architecture.figures $(if $(BEFORE),"$(BEFORE)") .

screenshots: .venv/.test webapp/dist/index.html ## Pictures of every screen, sizes, languages and schemes; fails on what axe finds in them
	@.ci/system-packages chromium
	@CHROMIUM="$$(.ci/system-packages --where chromium)" $(PY) -m pytest -n 0 -q -o python_files='scenes_*.py' tests/browser/screenshots
	@echo "build/screenshots/index.html"

webperf: .venv/.test webapp/dist/index.html ## Lighthouse on Home, and a traced game of ten on a slowed phone (fetches Lighthouse)
	@.ci/system-packages chromium
	@CHROMIUM="$$(.ci/system-packages --where chromium)" $(PY) -m tests.browser.trace

web: webapp/dist/index.html ## Build the web app

wheel: .venv/.play webapp/dist/index.html ## Build the package, web app and all, into build/wheel
	@rm -rf build/wheel
	@.ci/quietly $(PY) -m pip wheel --no-index --no-deps --no-build-isolation --wheel-dir build/wheel .
	@ls build/wheel/*.whl

format: .venv/.test webapp/node_modules/.installed ## Put everything into its form
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format --quiet .
	@$(NPM) run format --silent

lock: .venv/.play ## Pin Python packages that are new, with hashes; UPGRADE=1 pins all of them again
	@$(PIP) install uv
	@for lock in "requirements.txt --extra play --extra build" \
		"requirements-test.txt --extra play --extra build --extra test -c requirements.txt"; do \
		set -- $$lock; file=$$1; shift; \
		$(PY) -m uv pip compile pyproject.toml "$$@" --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --quiet $(if $(UPGRADE),--upgrade) -o "$$file"; done

clean: ## Remove what was built; the data folder stays
	@rm -rf .venv webapp/dist webapp/private webapp/node_modules build .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=..." >&2; exit 1; }
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "The module venv is needed (Debian: python3-venv)." >&2; exit 1; }

.venv/.play: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing Python packages ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.txt
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: requirements-test.txt .venv/.play
	@echo "Installing packages for the tests ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-test.txt
	@touch $@

webapp/node_modules/.installed: webapp/package.json webapp/package-lock.json | .venv/.play
	@echo "Installing web packages ..."
	@.ci/quietly $(NPM) ci --no-progress --no-audit --no-fund
	@touch $@

webapp/dist/index.html: webapp/node_modules/.installed $(WEB_SOURCES)
	@echo "Building the web app ..."
	@.ci/quietly $(NPM) run build
	@touch $@
