"""Fixtures for every test: the embedded profile, a folder of its own, no socket but loopback."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("GATEHOUSE_PROFILE", "embedded")
os.environ.setdefault("GATEHOUSE_BASE_URL", "http://localhost:8000")
os.environ.setdefault("GATEHOUSE_VAR", str(Path(tempfile.gettempdir()) / f"gatehouse-tests-{os.getuid()}"))
