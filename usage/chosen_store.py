"""The store of this deployment: `store` is the `UsageStore` that everything here goes by."""

from __future__ import annotations

from django.conf import settings

from usage import sql_store
from usage.clickhouse_store import ClickHouseStore
from usage.clickhouse_store.server import HttpClickHouse
from usage.store import UsageStore


def choose(clickhouse_url: str) -> UsageStore:
    return ClickHouseStore(HttpClickHouse(clickhouse_url)) if clickhouse_url else sql_store.store


store = choose(settings.CLICKHOUSE_URL)
