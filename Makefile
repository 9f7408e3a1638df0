# Gatehouse. `make help` lists what there is.

# What Python has compiled is kept beside what is installed, also where the environment keeps none: half of each start is that.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run screens test check matrix audit nightly bench bench-usage docs words sbom clean

help:
	@echo "Run"
	@echo "  make run      start Gatehouse for development; PORT=8080 HOST=localhost make run for another address"
	@echo "  make screens  pictures of every page and mail, at 360 and 1280 px, light and dark, into var/screens (needs Chromium)"
	@echo ""
	@echo "Prove"
	@echo "  make test     everything that needs no server, on SQLite"
	@echo "  make check    what continuous integration runs: every lane, with PostgreSQL, Redis and a browser"
	@echo "  make matrix   rows of the contract and of docs/attacks.md, with the tests that prove each"
	@echo "  make audit    known vulnerabilities in the locks, secrets in the repository"
	@echo "  make nightly  the long versions; writes docs/nightly.md, docs/security.md and docs/reliability.md"
	@echo "  make bench-usage  the part of it about metering"
	@echo "  make bench    measures, on PostgreSQL and Redis; writes docs/performance.md, which is committed"
	@echo ""
	@echo "Keep"
	@echo "  make docs     write docs/errors.md anew from the code"
	@echo "  make words    bring locale/ up to date with the code (needs GNU gettext); what is new is then to be translated"
	@echo "  make sbom     write the bill of materials (CycloneDX) to var/gatehouse.cdx.json"
	@echo "  make clean    remove what the commands above made: .venv, var, caches"

run:
	@bin/bootstrap run
	@GATEHOUSE_PROFILE=$${GATEHOUSE_PROFILE:-embedded} exec .venv/bin/python manage.py serve

screens:
	@bin/bootstrap dev
	@rm -rf var/screens && mkdir -p var/screens
	@GATEHOUSE_PICTURES=var/screens .venv/bin/python -m pytest -m browser -n auto --dist worksteal tests/browser/test_all_pages.py && echo var/screens

test:
	@bin/bootstrap dev
	@exec bin/test

check:
	@exec bash .ci/run

matrix:
	@bin/bootstrap dev
	@exec .venv/bin/python -W ignore -m tests.contract.matrix

audit:
	@bin/bootstrap dev
	@.venv/bin/python -m tests.lanes.advisories && bin/secrets

nightly:
	@bin/bootstrap dev
	@.venv/bin/python -m tests.nightly; state=$$?; .venv/bin/python -m tests.security_report && exit $$state

bench-usage:
	@bin/bootstrap dev
	@exec .venv/bin/python -m bench.run usage

bench:
	@bin/bootstrap dev
	@BENCH_FULL=1 exec .venv/bin/python -m bench.run

docs:
	@bin/bootstrap dev
	@GATEHOUSE_PROFILE=embedded exec .venv/bin/python -W ignore manage.py write_docs

words:
	@bin/bootstrap dev
	@GATEHOUSE_PROFILE=embedded .venv/bin/python -W ignore manage.py makemessages -l de -l zh_Hant --no-obsolete --no-wrap \
		--add-location file -i .venv -i var -i tests -i bench -i examples -i node_modules
	@for po in locale/*/LC_MESSAGES/django.po; do msgfmt --check -o "$${po%.po}.mo" "$$po" || exit 1; done

sbom:
	@mkdir -p var && python3 bin/sbom >var/gatehouse.cdx.json && echo var/gatehouse.cdx.json

clean:
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/lanes/node/node_modules bench/token/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
