.PHONY: help train test test-slow fuzz soak test-cluster lint clean
PYTHON ?= python3
BIN := .venv/bin

help:
	@echo "make train      set up .venv, train on dataset/, tag the pictures in examples/"
	@echo "make test       lint, type check and run the tests; WEB_PHOTOS=FOLDER and MULAN_DATA=FOLDER: also"
	@echo "                those on photos from the web and on the ARFF files of Mulan"
	@echo "make test-slow  the tests that take minutes"
	@echo "make fuzz       20,000 broken files of each picture format through the decoders"
	@echo "make soak       the tests that kill and crowd it, at full size"
	@echo "make test-cluster  the tests that kill workers of several"
	@echo "make clean      remove .venv and what the commands left behind"

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
	$(BIN)/python -m pytest -m soak -s tests/images/test_fuzz.py

soak: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m soak

test-cluster: .venv/requirements-dev.stamp
	$(BIN)/python -m pytest -m cluster

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache fashion.model fashion.model.checkpoint mlb.pickle plot.png metrics.json tags.csv tags.parquet
	rm -f .*.unfinished-*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
