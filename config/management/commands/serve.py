import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import STARTED_SECONDS, condition, demo_data
from config.checks import EXIT_CONFIGURATION, port_taken, setting_faults, system_faults, told, unapplied_migrations
from config.serving import Children, Stopped, Web, open_port, stop_on_signals, wait_until_ready
from oauth_provider import keys

READY_WITHIN_SECONDS = 60


class Command(BaseCommand):
    help = (
        "Starts web and worker as one foreground command; SIGTERM or Ctrl+C stops both. "
        "Example: PORT=8080 manage.py serve"
    )
    requires_system_checks = []  # its own, all faults at once, come first

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (default: HOST)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on (default: PORT)")
        parser.add_argument("--no-worker", action="store_true", help="web alone; run `manage.py work` elsewhere")

    def handle(self, *args: Any, host: str, port: int, no_worker: bool, **options: Any) -> None:
        opened = self.open_or_refuse(host, port)
        stop_on_signals()
        children = Children()
        try:
            if settings.EMBEDDED:
                self.prepare()
            with metrics_folder():
                self.start(children, opened, with_worker=not no_worker)
                self.greet(host, port)
                ended = children.wait()
        except Stopped:
            self.stdout.write("Stopped.")
            return
        finally:
            children.stop()
        raise CommandError(f"the {ended} process ended by itself; its log says why")

    def open_or_refuse(self, host: str, port: int) -> socket:
        """The bound port. Where anything is wrong: says all of it and exits 78, nothing opened."""
        faults = setting_faults() + system_faults()
        try:
            opened = open_port(host, port)
        except OSError as failure:
            faults.append(port_taken(host, port, failure.strerror or type(failure).__name__))
        if faults:
            self.stderr.write(told(sorted(faults, key=lambda fault: fault.code)))
            sys.exit(EXIT_CONFIGURATION)
        return opened

    def prepare(self) -> None:
        """What one machine alone may do by itself: tables, demo data, keys."""
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        if unapplied_migrations():
            call_command("migrate", verbosity=0, skip_checks=True)
        demo_data.seed(timezone.now())
        keys.rotate(timezone.now())

    def start(self, children: Children, opened: socket, *, with_worker: bool) -> None:
        children.start("web", Web(opened).run)
        opened.close()  # the web's alone, or who calls while it stops would be let in by nobody
        if with_worker:
            children.start("worker", work)

    def greet(self, host: str, port: int) -> None:
        is_ready = wait_until_ready(host, port, seconds=READY_WITHIN_SECONDS)
        state = "development" if settings.EMBEDDED else "production"
        self.stdout.write(f"Gatehouse {settings.VERSION}   {state}\n\n")
        for line in condition.lines(timezone.now()):
            self.stdout.write(str(line))
        self.stdout.write("")
        if settings.EMBEDDED:
            staff = demo_data.PEOPLE[0]
            self.stdout.write(f"  Try it   {settings.BASE_URL}/demo")
            self.stdout.write("  Device   python3 examples/device_login.py")
            self.stdout.write("  Agent    python3 examples/agent_login.py")
            self.stdout.write(f"  Admin    {settings.BASE_URL}/admin/   {staff.email} / {staff.password}")
        self.stdout.write(f"  API      {settings.BASE_URL}/docs\n\n")
        seconds = time.monotonic() - STARTED_SECONDS
        self.stdout.write(
            f"Ready in {seconds:.1f} s. Ctrl+C stops."
            if is_ready
            else f"/readyz did not answer within {READY_WITHIN_SECONDS} s; still trying. Ctrl+C stops."
        )


@contextmanager
def metrics_folder() -> Iterator[None]:
    """Where several processes add up their metrics; gone with them."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def work() -> None:
    # By its name: counters look for `metrics_folder` when their module is first imported, and
    # imported before it the worker's would be in its own memory alone.
    call_command("work")
