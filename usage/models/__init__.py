from usage.models.alert import Alert, Firing
from usage.models.collection import Collection
from usage.models.daily import Daily, PartnerDay
from usage.models.event import Adjustment, Event, IngestGate, LateDay, Source, Void
from usage.models.metering_scope import MeteringScope
from usage.models.outbox import MovedGeneration, OutgoingBatch
from usage.models.self_check import SelfCheck
from usage.models.statement import Statement, StatementLine

__all__ = [
    "Adjustment",
    "Alert",
    "Collection",
    "Daily",
    "Event",
    "Firing",
    "IngestGate",
    "LateDay",
    "MeteringScope",
    "MovedGeneration",
    "OutgoingBatch",
    "PartnerDay",
    "SelfCheck",
    "Source",
    "Statement",
    "StatementLine",
    "Void",
]
