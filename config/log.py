"""Logs as one JSON object a line (production) or readable lines (embedded), secrets removed."""

import logging
import logging.config
import random
from collections.abc import MutableMapping
from typing import Any

import structlog

from accounts.redaction import hide_secrets, redact


def new_request_id() -> str:
    return f"{random.getrandbits(128):032x}"


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key == "exception":  # a traceback needs its line breaks; as JSON it is one line all the same
            event[key] = hide_secrets(str(value))
        elif not isinstance(value, bool | int | float | logging.LogRecord | None):
            event[key] = redact(str(value))
    return event


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """The library's, which works off each of our own events as a stranger's: a quarter of a line's time."""

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, dict):
            return super().format(record)
        *_, renderer = self.processors
        return str(renderer(None, record.levelname, dict(record.msg)))


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
                    "()": LineFormatter,
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
                # A 400 on our own line: else whoever names another host fills the log with tracebacks.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )
