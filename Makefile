# Everything a newcomer or the continuous integration needs. `make help` lists the targets.
# Paths are relative on purpose: the folder's own path may hold spaces.

PYTHON  ?= python3.11
PORT    ?= 8000
SECONDS ?= 600
WORKERS ?= 2
TESTS   ?= tests

PIP := .venv/bin/python -m pip --disable-pip-version-check -q
PDF_PACKAGES  := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core
TEST_PACKAGES := $(PDF_PACKAGES) chromium libatomic1 poppler-utils qpdf

# A virtual environment knows its own path: after the folder moved, it is made again.
ifneq ($(file < .venv/where),$(CURDIR))
.PHONY: .venv/where
endif

.PHONY: help run test bench soak reset lint types vectors clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1|/' | while IFS='|' read -r name what; do printf '%-14s %s\n' "$$name" "$$what"; done

run: .venv/run.stamp .venv/pdf-packages.stamp ## the demo at http://127.0.0.1:8000 (PORT=); data in .demo/; Ctrl-C stops it
	@exec .venv/bin/carnet demo --port $(PORT)

test: .venv/test-packages.stamp lint types ## lint, types and every test, on SQLite and PostgreSQL
	.venv/bin/python -m pytest -n $(WORKERS) --dist loadscope -m "not soak" $(TESTS)

bench: .venv/test.stamp ## speed beside the bare baseline, in one run
	.venv/bin/python -m bench

soak: .venv/test.stamp .venv/test-packages.stamp ## long campaigns: races, crashes, fuzzing (SECONDS=)
	SOAK_SECONDS=$(SECONDS) .venv/bin/python -m pytest -m soak --timeout 0 $(TESTS)

reset: ## forget the demo's data
	rm -rf .demo

lint: .venv/test.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/test.stamp
	.venv/bin/mypy

vectors: .venv/test.stamp ## rebuild the test vectors; a change in git means a format changed
	.venv/bin/python -m tests.vectors.rebuild

clean: ## remove what the build made, keep the demo's data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis build *.egg-info

.venv/where:
	@rm -rf .venv
	$(PYTHON) -m venv .venv
	@printf '%s' "$(CURDIR)" > .venv/where

.venv/run.stamp: requirements.lock pyproject.toml .venv/where
	@echo "Installing the locked dependencies (20 seconds or so)."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: requirements-test.lock .venv/run.stamp
	@echo "Installing the locked test dependencies."
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

# System packages are a comfort, never a condition: tried once, as root only, and what still misses is
# skipped (tests) or answered 503 (the PDF). Remove the stamp to try again.
define system_packages
@missing=""; \
for package in $(1); do \
  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -z "$$missing" ]; then :; \
elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing system packages:$$missing"; \
  export DEBIAN_FRONTEND=noninteractive; \
  options="-qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60"; \
  { timeout 300 apt-get $$options update && timeout 600 apt-get $$options install -y --no-install-recommends $$missing; } \
    >/dev/null 2>&1 </dev/null || echo "Not installed:$$missing. What needs them is skipped."; \
else \
  echo "Not root: without$$missing, what needs them is skipped (apt-get install --no-install-recommends$$missing)."; \
fi
@touch $@
endef

.venv/pdf-packages.stamp: .venv/where
	$(call system_packages,$(PDF_PACKAGES))

.venv/test-packages.stamp: .venv/where
	$(call system_packages,$(TEST_PACKAGES))
