"""The environment of every test. A plugin (`-p`), as pytest-django reads the settings before any conftest."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("GATEHOUSE_PROFILE", "embedded")
os.environ.setdefault("GATEHOUSE_BASE_URL", "http://localhost:8000")
os.environ.setdefault("GATEHOUSE_VAR", str(Path(tempfile.gettempdir()) / f"gatehouse-tests-{os.getuid()}"))
if redis := os.environ.get("GATEHOUSE_REDIS_URL"):
    # Tests empty their cache: parallel workers need a database each, counted down from the one given.
    url, _, number = redis.rpartition("/")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["GATEHOUSE_REDIS_URL"] = f"{url}/{(int(number) - worker) % 16}"
(Path(os.environ["GATEHOUSE_VAR"]) / "static").mkdir(mode=0o700, parents=True, exist_ok=True)
