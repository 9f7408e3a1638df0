"""The store of this deployment: `store` is the `UsageStore` that everything here goes by."""

from __future__ import annotations

from django.conf import settings

from usage import sql_store
from usage.clickhouse_store import ClickHouseStore
from usage.clickhouse_store.server import HttpClickHouse
from usage.store import UsageStore

store: UsageStore = (
    ClickHouseStore(HttpClickHouse(settings.CLICKHOUSE_URL)) if settings.CLICKHOUSE_URL else sql_store.store
)
