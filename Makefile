# `make demo` and `make test` set up what they need below .venvs/ and then do what they say.

ifndef PYTHON
PYTHON := $(shell sh .ci/python)
endif
VENV := .venvs/dev
COUNT ?= 200
RUN := $(VENV)/bin/python
DEMO := .venvs/demo
SITE := build/docs
AIRFLOW := $(CURDIR)/.venvs/airflow/bin/python
JOBS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')# one more than cores: the node's tests mostly wait

.PHONY: demo releases test test-quick test-metaflow nightly check golden docs ui bench engines try venv clean

demo: $(DEMO)/ready .venvs/compile/ready  ## compile examples/wine to every target, validate, run it here, show the result
	@$(PYTHON) examples/demo.py --compiler .venvs/compile/bin/python --runner $(DEMO)/bin/python

# What the node needs is built while the other tests run; the first test on the node waits for it. Each process of the tests reads what the first
# has compiled of them, whatever the environment says of bytecode.
test: check $(VENV)/ready .venvs/airflow/ready .venvs/metaflow/ready  ## every check and test, on real engines too; REPORT=FILE for a table of what ran on them
	@$(RUN) -m tests.engines.kubernetes.build > /dev/null & \
	PYTHONDONTWRITEBYTECODE= FLOWC_AIRFLOW_PYTHON=$(AIRFLOW) $(RUN) -m pytest -n $(JOBS) --dist loadgroup -m "not nightly and not metaflow" $(if $(REPORT),--report=$(REPORT)) $(ARGS)

test-quick: $(VENV)/ready  ## what needs no engine: a few minutes
	$(RUN) -m pytest -n $(JOBS) -m "not slow and not engine and not node and not nightly and not metaflow" $(ARGS)

test-metaflow: $(VENV)/ready .venvs/metaflow/ready  ## the flows of tests/differential with Metaflow itself, against what is recorded of it (several minutes)
	$(RUN) -m pytest -n $(JOBS) -m metaflow $(ARGS)

nightly: engines  ## COUNT random flows on every engine (one that fails is made small and kept in tests/flows), other releases, 20,000 mutated sources, 2,000 kills
	FLOWC_RANDOM=$(COUNT) FLOWC_AIRFLOW_PYTHON=$(AIRFLOW) $(RUN) -m pytest -n 3 --dist loadgroup -m nightly $(ARGS)
	$(MAKE) releases
	FLOWC_FUZZ=20000 FLOWC_FUZZ_SEED=$$(date +%s) FLOWC_CHAOS=2000 $(RUN) -m pytest -n $(JOBS) tests/fuzz tests/runtime_shim/local/test_chaos.py

# Each release of Argo is built the first time, in three to ten minutes; each of Airflow is installed in one.
releases: $(VENV)/ready .venvs/airflow/ready  ## every feature flow on the releases of Argo and of Airflow that `make test` does not run (tests/engines/versions.py)
	releases=$$($(RUN) -m tests.engines.versions argo) || exit 1; for each in $$releases; do \
	    FLOWC_ARGO=$$each FLOWC_AIRFLOW_PYTHON=$(AIRFLOW) $(RUN) -m pytest -n 3 --dist loadgroup tests/engines/test_features.py tests/engines/test_argo.py -k "argo" $(ARGS) || exit 1; \
	done
	releases=$$($(RUN) -m tests.engines.versions airflow) || exit 1; for each in $$releases; do \
	    $(RUN) -m tests.engines.airflow_environment $$each .venvs/airflow-$$each || exit 1; \
	    FLOWC_AIRFLOW_PYTHON=$(CURDIR)/.venvs/airflow-$$each/bin/python $(RUN) -m pytest -n 3 --dist loadgroup tests/engines/test_features.py tests/engines/test_airflow.py \
	        -k "airflow and not pods" $(ARGS) || exit 1; \
	done

engines: $(VENV)/ready .venvs/airflow/ready  ## build the parts of the engines ahead, into ~/.cache/flowc (about 15 minutes, once; needs to be root)
	$(RUN) -m tests.engines.object_stores
	$(RUN) -m tests.engines.kustomize
	$(RUN) -m tests.engines.argo_events
	$(RUN) -m tests.engines.image_registry
	$(RUN) -m tests.engines.pyodide
	$(RUN) -m tests.engines.browser
	$(RUN) -m tests.engines.kubernetes.build

try: $(VENV)/ready .venvs/airflow/ready  ## ENGINE=argo|step-functions|airflow FLOW=flow.py ARGS='--alpha 0.5': run any flow on a real engine, and dump it
	@FLOWC_AIRFLOW_PYTHON=$(AIRFLOW) $(RUN) -m tests.engines.attempt $(ENGINE) $(FLOW) $(ARGS)

check: $(VENV)/ready  ## ruff, mypy --strict, templates and the decorators' modules up to date
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(RUN) -m flowc.templates.build --check
	$(RUN) -m flowc.compiler.decorators._build --check
	$(RUN) tests/support/typecheck.py

golden: $(VENV)/ready  ## regenerate what is kept for review: emitted specs, recorded diagnostics, generated pages, sessions in the docs
	$(RUN) -m flowc.templates.build
	$(RUN) -m flowc.compiler.decorators._build
	$(RUN) -m tests.golden.regenerate
	$(RUN) -m tests.compiler.report.test_diagnostic_fixtures
	$(RUN) -m tests.support.diagnostic_pages
	$(RUN) -m tests.support.decorator_page
	$(RUN) -m tests.support.cards_page
	$(RUN) -m tests.support.sessions

docs: .venvs/docs/ready  ## build the documentation site into build/docs; a link that leads nowhere fails it
	.venvs/docs/bin/python -m sphinx -b html -W --keep-going -q -j auto -c docs/site docs $(SITE)

ui:  ## build the script and the style of pages from flowc/pages/ui (needs node)
	cd flowc/pages/ui && npm ci --silent --no-audit --no-fund && npm run --silent build

bench: $(VENV)/ready .venvs/metaflow/ready  ## ratios against peers and physical limits, all in one run
	$(RUN) -m benchmarks --metaflow .venvs/metaflow/bin/python

venv: $(VENV)/ready  ## the developer's environment: . .venvs/dev/bin/activate

$(VENV)/ready: pyproject.toml setup.py .ci/quick_start.py
	$(PYTHON) .ci/environment.py $(VENV) -e ".[dev]"
	$(RUN) .ci/quick_start.py

.venvs/compile/ready: pyproject.toml setup.py
	@$(PYTHON) .ci/environment.py .venvs/compile -e ".[validate]"

$(DEMO)/ready: pyproject.toml setup.py examples/wine/requirements.txt
	@$(PYTHON) .ci/environment.py $(DEMO) -e . -r examples/wine/requirements.txt

.venvs/docs/ready: pyproject.toml setup.py
	$(PYTHON) .ci/environment.py .venvs/docs -e ".[docs]"

.venvs/airflow/ready: tests/engines/airflow-requirements.txt
	$(PYTHON) .ci/environment.py .venvs/airflow -r tests/engines/airflow-requirements.txt

.venvs/metaflow/ready: benchmarks/metaflow-requirements.txt
	$(PYTHON) .ci/environment.py .venvs/metaflow -r benchmarks/metaflow-requirements.txt

clean:  ## remove what the targets above made
	rm -rf build .venvs .flowc
