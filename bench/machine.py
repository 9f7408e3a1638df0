"""What a number was measured on, in words, without the machine's name."""

import os
import platform
import re
from pathlib import Path

import django
import psycopg


def describe() -> str:
    """`2 cores (the processor's name), 8 GiB, Linux`; what a system doesn't tell is left out."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = re.search(r"^model name\s*:\s*(.+)$", read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", read("/proc/meminfo"), re.MULTILINE)
    parts = [f"{cores} cores" + (f" ({model[1].strip()})" if model else "")]
    if memory:
        parts.append(f"{round(int(memory[1]) / 1024**2)} GiB")
    return ", ".join([*parts, platform.system()])


def versions(server: str) -> str:
    """`Python 3.11.7, Django 5.2.19, PostgreSQL 16.4`; `server` is the address of the last."""
    with psycopg.connect(server) as connection:
        postgresql = connection.info.parameter_status("server_version") or ""
    return f"Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {postgresql.split()[0]}"


def read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
