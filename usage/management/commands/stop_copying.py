from typing import Any

from django.core.management.base import BaseCommand

from usage.sql_store import outbox


class Command(BaseCommand):
    help = (
        "Ends the copying of usage events to ClickHouse, after GATEHOUSE_CLICKHOUSE_URL was unset everywhere: what "
        "waits is forgotten, the database keeps what it has. Example: manage.py stop_copying"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{outbox.end()} batches were waiting; events are in the database alone")
