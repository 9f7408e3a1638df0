"""The product's settings, with the benchmark's two routes beside its own."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.token.urls"
