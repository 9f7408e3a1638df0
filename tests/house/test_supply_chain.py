"""What is installed is known, pinned, and looked at: locks, the bill of materials, advisories, the hooks."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from django.conf import settings

from tests.lanes.advisories import CLIENTS_LOCK, LOCKS, read, told

ROOT = settings.ROOT
PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def named_in(lock):
    return dict(PACKAGE.findall((ROOT / lock).read_text()))


def bill(lock):
    command = [sys.executable, ROOT / "bin" / "sbom", ROOT / lock]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("lock", [*LOCKS, CLIENTS_LOCK])
def test_each_package_is_pinned_with_its_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)

    assert [block.splitlines()[0] for block in blocks if block.strip() and not HASH.search(block)] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_a_larger_lock_has_the_smaller_one_in_it():
    small, tracing, large = (named_in(lock) for lock in LOCKS[:3])

    assert small.items() <= tracing.items() <= large.items()


@pytest.mark.parametrize("lock", LOCKS[:2])
def test_the_bill_of_materials_is_valid_and_names_every_package(lock):
    text = bill(lock)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {part["name"]: part["version"] for part in json.loads(text)["components"]}
    assert parts == {name.lower(): version for name, version in named_in(lock).items()}
    assert all(part["hashes"] for part in json.loads(text)["components"])


def test_the_bill_of_materials_says_what_needs_what_and_is_the_same_each_time():
    first, second = bill(LOCKS[0]), bill(LOCKS[0])
    versions = named_in(LOCKS[0])
    needs = {row["ref"]: row["dependsOn"] for row in json.loads(first)["dependencies"]}

    assert first == second
    assert f"pkg:pypi/django@{versions['django']}" in needs["gatehouse"]
    assert f"pkg:pypi/sqlparse@{versions['sqlparse']}" in needs[f"pkg:pypi/django@{versions['django']}"]


def test_an_advisory_is_told_with_its_mend():
    report = {"dependencies": [
        {"name": "a", "version": "1", "vulns": []},
        {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
    ]}  # fmt: skip

    assert read(report).vulnerable == ["b 2: PYSEC-1, mended in 2.1"]


def test_silence_of_the_service_is_no_all_clear():
    silent = read({"dependencies": [{"name": "a", "skip_reason": "not found"}]})

    assert "NOT answered for 1 of 1" in told("x.lock", silent)
    assert "NOT reached" in told("x.lock", None)


def test_the_hooks_are_the_tools_of_the_lock():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert repository["repo"] == "local"  # nothing is fetched
    for hook in repository["hooks"]:
        program = hook["entry"].split()[0]
        assert program.startswith(".venv/bin/") or (ROOT / program).exists()
        assert hook["language"] == "system"


def test_the_rules_on_security_are_on():
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]

    assert "S" in ruff["select"]
    assert [rule for rule in ruff["ignore"] if rule.startswith("S")] == ["S101"]  # assert narrows types
