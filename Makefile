# make demo   the whole journey on the sample evidence
# make test   every test
# make faults every write of a ledger struck, every byte flipped (minutes)
PY ?= python3.11
BIN := .venv/bin
SYSTEM := libreoffice-writer libreoffice-impress libreoffice-calc fonts-noto-cjk chromium strace
CODE := rubrics models scoring workbench
TREE := $(CODE) tests sample_evidence benchmarks
WORDS := workbench/locale/zh/LC_MESSAGES

# Small matrices: more threads than one only get in each other's way.
export OMP_NUM_THREADS ?= 1
# Compiled modules are kept, also where the machine says otherwise: each worker of the tests,
# and each program a test starts, would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: needs setup demo test faults check lint format types contracts unit bench lock words system clean

setup: .venv/.stamp

.venv/.stamp: requirements.lock pyproject.toml
	@command -v $(PY) >/dev/null || { echo "需要 python3.11（apt-get install python3.11 python3.11-venv）。 Python 3.11 is needed, or say PY=python3 for a newer one."; exit 1; }
	$(PY) -m venv .venv
	@( $(BIN)/python -m pip install -q --disable-pip-version-check "uv==0.13.*" && \
	   $(BIN)/uv pip sync -q --require-hashes -p $(BIN)/python requirements.lock ) || \
	   $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	$(BIN)/workbench --workspace demo-workspace demo

test: needs lint types contracts
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=25 -m "not faults"

faults: setup
	@command -v strace >/dev/null || $(MAKE) --no-print-directory system
	$(BIN)/pytest -n 2 -m faults tests/faults

# Beside each other: on a fresh clone the types alone take one processor half a minute.
check: setup
	@$(MAKE) --no-print-directory -j2 lint types contracts unit

lint: setup
	$(BIN)/ruff format --check $(TREE)
	$(BIN)/ruff check $(TREE)

format: setup
	$(BIN)/ruff format $(TREE)
	$(BIN)/ruff check --fix $(TREE)

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports --no-cache

unit: setup
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(CODE) sample_evidence tests/rubrics tests/models tests/scoring tests/workbench

bench: setup
	$(BIN)/uv pip install -q -p $(BIN)/python --group bench -c requirements.lock
	$(BIN)/uv pip install -q -p $(BIN)/python --no-deps "irrCAC==0.4.4" "raschpy==1.4.0"
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export --frozen --no-emit-project --group dev --format requirements-txt -o requirements.lock >/dev/null

words: setup
	$(BIN)/python -c "import polib; polib.pofile('$(WORDS)/messages.po').save_as_mofile('$(WORDS)/messages.mo')"

needs:
	@{ command -v chromium && command -v soffice; } >/dev/null || $(MAKE) --no-print-directory system

system:
	@[ "$$(id -u)" = 0 ] || { echo "请用 root 运行 make system，或自行安装 $(SYSTEM)。 Run make system as root, or install these packages yourself."; exit 1; }
	apt-get update -qq && apt-get install -y -qq --no-install-recommends $(SYSTEM)

clean:
	rm -rf .venv demo-workspace .pytest_cache .mypy_cache .ruff_cache
