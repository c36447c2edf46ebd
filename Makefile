# Mingtang: every task starts here. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MINGTANG_PORT ?= 8000
export MINGTANG_HOME ?= $(CURDIR)/var

.PHONY: help serve init test long browser check bench drill scenarios requirements clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/runtime ## install, migrate, load the demo city, serve on 127.0.0.1:8000
	@$(BIN)/mingtang serve

init: $(VENV)/runtime ## a city of your own: asks, or takes FILE=city.xlsx; then make serve
	@$(BIN)/mingtang init $(if $(FILE),--profile $(FILE))

test: $(VENV)/development ## the whole suite on SQLite (or MINGTANG_DATABASE_URL), in parallel
	$(BIN)/pytest -n auto --dist loadgroup -q

long: $(VENV)/development ## the long tests: killed processes, attacks, whole installations, moves and restores
	$(BIN)/pytest -m slow -n auto --dist loadgroup -q

browser: $(VENV)/development ## walk the site and the desk in headless Chromium
	$(BIN)/pytest -m browser -n 2 --dist loadfile --no-loadscope-reorder -q tests/e2e

check: $(VENV)/development ## style, types, templates, floors: fast
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint src
	$(BIN)/mingtang rules check | tail -1

bench: $(VENV)/development ## the speed table of docs/reference/performance.md
	$(BIN)/python -m tests.bench

drill: $(VENV)/development ## build a city, back it up, destroy it, restore it, compare every hash
	@$(BIN)/python -m tests.keeping.drill

scenarios: $(VENV)/development ## covered and open scenarios, from tests that passed in the last run
	@$(BIN)/python -m tests.scenarios

requirements: $(VENV)/development ## compile the pinned requirements with hashes
	$(BIN)/pip install -q pip-tools
	for name in runtime development; do \
		$(BIN)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url \
			--no-emit-trusted-host --no-emit-find-links --output-file requirements/$$name.txt requirements/$$name.in; \
	done

clean: ## remove the virtual environment and everything built; data in var/ stays
	rm -rf $(VENV) build test-artefacts .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新版本（当前：$$($(PYTHON) --version)）"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "缺少 python3-venv，请先运行：apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements/runtime.txt $(VENV)/bin/python
	@echo "安装运行所需的程序库（第一次约一分钟）……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/development: requirements/development.txt $(VENV)/runtime
	@echo "安装测试所需的程序库……"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/development.txt
	@touch $@
