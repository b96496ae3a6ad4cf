# The commands a person types. Each sets up what it needs; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# POST=1: only what the machine at the post runs, a third of it.
STAMP := $(VENV)/.stamp$(if $(POST),-post)
# The one that Debian's KiCad installs its pcbnew module for.
KICAD_PYTHON ?= /usr/bin/python3

.PHONY: setup tools demo test soak chip bench bench-hub bench-gateway bench-tool lint hardware hardware-files cad boxes wheels deb clean

setup: $(STAMP)

APT := on Debian: apt-get install git make python3 python3-venv
AGAIN := make $(or $(MAKECMDGOALS),setup)$(if $(POST), POST=1)

# An environment whose making was cut off has no stamp, and one whose Python was replaced does not start: either is
# made anew. The stamp comes last.
STARTS := $(shell $(BIN)/python -c '' 2>/dev/null && echo yes)
.PHONY: anew
$(STAMP): pyproject.toml uv.lock $(wildcard */pyproject.toml) $(if $(STARTS),,anew)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not on this machine; $(APT); then: $(AGAIN)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kentongan needs Python 3.11 or newer; run: $(AGAIN) PYTHON=python3.11"; exit 1; }
	@test -e $@ && $(BIN)/python -m uv --version >/dev/null 2>&1 || rm -rf $(VENV)
	@test -e $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is not on this machine; $(APT); then: $(AGAIN)"; exit 1; }
	@test -e $(BIN)/python || { echo "[1/3] an environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@test -e $@ || { echo "[2/3] its installer, 20 MB"; $(BIN)/python -m pip install --progress-bar off --disable-pip-version-check 'uv>=0.9' || { echo "it could not be fetched from PyPI; with a connection: $(AGAIN)"; exit 1; }; }
	@echo "[3/3] the packages of uv.lock; the first time about $(if $(POST),130,400) MB in one to three minutes"
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/python -m uv sync --frozen --inexact --python $(BIN)/python $(if $(POST),--no-dev --package kentongan-gateway --package kentongan-hub)
	@touch $@

tools: setup
	@$(BIN)/kentongan-tool tools

demo: setup
	@$(BIN)/kentongan-sim demo $(if $(SECONDS),--seconds $(SECONDS))

# What is compiled is kept even where the shell says not to: else every worker compiles every test, and every
# program that a test starts compiles itself.
test: setup
	@echo "listing the test files on every core; the first results come within a minute"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

bench: setup
	@$(BIN)/kentongan-sim bench $(if $(QUICK),--quick) $(if $(JOBS),--jobs $(JOBS))

soak: setup
	@$(BIN)/python tests/soak/run.py $(ONLY)

# On MicroPython's own image, where a QEMU with an ESP32 is at hand; tests/bench/chip/run.py says what to give.
chip: setup
	@PYTHONPATH=tests $(BIN)/python -m bench.chip.run --image="$(IMAGE)" --qemu="$(QEMU)" --lora="$(LORA)" --only="$(ONLY)"

bench-hub: setup
	@$(BIN)/python tests/bench/bench_hub.py $(if $(QUICK),--quick)

bench-gateway: setup
	@$(BIN)/python tests/bench/bench_gateway.py $(if $(QUICK),--quick) $(if $(PLACE),--place $(PLACE))

bench-tool: setup
	@$(BIN)/python tests/bench/bench_tool.py

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

hardware: setup cad
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder tests/hardware $(ARGS)

hardware-files: setup
	@PYTHONPATH=hardware PYTHONHASHSEED=0 $(KICAD_PYTHON) -m kentongan_hw files
	@PYTHONPATH=hardware $(BIN)/python -m kentongan_hw.power

# build123d and what it needs take 1 GB and pin their own versions: an environment of its own.
CAD := build/cad/bin/python
CAD_STAMP := build/cad/.stamp
cad: $(CAD_STAMP)

$(CAD_STAMP): hardware/cad-requirements.txt | setup
	@echo "the environment that draws boxes, in build/cad: 1 GB, one to five minutes the first time"
	@$(BIN)/python -m uv venv --quiet --allow-existing --python $(BIN)/python build/cad
	@$(BIN)/python -m uv pip install --python $(CAD) -r $<
	@touch $@

boxes: cad
	@echo "boxes and drawings, about a minute; every file that is written is named"
	@PYTHONPATH=hardware $(CAD) -m kentongan_hw.enclosure files
	@PYTHONPATH=hardware $(CAD) -m kentongan_hw.drawing.wiring

# What a release consists of: the packages, and of each program a list of all that it brings along.
wheels: setup
	@rm -rf build/wheels
	@$(BIN)/python -m uv build --quiet --wheel --all-packages --out-dir build/wheels
	@for name in gateway hub tool sim; do $(BIN)/python -m uv export --quiet --frozen --no-dev --format cyclonedx1.5 \
	    --package kentongan-$$name --output-file build/wheels/kentongan-$$name.cdx.json >/dev/null || exit 1; done
	@ls build/wheels

# Debian packages in build/deb, for every release and machine, or for those that are named.
deb: setup
	@echo "packages with their libraries inside, about 15 s each; every file that is made is named"
	@PYTHONPATH=packaging $(BIN)/python -m kentongan_deb $(if $(ONLY),--package $(ONLY)) $(if $(DEBIAN),--debian $(DEBIAN)) $(if $(ARCH),--arch $(ARCH))

clean:
	rm -rf $(VENV) build .pytest_cache .hypothesis .mypy_cache .ruff_cache
