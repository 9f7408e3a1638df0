"""What looks like a secret in the repository's files and is not in .secrets.baseline. See bin/secrets."""

import json
import subprocess
import sys

from detect_secrets import SecretsCollection
from detect_secrets.core import baseline

from tests.lanes.server import ROOT

BASELINE = ".secrets.baseline"


def new_secrets(files: list[str]) -> list[str]:
    """Place and kind of each, never the secret itself. A line that only moved is not new."""
    known = baseline.load(json.loads((ROOT / BASELINE).read_text()), BASELINE)
    found = SecretsCollection()
    for name in files:
        if name != BASELINE:
            found.scan_file(name)
    new = sorted((secret.filename, secret.line_number, secret.type) for _, secret in found - known)
    return [f"{filename}:{line}  {kind}" for filename, line, kind in new]


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.split("\0") if name]
    told = new_secrets(files)
    print("\n".join([*told, f"{len(files)} files, {len(told)} new secrets"]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
