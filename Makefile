# make            the study: environment, images, training, metrics, tables, figures, report
# make NAME       one more experiment of config.yaml, added to the same results: make scaling
# make everything all experiments of config.yaml
# make quick      the same pipeline in about a minute, into results/quick
# make cluster    the study on Slurm; STUDY=NAME for one experiment, PROFILE=path for your own profile
# make kubernetes the plugins for Kubernetes and S3, which its profile needs
# make figures    every figure, table, claim and number again, from the metrics alone, into
#                 results/paper; METRICS=reference takes the published ones, WIDTH=5.5 fits a text
#                 of 5.5 inches, UNTITLED=1 leaves out the titles
# make verify     compares my metrics with the published ones, bit for bit
# make check      linters, types and the fast tests, in a minute or two
# make test       linters, types and tests
# make test-long  kills, full disks, a real Slurm, an emulated ARM, in half an hour
# make publish    adds the experiments of results/ to reference/, docs/figures/ and the README's tables
# make crate      the finished study as an RO-Crate, ro-crate-metadata.json; AUTHOR="Your Name" signs it
# make bench      training compared with its peers, on a GPU, too, if there is one; and the pipeline's
#                 cost (needs a finished `make`)
# make mutants    changes the code in thousands of small ways and counts those that the tests notice
# make lock       rebuilds the lock files from pyproject.toml (needs uv)
# make help       these lines

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python workflow/scripts/run.py
SNAKEMAKE := $(RUN) --cores all
PIP := $(VENV)/bin/python -m ensurepip > /dev/null && \
    $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
# The report, made after the jobs in the same call; it needs no network.
REPORT := --report-after-run --report-stylesheet workflow/report/report.css --report
# The folder that config.yaml names, if a shell can use it. Snakemake explains what is wrong with it better.
RESULTS = $(or $(shell $(VENV)/bin/python -c \
    'import yaml; from fa.plan.results import plain; \
    name = yaml.safe_load(open("config.yaml", "rb")).get("results"); plain(name) and print(name)' \
    2> /dev/null),results)

.PHONY: reproduce everything cluster kubernetes figures lint check test test-long verify publish crate
.PHONY: bench mutants lock help
.DELETE_ON_ERROR:

# STUDY names what runs instead of config.yaml's study: experiments, or quick.
QUICK = $(filter quick,$(STUDY))
FOLDER = $(RESULTS)$(if $(QUICK),/quick)
STUDIED = $(if $(QUICK),--configfile workflow/quick.yaml --config results='$(FOLDER)',$\
    $(if $(STUDY),--config 'study=[$(STUDY)]'))

# What a person reads last.
OUTCOME = @$(VENV)/bin/python -m fa outcome --results '$(FOLDER)'

# The data sets first, in a call of their own: in one call, Snakemake 9.27 leaves the rest undone if the
# rule of an ancient() input has changed.
reproduce: $(VENV)/installed
	$(SNAKEMAKE) download $(STUDIED)
	$(SNAKEMAKE) $(STUDIED) $(REPORT) '$(FOLDER)/report.html'
	$(OUTCOME)

everything:
	$(MAKE) reproduce STUDIED='--config study=all'

# Any other target is an experiment, or quick.
.DEFAULT:
	$(MAKE) reproduce STUDY='$@'

# The data sets are fetched here; everything else runs where the profile says.
PROFILE ?= workflow/profiles/slurm
cluster: $(VENV)/installed
	@case '$(CURDIR)' in *' '*) \
	    echo "error: $(CURDIR): jobs cannot start in a folder with a space in its path; move the checkout" >&2; \
	    exit 1;; esac
	$(VENV)/bin/python workflow/scripts/recover.py --profile $(PROFILE)
	$(SNAKEMAKE) download $(STUDIED)
	$(RUN) --workflow-profile $(PROFILE) \
	    $(STUDIED) $(REPORT) '$(FOLDER)/report.html'
	$(OUTCOME)

kubernetes: $(VENV)/kubernetes/installed

METRICS ?= $(RESULTS)/metrics
WIDTH ?= 6.9
figures: $(VENV)/installed
	$(VENV)/bin/python -m fa paper --metrics '$(METRICS)' --output '$(RESULTS)/paper' \
	    --width $(WIDTH) $(if $(UNTITLED),--untitled)

lint: $(VENV)/installed
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m snakefmt --check workflow
	$(VENV)/bin/python -m mypy

check: lint
	$(SNAKEMAKE) download $(STUDIED)
	$(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile -m 'not slow' tests/unit

test: lint
	$(SNAKEMAKE) --lint
	$(SNAKEMAKE) download $(STUDIED)
	$(VENV)/bin/python -m pytest --numprocesses auto --dist loadfile

test-long: $(VENV)/installed
	$(SNAKEMAKE) download $(STUDIED)
	$(VENV)/bin/python -m pytest tests/reliability tests/cluster

verify: $(VENV)/installed
	$(VENV)/bin/python -m fa verify --metrics '$(RESULTS)/metrics'

publish: $(VENV)/installed
	$(VENV)/bin/python workflow/scripts/publish.py '$(RESULTS)'

# Beside the Snakefile, so that its paths are relative; sed removes this machine's part from those that are
# written in full, and gives schema.org the prefix that RO-Crate asks for (the plugin 0.1 has https).
AUTHOR ?= not named
crate: reproduce $(VENV)/installed-crate
	$(SNAKEMAKE) --reporter fairscape --report-fairscape-author '$(AUTHOR)' \
	    --report-fairscape-name 'Backpropagation against feedback alignment on MNIST' \
	    --report-fairscape-license https://spdx.org/licenses/MIT \
	    --report-fairscape-version "$$(git rev-parse HEAD)"
	sed -i.full -e 's|$(CURDIR)/||g' -e 's|"https://schema.org/"|"http://schema.org/"|' ro-crate-metadata.json
	rm ro-crate-metadata.json.full

bench: $(VENV)/installed-bench
	$(SNAKEMAKE) download $(STUDIED)
	$(VENV)/bin/python -m benchmarks.training
	$(VENV)/bin/python -m benchmarks.roofline
	$(VENV)/bin/python -m benchmarks.gpu
	$(VENV)/bin/python -m benchmarks.pipeline

# In mutants/, where it resumes after an interruption; MUTANTS='fa.evidence*' takes some of them, and
# `.venv/bin/python -m mutmut show NAME` shows one.
mutants: $(VENV)/installed-mutation
	$(SNAKEMAKE) download $(STUDIED)
	$(VENV)/bin/python -m mutmut run $(if $(MUTANTS),'$(MUTANTS)')
	$(VENV)/bin/python -m mutmut results --all true | $(VENV)/bin/python tests/mutants.py

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet
lock:
	$(COMPILE) pyproject.toml --extra test --output-file requirements.lock
	$(COMPILE) --group bench --constraint requirements.lock --output-file requirements-bench.lock
	$(COMPILE) --group crate --constraint requirements.lock --output-file requirements-crate.lock
	$(COMPILE) --group kubernetes --output-file requirements-kubernetes.lock
	$(COMPILE) --group mutation --constraint requirements.lock --output-file requirements-mutation.lock

$(VENV)/installed: requirements.lock
	@'$(PYTHON)' workflow/scripts/install.py $(VENV)

help:
	@sed -n -e '/^#/!q' -e 's/^# //p' Makefile

# PyTorch has builds of one version for CPU and for CUDA, with different hashes: so it is pinned here.
$(VENV)/installed-bench: $(VENV)/installed requirements-bench.lock
	@$(PIP) --require-hashes -r requirements-bench.lock
	@$(PIP) torch==2.13.0
	@touch $@

$(VENV)/installed-crate: $(VENV)/installed requirements-crate.lock
	@$(PIP) --require-hashes -r requirements-crate.lock
	@touch $@

$(VENV)/installed-mutation: $(VENV)/installed requirements-mutation.lock
	@$(PIP) --require-hashes -r requirements-mutation.lock
	@touch $@

# Apart from the rest, because Snakemake imports every installed plugin, and these take long.
$(VENV)/kubernetes/installed: $(VENV)/installed requirements-kubernetes.lock
	@rm -rf $(@D)
	@$(PIP) --no-deps --require-hashes --target $(@D) -r requirements-kubernetes.lock
	@touch $@
