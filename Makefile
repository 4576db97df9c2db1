# Python 3.11 to 3.13 and make are all that is needed: the first target that runs
# makes .venv and installs into it; later ones find it there and install nothing.
VENV ?= .venv
BIN := $(VENV)/bin

# The four original MNIST files, where they lie beside the checkout.
ifeq ($(KERAS_CNN_MANUAL_DIR),)
ifneq ($(wildcard ../shared/mnist/*.gz),)
export KERAS_CNN_MANUAL_DIR := $(abspath ../shared/mnist)
endif
endif

# Two processes, a file of tests each, in the order of tests/conftest.py: TensorFlow
# uses no more cores than that well.
WORKERS ?= -n 2 --dist loadfile --no-loadscope-reorder

COMPONENTS := $(addprefix tests/,activations layers losses conformance)

.PHONY: train test test-other-kernels test-jax test-torch check accuracy bench claims speed docs clean
.DELETE_ON_ERROR:

train: $(VENV)/.train   ## train the article's model, print its accuracy, export it
	$(BIN)/keras-cnn train

test: $(VENV)/.test     ## run the tests
	$(BIN)/python -m pytest $(WORKERS)

# TensorFlow turns oneDNN on by itself only where the CPU has AVX-512 VNNI or better.
test-other-kernels: $(VENV)/.test   ## what computes with the CPU's kernels, with oneDNN turned on, or off where it is on
	TF_ENABLE_ONEDNN_OPTS=$$($(BIN)/python -c 'from tensorflow.python.util import \
	  _pywrap_util_port as port; print(int(not port.IsMklEnabled()))' 2>/dev/null) \
	  $(BIN)/python -m pytest $(WORKERS) tests/layers tests/explain/test_any_model.py \
	  tests/prediction/test_predictor.py

test-jax test-torch: test-%: $(VENV)/.test     ## the hand-written parts on another backend
	KERAS_BACKEND=$* $(BIN)/python -m pytest $(WORKERS) $(COMPONENTS)

accuracy: $(VENV)/.dev  ## error of each activation and loss, ours beside Keras's
	$(BIN)/python benchmarks/accuracy.py

bench: $(VENV)/.dev     ## training speed beside Keras's fit, PyTorch and JAX; BENCH="--quick" for a look
	$(BIN)/python benchmarks/trainer.py $(BENCH)

claims: $(VENV)/.test   ## every claim of the article, run; writes docs/claims.md; CLAIMS=--quick for a look
	$(BIN)/keras-cnn claims run --all $(CLAIMS) --out build/claims --markdown docs/claims.md

speed: $(VENV)/.dev     ## training speed with our parts beside Keras's
	$(BIN)/python benchmarks/parts_speed.py

docs: $(VENV)/.docs     ## the documentation's site, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

check: $(VENV)/.dev     ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) site .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.train: INSTALL = .
$(VENV)/.test: INSTALL = .[test]
$(VENV)/.dev: INSTALL = .[dev]
$(VENV)/.docs: INSTALL = .[docs]
$(VENV)/.train $(VENV)/.test $(VENV)/.dev $(VENV)/.docs: pyproject.toml | $(BIN)/python
	@echo "Installing TensorFlow and what else is needed (once, a minute or two) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '$(INSTALL)'
	@touch $@

# python3 first; then the versions that Debian and Homebrew install under their own names.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version) ..."; \
	    exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "Python 3.11 to 3.13 with its venv module is needed (on Debian: apt install python3 python3-venv)." >&2; \
	exit 1
