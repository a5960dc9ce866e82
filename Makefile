PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOM_GB := 8
# A worker for each core, and a thread for each worker.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive \
    $(BIN)/pytest --numprocesses auto --dist worksteal

.PHONY: bench test test-slow lint docs speed

# One stamp per set of requirements, so that a second `make` installs nothing. torch brings CUDA's libraries, so the
# room on the disk is checked before pip fills it.
$(VENV)/.installed: pyproject.toml constraints.txt
	@test -d $(VENV) || df -Pk . | awk 'NR == 2 && $$4 < $(ROOM_GB) * 1e6 { \
	    printf "installing needs $(ROOM_GB) GB of disk, and %.1f GB are free here: free some, or clone to another disk\n", $$4 / 1e6; \
	    exit 1 }'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[video]'
	mkdir -p $(VENV)/src && ln -sfn ../.. $(VENV)/src/huebench
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

## run every method on the built-in photos, and methods for films on clips made from them; write a report for each
bench: $(VENV)/.installed
	$(BIN)/bench run --methods all --keep-models best
	$(BIN)/bench run --methods gray,huebench-small,smoothed,propagated,oracle-flicker --dataset pan:samples --limit 4

## linters, documentation, tests and doctests
test: $(VENV)/.installed-dev
	$(MAKE) --jobs 2 lint docs
	$(PYTEST)

## the tests that `make test` leaves out because they take longer
test-slow: $(VENV)/.installed-dev
	$(PYTEST) -m slow

## ruff, mypy, import-linter
lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## the documentation, into docs/_build; a warning is an error
docs: $(VENV)/.installed-dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --jobs auto docs docs/_build

## every kernel compared with common alternatives
speed: $(VENV)/.installed-dev
	$(BIN)/bench speed
