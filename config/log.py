"""Logs as one JSON object a line (production) or readable lines (embedded), secrets removed."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# What must never be written: our prefixed secrets, JWTs, and values behind telling names.
SECRET = re.compile(
    r"(?P<prefixed>\b(?:gcs|grt|gps|ik|whsec)_[A-Za-z0-9_-]{8,})"
    r"|(?P<jwt>\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)"
    r"|(?P<name>\b(?:code|code_verifier|device_code|user_code|client_secret|token|access_token|refresh_token|id_token|password|state)"
    r"[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s&\"',}]+)"
    # Links in mails carry their token in the path.
    r"|(?P<link>/(?:invitations|password/reset/key|confirm-email)/)(?P<key>[^\s/?\"']+)"
    r"|(?P<header>\b(?:Bearer|Basic|DPoP)\s+)(?P<credentials>[A-Za-z0-9._~+/=-]{8,})",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with every secret in it replaced by `[redacted]`, and no line break left."""
    return hide_secrets(text).replace("\r", "\\r").replace("\n", "\\n")


def hide_secrets(text: str) -> str:
    return SECRET.sub(lambda match: (match["name"] or match["header"] or match["link"] or "") + "[redacted]", text)


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key == "exception":  # a traceback needs its line breaks; as JSON it is one line all the same
            event[key] = hide_secrets(str(value))
        elif not isinstance(value, bool | int | float | logging.LogRecord | None):
            event[key] = redact(str(value))
    return event


def logging_config(*, as_json: bool, level: str) -> None:
    """Sends structlog and the standard library's loggers through one chain to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        redact_event,  # what comes after it is our own
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # Who called from which line of which thread is in none of our lines, and asked for at each of them
    # ("Optimization" in the library's documentation).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level if level in logging.getLevelNamesMapping() else "INFO"},
            "loggers": {
                # Our own request line says the same, with the request's id.
                "django.request": {"level": "CRITICAL"},
                "django.server": {"level": "CRITICAL"},
            },
        }
    )
