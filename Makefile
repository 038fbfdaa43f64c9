# Everything sets itself up: Python 3.11 or newer with venv, and make, are all that is needed.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.ready

# Compiled code is kept: compiling the program and rewriting the tests' assertions takes each process up to 5 s.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo script test test-slow test-postgresql check faults bench anonymity gallery lint types lock clean

demo: $(STAMP)
	$(RUN)/koolla demo

# The whole loop unattended, with a transcript and the digest's picture in demo-output.
script: $(STAMP)
	$(RUN)/koolla demo --script --language $(or $(LANGUAGE),fi)

test: $(STAMP)
	$(RUN)/python -m pytest -m 'not slow'

# What takes minutes: a year of simulated time, and small parts of what `make faults` does.
test-slow: $(STAMP)
	$(RUN)/python -m pytest -m slow

# The tests that stand on a database once more, on PostgreSQL (its server comes with the tests' packages).
test-postgresql: $(STAMP)
	TEST_DATABASE=postgresql $(RUN)/python -m pytest -m 'not slow'

check: lint types test

lint: $(STAMP)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

types: $(STAMP)
	$(RUN)/mypy

# The program killed and starved at random, with a table of what was lost. make faults FAULTS="--only polling --seed 7"
faults: $(STAMP)
	$(RUN)/python -m tests.faults $(FAULTS)

# Speed, memory and start beside plain peers, which get an environment of their own. make bench BENCH="--only taps --rounds 5"
bench: $(STAMP) $(BENCH_STAMP)
	$(RUN)/python -m tests.bench $(BENCH)

# What an attacker with the whole database can tell, in a table. make anonymity ANONYMITY="--seeds 2 --only sqlite"
anonymity: $(STAMP)
	$(RUN)/python -m tests.anonymity $(ANONYMITY)

gallery: $(STAMP)
	$(RUN)/python -m tests.gallery

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Koolla needs Python 3.11 or newer: install it (Debian/Ubuntu: apt install python3 python3-venv) or say where it is: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "Python's venv module is missing: install it (Debian/Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

$(BENCH_STAMP): tests/bench/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $(BENCH_STAMP)

# For whoever changes dependencies: writes versions and hashes, names no registry. The second holds no test tools.
lock:
	uv lock --quiet
	uv export --quiet --no-emit-project --all-extras --format requirements-txt --no-annotate --no-header -o requirements.lock
	uv export --quiet --no-emit-project --no-dev --group build --all-extras --format requirements-txt --no-annotate --no-header -o requirements-run.lock
	rm -f uv.lock

clean:
	rm -rf $(VENV) $(BENCH_VENV) build *.egg-info
