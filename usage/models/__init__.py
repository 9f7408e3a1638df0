from usage.models.collection import Collection
from usage.models.daily import Daily, PartnerDay
from usage.models.event import Adjustment, Event, IngestGate, Source, Void
from usage.models.metering_scope import MeteringScope
from usage.models.statement import Statement, StatementLine

__all__ = [
    "Adjustment",
    "Collection",
    "Daily",
    "Event",
    "IngestGate",
    "MeteringScope",
    "PartnerDay",
    "Source",
    "Statement",
    "StatementLine",
    "Void",
]
