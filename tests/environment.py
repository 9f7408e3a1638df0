"""The environment of every test. A plugin (`-p`), as pytest-django reads the settings before any conftest."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("GATEHOUSE_PROFILE", "embedded")
os.environ.setdefault("GATEHOUSE_BASE_URL", "http://localhost:8000")
os.environ.setdefault("GATEHOUSE_VAR", str(Path(tempfile.gettempdir()) / f"gatehouse-tests-{os.getuid()}"))
(Path(os.environ["GATEHOUSE_VAR"]) / "static").mkdir(mode=0o700, parents=True, exist_ok=True)
