# The commands a person types. Each sets up what it needs; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
# The one that Debian's KiCad installs its pcbnew module for.
KICAD_PYTHON ?= /usr/bin/python3

.PHONY: setup tools demo test soak bench bench-hub bench-gateway lint hardware hardware-files cad boxes clean

setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock $(wildcard */pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kentongan needs Python 3.11 or newer; run: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --frozen --inexact --python $(BIN)/python
	@touch $(STAMP)

tools: setup
	@$(BIN)/kentongan-tool tools

demo: setup
	@$(BIN)/kentongan-sim demo $(if $(SECONDS),--seconds $(SECONDS))

test: setup
	@$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

bench: setup
	@$(BIN)/kentongan-sim bench $(if $(QUICK),--quick) $(if $(JOBS),--jobs $(JOBS))

soak: setup
	@$(BIN)/python tests/soak/run.py $(ONLY)

bench-hub: setup
	@$(BIN)/python tests/bench_hub.py $(if $(QUICK),--quick)

bench-gateway: setup
	@$(BIN)/python tests/bench_gateway.py $(if $(QUICK),--quick) $(if $(PLACE),--place $(PLACE))

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

hardware: setup cad
	@$(BIN)/python -m pytest -n auto --dist loadfile tests/hardware $(ARGS)

hardware-files: setup
	@PYTHONPATH=hardware PYTHONHASHSEED=0 $(KICAD_PYTHON) -m kentongan_hw files
	@PYTHONPATH=hardware $(BIN)/python -m kentongan_hw.power

# build123d and what it needs take 1 GB and pin their own versions: an environment of its own.
CAD := build/cad/bin/python
cad: $(CAD)

$(CAD): hardware/cad-requirements.txt | setup
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python build/cad
	@$(BIN)/uv pip install --quiet --python $@ -r $<
	@touch $@

boxes: cad
	@PYTHONPATH=hardware $(CAD) -m kentongan_hw.enclosure files
	@PYTHONPATH=hardware $(CAD) -m kentongan_hw.wiring

clean:
	rm -rf $(VENV) build .pytest_cache .hypothesis .mypy_cache .ruff_cache
