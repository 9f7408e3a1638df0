"""What the documents promise is there."""

import re
import subprocess

from django.conf import settings

from bench import report

ROOT = settings.ROOT
LINK = re.compile(r"\]\(([^)#:]+)\)")


def test_operating_names_every_variable_and_no_other():
    named = set(re.findall(r"GATEHOUSE_[A-Z_]+", (ROOT / "docs" / "operating.md").read_text()))

    assert named == settings.VARIABLES


def test_links_between_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in LINK.findall(document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split()
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert [target for target in phony if f"make {target} " not in shown and target != "help"] == []


def test_the_tour_names_files_that_are_there():
    for name in re.findall(
        r"`((?:config|accounts|tests|oauth_provider)/[\w/]+(?:\.py)?/?)`", (ROOT / "docs" / "tour.md").read_text()
    ):
        assert (ROOT / name).exists(), name


def test_the_page_of_measurements_is_what_was_measured():
    assert report.PAGE.read_text() == report.page()
