# Two commands: `make report` and `make test`. Both install what they need first.
PYTHON ?= python3
PROFILE ?= smoke
BIN := .venv/bin

# Some systems forbid bytecode; then every kernel compiles torch anew.
unexport PYTHONDONTWRITEBYTECODE
# Threads that wait spin for some microseconds, then sleep: spinning on takes the core from others,
# sleeping at once makes every small operation wait to be woken.
export GOMP_SPINCOUNT ?= 10000
# pip's own settings must not add other indexes or files to what the lock says.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: report test coverage trust compat lint facts bench lock clean

report: .venv/installed  ## run every chapter, write report/_build/html/index.html
	$(BIN)/colorkit report --profile $(PROFILE)

# As many at a time as there are cores, each on one; a file, or a notebook, stays in one process.
WORKERS ?= auto
test: .venv/installed lint  ## the whole test suite, nbval on the notebooks included
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope \
	  --nbval-lax --nbval-current-env tests notebooks

coverage: .venv/installed  ## which lines and branches of the package the tests do not reach
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(TESTS) --cov

trust: .venv/installed  ## damaged files, kills, lost connections, hostile input, by the thousand
	COLORKIT_TRUST=full $(BIN)/python -m pytest tests/trust

PYTHONS ?= 3.11 3.13
RESOLUTIONS ?= lowest-direct highest
TESTS ?= tests
# --no-config: not the pair of torch and torchvision that the lock is held to.
compat: .venv/installed  ## the suite on other Pythons, with the oldest and the newest versions
	@set -e; for python in $(PYTHONS); do for kind in $(RESOLUTIONS); do \
	  env=.compat/$$python-$$kind; echo "== Python $$python, $$kind"; \
	  $(BIN)/uv venv --quiet --clear --python $$python $$env; \
	  $(BIN)/uv pip install --quiet --no-config --python $$env/bin/python --resolution $$kind \
	    -e ".[dev,export,shards,formats]"; \
	  OMP_NUM_THREADS=1 $$env/bin/python -m pytest -n $(WORKERS) --dist loadscope $(TESTS); \
	done; done

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/installed  ## speeds beside a plain implementation, all or PARTS="training growth"
	$(BIN)/python -m benchmarks $(PARTS)

facts: report  ## renew the outputs that nbval compares
	$(BIN)/python -m colorkit.report.notebooks

# Exactly what requirements.lock says, hashes checked. uv comes first, from the same lock, because
# it downloads in parallel; the stamp is written last, so a broken installation is made again.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" || \
	  { echo "colorkit needs Python 3.11 to 3.13; run make PYTHON=python3.12, say"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

# The newest versions that pyproject.toml admits, for Linux and macOS, Python 3.11 to 3.13.
lock:
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra export --extra shards --extra formats --universal \
	  --python-version 3.11 --generate-hashes --no-header --output-file requirements.lock $(LOCK)

clean:  ## everything made here but the trainings and the decoded images
	rm -rf report/_build
