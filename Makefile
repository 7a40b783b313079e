# Everything works from a fresh clone with git, make and Python 3.11 or newer.
#
#   make demo EXTRAS=torch,test        install other extras of pyproject.toml
#   make demo PYTHON=python3.12        choose the Python that .venv is made from
#   make test ARGS="-k kl"             hand arguments to pytest
#   make test WORKERS=0                in one process, as a debugger wants it
#   make nbval LABS=vae_2d             one solution instead of all
#   make nbval PROFILE=full            with the numbers of the text (minutes on a GPU, half an hour without)

EXTRAS ?= torch,jax,pyro,docs,test
ARGS ?=
LABS ?=
PROFILE ?= quick
WORKERS ?= logical
READY := .venv/.ready-$(EXTRAS)
COMPILE := pip-compile --all-extras --strip-extras --annotation-style=line --no-emit-options \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file=constraints.txt pyproject.toml

# Two threads on a busy machine take longer than one. Tests run on all cores, in processes of one thread each.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PYTHON

.DELETE_ON_ERROR:
.PHONY: help setup demo test nbval gpu build site links pins clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## grade a sample class and show the report
	.venv/bin/vaelabs demo

test: $(READY) ## check the generated notebooks, then run the tests
	.venv/bin/vaelabs build --check
	.venv/bin/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal $(ARGS)

nbval: $(READY) ## run the solutions under nbval, as a test does
	.venv/bin/python tools/run_solutions --profile $(PROFILE) $(LABS)

gpu: $(READY) ## what the GPU runner does; PROFILE=full there
	.venv/bin/python tools/run_solutions --profile $(PROFILE) --keep report/gpu $(LABS)

build: $(READY) ## labs/ to source/, release/ and solutions/
	.venv/bin/vaelabs build

site: $(READY) ## docs/ and the released labs as pages, in build/site; needs no network
	.venv/bin/python -m sphinx -q -W --keep-going -d build/doctrees docs build/site
	@echo "The site: build/site/index.html"

links: $(READY) ## ask every address that the site points to; needs a network
	.venv/bin/python -m sphinx -q -b linkcheck -d build/doctrees docs build/links

setup: $(READY) ## make .venv; the other targets do so by themselves

$(READY): pyproject.toml constraints.txt tools/setup
	@tools/setup "$(EXTRAS)"
	@touch $@

# Resolved with the oldest Python 3.11 at hand, as Debian's 3.11.2, so that the pins fit every later one.
# A build of torch for one kind of machine calls itself 2.13.0+cpu; the pin is to fit every machine.
pins: ## resolve constraints.txt anew; COMPILE_ARGS=--upgrade for newer versions
	$(or $(PYTHON),python3.11) -m venv build/pins
	build/pins/bin/python -m pip install -qq --disable-pip-version-check 'pip-tools>=7.5'
	CUSTOM_COMPILE_COMMAND='make pins, which runs: $(COMPILE) (and drops the +cpu of torch)' \
		build/pins/bin/$(COMPILE) --quiet $(COMPILE_ARGS)
	sed 's/^\(torch==[0-9.]*\)+[a-z0-9.]*/\1/' constraints.txt > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean: ## remove .venv, the demo and caches; a class's work stays
	rm -rf .venv demo build *.egg-info .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
