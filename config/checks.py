"""Start-up checks: every fault at once, with its cause and its mend (pages.md, "Terminal").

A fault's text holds names of variables and what is public anyway, never a value that may be
a secret.
"""

from __future__ import annotations

import ipaddress
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.encryption import decrypt
from config.faults import Fault
from config.feature_checks import check_clickhouse, check_traces, check_usage_days
from oauth_provider.models import SigningKey

EXIT_CONFIGURATION = 78  # EX_CONFIG of sysexits.h
KEPT_FILES = ("secret_key", "encryption_key", "demo.json")
NO_PROFILE = (
    "GATEHOUSE_PROFILE is not set, so the settings are read as those of production. "
    "Did you mean GATEHOUSE_PROFILE=embedded, as `make run` sets it?"
)
TO_MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
TO_MAKE_A_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


def setting_faults() -> list[Fault]:
    """What is wrong with the settings alone."""
    return [fault for check in SETTING_CHECKS for fault in check()]


def system_faults() -> list[Fault]:
    """What is wrong with what the settings name: files, database, migrations."""
    return [fault for check in SYSTEM_CHECKS for fault in check()]


def told(faults: Sequence[Fault]) -> str:
    """All of them, as a terminal shows them."""
    return "\n\n".join([*map(str, faults), *([NO_PROFILE] if profile_is_missing() else [])])


def profile_is_missing() -> bool:
    """Nobody said which profile it is: production's faults may be those of a developer's machine."""
    return not os.environ.get("GATEHOUSE_PROFILE")


def refuse_faults() -> None:
    """Ends a command with 78 before it begins, where settings are wrong; says all that is."""
    if faults := setting_faults():
        sys.stderr.write(told(faults) + "\n")
        sys.exit(EXIT_CONFIGURATION)


def check_secret_key() -> Iterator[Fault]:
    if settings.SECRET_KEY.startswith("missing:") or len(settings.SECRET_KEY) < 32:
        yield Fault(
            "GH001",
            "GATEHOUSE_SECRET_KEY is missing or shorter than 32 characters",
            "sessions and the links in mails could be forged",
            f"set GATEHOUSE_SECRET_KEY to the output of: {TO_MAKE_ONE}",
        )


def check_secret_key_fallbacks() -> Iterator[Fault]:
    if short := [str(number) for number, key in enumerate(settings.SECRET_KEY_FALLBACKS, 1) if len(key) < 32]:
        yield Fault(
            "GH001",
            f"GATEHOUSE_SECRET_KEY_FALLBACKS has a key shorter than 32 characters at place {', '.join(short)}",
            "sessions and the links in mails could be forged: what it signs is believed",
            "keep in it only what GATEHOUSE_SECRET_KEY was, or will be",
        )


def check_debug() -> Iterator[Fault]:
    if settings.DEBUG and not is_loopback(settings.BASE_URL):
        yield Fault(
            "GH002",
            f'GATEHOUSE_DEBUG is on while GATEHOUSE_BASE_URL is "{settings.BASE_URL}"',
            "error pages would show source and settings to everybody",
            "unset GATEHOUSE_DEBUG",
        )


def check_base_url() -> Iterator[Fault]:
    url = settings.BASE_URL
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
        yield Fault(
            "GH003",
            f'GATEHOUSE_BASE_URL is "{url}"' if url else "GATEHOUSE_BASE_URL is missing",
            "it is the issuer, and the start of every link that Gatehouse gives out",
            "set GATEHOUSE_BASE_URL=https://id.acme.example (scheme and host, no path)",
        )
    elif parts.scheme == "http" and not is_loopback(url):
        yield Fault(
            "GH003",
            f'GATEHOUSE_BASE_URL is "{url}"',
            "codes would travel in clear text",
            f"set GATEHOUSE_BASE_URL=https://{parts.netloc.rpartition('@')[2]}",
        )


def check_encryption_keys() -> Iterator[Fault]:
    keys = settings.ENCRYPTION_KEYS
    unusable = [str(number) for number, key in enumerate(keys, 1) if not is_fernet_key(key)]
    if not keys or unusable:
        yield Fault(
            "GH004",
            f"GATEHOUSE_ENCRYPTION_KEYS has an unusable key at place {', '.join(unusable)}"
            if unusable
            else "GATEHOUSE_ENCRYPTION_KEYS is missing",
            "signing keys and other stored secrets can't be encrypted or read without it",
            f"put the output of this first in the list, before the keys in use: {TO_MAKE_A_KEY}",
        )


def check_shared_cache() -> Iterator[Fault]:
    if settings.WEB_CONCURRENCY > 1 and not settings.REDIS_URL:
        yield Fault(
            "GH007",
            f"GATEHOUSE_WEB_CONCURRENCY is {settings.WEB_CONCURRENCY} and GATEHOUSE_REDIS_URL is missing",
            "each process would count its rate limits alone",
            "set GATEHOUSE_REDIS_URL=redis://host:6379/0, or GATEHOUSE_WEB_CONCURRENCY=1",
        )


def check_proxies() -> Iterator[Fault]:
    wrong = [cidr for cidr in settings.TRUSTED_PROXIES if not is_network(cidr)]
    if wrong:
        yield Fault(
            "GH008",
            f"GATEHOUSE_TRUSTED_PROXIES has what is no network: {', '.join(wrong)}",
            "nobody could say whose X-Forwarded-For may be believed",
            "list addresses or networks, as in GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8,fd00::/8",
        )
    elif settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        yield Fault(
            "GH008",
            "GATEHOUSE_BASE_URL is https and GATEHOUSE_TRUSTED_PROXIES is missing",
            "the proxy that ends https would count as the one client of everybody's rate limits",
            "set GATEHOUSE_TRUSTED_PROXIES to the proxy's address or network",
        )


def check_mail() -> Iterator[Fault]:
    if not settings.EMBEDDED and not settings.EMAIL_URL:
        yield Fault(
            "GH009",
            "GATEHOUSE_EMAIL_URL is missing",
            "nobody could verify an address or reset a password",
            "set GATEHOUSE_EMAIL_URL=smtp://user:password@host:587",
        )


def check_environment() -> Iterator[Fault]:
    for name, reason in settings.ENVIRONMENT_FAULTS.items():
        yield Fault("GH012", f"{name} can't be read", reason, f"correct or unset {name}")


def check_variable_names() -> Iterator[Fault]:
    for name in sorted(os.environ.keys() - settings.VARIABLES):
        if name.startswith("GATEHOUSE_"):
            yield Fault(
                "GH013",
                f"{name} is set, and nothing reads it",
                "a misspelt name leaves its default in force",
                f"unset {name}, or take the right name from docs/operating.md",
            )


def check_files() -> Iterator[Fault]:
    for name in KEPT_FILES:
        path = settings.VAR / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Fault(
                "GH010",
                f"{path} can be read by others on this machine",
                "it holds secrets",
                f"chmod 600 {path}",
            )


def check_static_files() -> Iterator[Fault]:
    if not settings.EMBEDDED and not settings.STATIC_ROOT.is_dir():
        yield Fault(
            "GH014",
            f"there is no {settings.STATIC_ROOT}",
            "pages would come without their style",
            "run: manage.py collectstatic --noinput",
        )


def check_database() -> Iterator[Fault]:
    if not settings.DATABASE_URL:
        yield Fault(
            "GH005",
            "GATEHOUSE_DATABASE_URL is missing",
            "there is nowhere to keep anything",
            "set GATEHOUSE_DATABASE_URL=postgresql://user:password@host:5432/gatehouse",
        )
        return
    try:
        pending = unapplied_migrations()
    except DatabaseError as failure:
        # The driver's own words may quote the connection string.
        yield Fault(
            "GH005",
            f"the {connection.vendor} database of GATEHOUSE_DATABASE_URL does not answer",
            f"connecting failed with {type(failure).__name__}",
            "start the database, and check host, name, user and password",
        )
        return
    if pending and not settings.EMBEDDED:
        yield Fault(
            "GH006",
            f"{len(pending)} migrations are not applied, the first is {pending[0]}",
            "this release expects tables that are not there",
            "run: manage.py migrate",
        )


def check_signing_keys() -> Iterator[Fault]:
    """Only where the tables are there: what else is wrong with the database is told above."""
    if not settings.DATABASE_URL:
        return
    try:
        stored = list(SigningKey.objects.filter(unpublished_at=None).values_list("kid", "private_key"))
    except DatabaseError:
        return
    unreadable = [kid for kid, private_key in stored if not is_decryptable(private_key)]
    if unreadable:
        yield Fault(
            "GH015",
            f"no key of GATEHOUSE_ENCRYPTION_KEYS decrypts {len(unreadable)} of {len(stored)} signing keys",
            "every token request would fail; a key left the list too early, or the database is another's",
            "put the key that encrypted them back at the end of GATEHOUSE_ENCRYPTION_KEYS",
        )


def is_decryptable(text: str) -> bool:
    try:
        decrypt(text)
    except ValueError:
        return False
    return True


def unapplied_migrations() -> list[str]:
    """Raises DatabaseError where the database doesn't answer."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def port_taken(host: str, port: int, reason: str) -> Fault:
    return Fault(
        "GH011",
        f"can't listen on {host} port {port}",
        reason,
        f"stop what uses it, or choose another: PORT={port % 65_535 + 1} make run",
    )


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def is_network(cidr: str) -> bool:
    try:
        ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return True


SETTING_CHECKS: tuple[Callable[[], Iterator[Fault]], ...] = (
    check_secret_key,
    check_secret_key_fallbacks,
    check_debug,
    check_base_url,
    check_encryption_keys,
    check_shared_cache,
    check_proxies,
    check_mail,
    check_environment,
    check_usage_days,
    check_clickhouse,
    check_traces,
    check_variable_names,
)
SYSTEM_CHECKS: tuple[Callable[[], Iterator[Fault]], ...] = (
    check_files,
    check_static_files,
    check_database,
    check_signing_keys,
)


@checks.register("gatehouse", deploy=True)
def django_check(app_configs: object, **kwargs: object) -> Sequence[checks.CheckMessage]:
    """The same faults in `manage.py check --deploy`; not in `check`, which `migrate` runs first."""
    return [checks.Error(fault.what, hint=fault.mend, id=f"gatehouse.{fault.code}") for fault in setting_faults()]
