# Two commands: `make report` and `make test`. Both install what they need first. What they do is
# written in make.py, which serves where there is no make.
PYTHON ?= python3
BIN := .venv/bin

# Some systems forbid bytecode; then every kernel compiles torch anew.
unexport PYTHONDONTWRITEBYTECODE
# Threads that wait spin for some microseconds, then sleep: spinning on takes the core from others,
# sleeping at once makes every small operation wait to be woken.
export GOMP_SPINCOUNT ?= 10000
# pip's own settings must not add other indexes or files to what the lock says.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: report test coverage trust compat lint facts bench gpu-pack gpu lock clean

# Settings reach make.py by the environment: `make report PROFILE=photos`.
report:  ## run every chapter, write report/_build/html/index.html
	@$(PYTHON) make.py report

test:  ## the whole test suite, nbval on the notebooks included
	@$(PYTHON) make.py test

lint:
	@$(PYTHON) make.py lint

# As many at a time as there are cores, each on one; a file stays in one process.
WORKERS ?= auto
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

bench: .venv/installed  ## speeds beside a plain implementation, all or PARTS="training growth"
	$(BIN)/python -m benchmarks $(PARTS)

ARCHIVE ?= data/gpu.tar
OUT ?= runs/gpu
MINUTES ?= 14
gpu-pack: .venv/installed  ## the photographs in DATA as one archive, for a machine with a GPU
	$(BIN)/python -m benchmarks.gpu pack $(DATA) $(ARCHIVE)

gpu: .venv/installed  ## there: speeds, the paper's networks, the course, until MINUTES are over
	$(BIN)/python -m benchmarks.gpu run $(ARCHIVE) $(OUT) --minutes $(MINUTES)

facts: report  ## renew the outputs that nbval compares
	$(BIN)/python -m colorkit.report.notebooks

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) make.py install

# The newest versions that pyproject.toml admits, for Linux, macOS and Windows, Python 3.11 to 3.13.
lock:
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra export --extra shards --extra formats --universal \
	  --python-version 3.11 --generate-hashes --no-header --output-file requirements.lock $(LOCK)

clean:  ## everything made here but the trainings and the decoded images
	rm -rf report/_build
