"""The servers that are measured, as data: how each is filled, started and spoken to.

Those in Python have a database each on the one PostgreSQL, two processes of gunicorn's threads, and connections to
the database that they keep.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.token.load import Load
from bench.token.works import CHALLENGE

NODE = Path(__file__).parent / "node"
PROCESSES, THREADS = 2, 8
REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/9")
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
FAMILIES, BEARERS = (12, 8) if SMOKE else (200, 32)  # refresh tokens and access tokens that works begin with
ENOUGH = 10**9  # for limits that count and never refuse
LIMITS = ("authorize", "token", "client_failure", "profile")


@dataclass(frozen=True, slots=True)
class Kind:
    """`seed`: the module that fills its database and writes BENCH_SEEDS; "" for one that has none and writes
    them itself. `most`: requests a second that it does not reach, for the number of codes made ahead.
    """

    title: str
    settings: str
    seed: str
    command: tuple[str, ...]
    paths: Mapping[str, str]
    scope: str
    most: int
    environment: Mapping[str, str]

    def codes(self, spec: Load, times: int) -> int:
        """How many of each kind `times` measurements need, and what other works begin with."""
        return int(self.most * (spec.seconds + spec.warm_up_seconds) * times) + FAMILIES + BEARERS + 8


GUNICORN = (sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", "--preload")
STOCK = Kind(
    title="toolkit, stock",
    settings="bench.token.stock.settings",
    seed="bench.token.stock.seed",
    command=(
        *GUNICORN,
        *("--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(THREADS)),
        *("--keep-alive", "15", "--log-level", "warning"),
    ),
    paths={"token": "/o/token/", "profile": "/profile", "authorize": "/o/authorize/", "empty": "/empty"},
    scope="read",
    most=1000,
    environment={},
)
KINDS = {
    "gatehouse": Kind(
        title="Gatehouse",
        settings="bench.token.settings",
        seed="bench.token.seed",
        command=(sys.executable, "manage.py", "serve", "--no-worker"),
        paths={
            "token": "/api/oauth/v1/token",
            "profile": "/auth/v1/profile",
            "authorize": "/api/oauth/v1/authorize",
            "empty": "/bench/empty",
            "counted": "/bench/counted",
        },
        scope="user:read",
        most=4000,
        environment={
            "GATEHOUSE_PROFILE": "production",
            "GATEHOUSE_BASE_URL": "https://id.bench.example",
            "GATEHOUSE_TRUSTED_PROXIES": "127.0.0.1",
            "GATEHOUSE_SECRET_KEY": "bench" * 10,
            "GATEHOUSE_ENCRYPTION_KEYS": "Q0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0lfQ0k=",
            "GATEHOUSE_EMAIL_URL": "smtp://127.0.0.1:25",
            "GATEHOUSE_REDIS_URL": REDIS,
            "GATEHOUSE_CODE_SECONDS": "86400",
            "GATEHOUSE_RATE_LIMITS": ",".join(f"{name}={ENOUGH}/60" for name in LIMITS),
            "GATEHOUSE_WEB_CONCURRENCY": str(PROCESSES),
            "GATEHOUSE_WEB_THREADS": str(THREADS),
        },
    ),
    "stock": STOCK,
    "stock-unhashed": replace(STOCK, title="toolkit, unhashed, hardened", environment={"STOCK_HARDENED": "yes"}),
    "oidc-provider": Kind(
        title="oidc-provider, in memory",
        settings="",
        seed="",
        command=("node", str(NODE / "server.mjs")),
        paths={"token": "/token", "empty": "/empty"},
        scope="user:read",
        most=6000,
        environment={"NODE_ENV": "production", "BENCH_CHALLENGE": CHALLENGE},
    ),
}
