from usage.models.daily import Daily, PartnerDay
from usage.models.event import Adjustment, Event, IngestGate, Source, Void

__all__ = ["Adjustment", "Daily", "Event", "IngestGate", "PartnerDay", "Source", "Void"]
