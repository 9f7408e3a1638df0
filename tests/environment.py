"""The environment of every test. A plugin (`-p`), as pytest-django reads the settings before any conftest."""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit


def redis_of_this_worker(url: str, worker: str) -> str:
    """A number of its own for each of pytest-xdist's workers: every test flushes the one it uses.

    They count downwards from the number of `url`, as CI's own is the last one.
    """
    number = int(urlsplit(url).path.lstrip("/") or 0) - int(worker.removeprefix("gw") or 0)
    return urlsplit(url)._replace(path=f"/{number % 16}").geturl()


os.environ.setdefault("GATEHOUSE_PROFILE", "embedded")
os.environ.setdefault("GATEHOUSE_BASE_URL", "http://localhost:8000")
os.environ.setdefault("GATEHOUSE_VAR", str(Path(tempfile.gettempdir()) / f"gatehouse-tests-{os.getuid()}"))
(Path(os.environ["GATEHOUSE_VAR"]) / "static").mkdir(mode=0o700, parents=True, exist_ok=True)
if os.environ.get("GATEHOUSE_REDIS_URL"):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    os.environ["GATEHOUSE_REDIS_URL"] = redis_of_this_worker(os.environ["GATEHOUSE_REDIS_URL"], worker)


def examples(few: int, many: int) -> int:
    """How many random examples a test throws: `make test` has two minutes; the lane on PostgreSQL,
    where more can go wrong, takes `many`.
    """
    return many if os.environ.get("GATEHOUSE_DATABASE_URL") else few
