.PHONY: help train test test-slow fuzz soak test-cluster lint docs clean
PYTHON ?= python3
BIN := .venv/bin

help:
	@echo "make train         create .venv, train on dataset/, tag the pictures in examples/"
	@echo "make test          check style, types and imports, and run the tests; those that need"
	@echo "                   photos from the web or Mulan's ARFF files only with"
	@echo "                   WEB_PHOTOS=FOLDER or MULAN_DATA=FOLDER"
	@echo "make lint          check style, types and imports only"
	@echo "make docs          write docs/commands.md from the help of the commands"
	@echo "make test-slow     the tests that take minutes"
	@echo "make test-cluster  the tests of --workers that start and kill processes"
	@echo "make fuzz          20,000 broken files of each image format through the decoders"
	@echo "make soak          the tests of killed processes and scarce resources, at full size"
	@echo "make clean         delete .venv and what the commands have written"

.venv/requirements.stamp: requirements.txt tools/ensure_opencv.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python tools/ensure_opencv.py
	touch $@

.venv/requirements-dev.stamp: .venv/requirements.stamp requirements-dev.txt requirements-ray.txt requirements-audit.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python tools/ensure_opencv.py
	touch $@

train: .venv/requirements.stamp
	$(BIN)/python train.py
	$(BIN)/python classify.py --image examples

lint: .venv/requirements-dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo --no-cache

test: lint
	$(BIN)/python -m pytest

test-slow: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m slow

fuzz: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m soak -s tests/robustness/test_fuzz_images.py

soak: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m soak

test-cluster: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m cluster

docs: .venv/requirements.stamp
	$(BIN)/python -m tools.write_commands

clean:
	rm -rf .venv .cache build *.egg-info .mypy_cache .pytest_cache .ruff_cache fashion.model fashion.model.checkpoint mlb.pickle plot.png metrics.json tags.csv tags.parquet
	rm -f .*.unfinished-*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
