"""A folder with a SQLite database and files for each project, on this machine.

Settings: `root` (optional), the folder of all projects; default EMBEDDED_PROJECTS.
A project's folder is named by its id, and a file lock of that name is held through a verb,
so a worker that was stopped and goes on later never works beside its successor.
"""

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings as django_settings

from partnership.provisioners.base import Busy, Done, Driver, DriverError, Measurement, Spec, State, Step

SCHEMA = "CREATE TABLE IF NOT EXISTS project (id TEXT PRIMARY KEY, created_at TEXT DEFAULT CURRENT_TIMESTAMP)"


class EmbeddedDriver(Driver):
    @property
    def root(self) -> Path:
        return Path(str(self.settings.get("root") or django_settings.EMBEDDED_PROJECTS))

    def folder(self, spec: Spec) -> Path:
        return self.root / spec.project_id

    def reach(self) -> None:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as fault:
            message = "The folder of projects can't be written."
            raise DriverError("not_writable", message, is_retryable=True, detail=str(fault)) from None

    def create(self, spec: Spec, step: Step, state: State) -> Done:
        with self.lock(spec):
            step("folder")
            folder = self.folder(spec)
            (folder / "files").mkdir(mode=0o700, parents=True, exist_ok=True)
            step("database")
            (folder / "project.sqlite3").touch(mode=0o600)
            with closing(sqlite3.connect(folder / "project.sqlite3")) as database, database:
                database.execute(SCHEMA)
                database.execute("INSERT OR IGNORE INTO project (id) VALUES (?)", [spec.project_id])
            step("settings")
            self.write_settings(spec, "active")
            step("finish")
        return Done()

    def pause(self, spec: Spec, step: Step, state: State) -> Done:
        return self.change(spec, step, "paused")

    def restore(self, spec: Spec, step: Step, state: State) -> Done:
        return self.change(spec, step, "active")

    resize = restart = restore

    def delete(self, spec: Spec, step: Step, state: State) -> Done:
        with self.lock(spec) as lock:
            step("settings")
            # First what makes it a project: a folder without settings is open to nobody.
            (self.folder(spec) / "settings.json").unlink(missing_ok=True)
            step("folder")
            shutil.rmtree(self.folder(spec), ignore_errors=True)
            if self.folder(spec).exists():
                raise DriverError("folder_in_use", "The project's folder can't be removed.", is_retryable=True)
            step("lock")
            lock.unlink(missing_ok=True)
        return Done()

    def measure(self, spec: Spec) -> Measurement:
        folder = self.folder(spec)
        if not (folder / "settings.json").exists():
            raise DriverError("not_found", "The project has no folder.", is_retryable=False)
        databases = folder.glob("project.sqlite3*")
        files = (path for path in (folder / "files").rglob("*") if path.is_file())
        return Measurement(total_bytes(databases), total_bytes(files))

    def change(self, spec: Spec, step: Step, condition: str) -> Done:
        self.check_exists(spec)  # before the lock, whose file would be all there is
        with self.lock(spec):
            step("settings")
            self.check_exists(spec)
            self.write_settings(spec, condition)
            step("permissions")
            (self.folder(spec) / "project.sqlite3").chmod(0o600 if condition == "active" else 0o000)
            step("finish")
        return Done()

    def check_exists(self, spec: Spec) -> None:
        if not self.folder(spec).exists():
            raise DriverError("not_found", "The project has no folder.", is_retryable=False)

    def write_settings(self, spec: Spec, condition: str) -> None:
        """Replaces the file in one move: who reads it never sees half of it."""
        target = self.folder(spec) / "settings.json"
        draft = target.with_suffix(".draft")
        text = {
            "condition": condition,
            "appkey": spec.appkey,
            "instance_type": spec.instance_type,
            "connection_limit": spec.connection_limit,
            "volume_size_gib": spec.volume_size_gib,
            "service_version": spec.service_version,
        }
        draft.write_text(json.dumps(text))
        draft.replace(target)

    @contextmanager
    def lock(self, spec: Spec) -> Iterator[Path]:
        """Holds the project; the system frees it when the process dies. Raises Busy."""
        path = self.root / ".locks" / spec.project_id
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy from None
            if not path.exists() or path.stat().st_ino != os.fstat(handle).st_ino:
                raise Busy  # a delete took the file away while we waited for it
            yield path
        finally:
            os.close(handle)


def total_bytes(paths: Iterator[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
