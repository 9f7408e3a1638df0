from partnership.models.absence import Absence
from partnership.models.call_count import CallCount
from partnership.models.catalog import InstanceType, Provisioner, Region, RegionAlias, ServiceVersion
from partnership.models.connection import Connection
from partnership.models.event import Event
from partnership.models.idempotency import IdempotencyKey
from partnership.models.logged_call import LoggedCall
from partnership.models.member import PartnerInvitation, PartnerMember, PartnerRole
from partnership.models.operation import Operation
from partnership.models.partner import Environment, Partner, PartnerSecret
from partnership.models.project import Project, ProjectKey
from partnership.models.tenure import Tenure
from partnership.models.webhook import Delivery, Webhook

__all__ = [
    "Absence",
    "CallCount",
    "Connection",
    "Delivery",
    "Environment",
    "Event",
    "IdempotencyKey",
    "InstanceType",
    "LoggedCall",
    "Operation",
    "Partner",
    "PartnerInvitation",
    "PartnerMember",
    "PartnerRole",
    "PartnerSecret",
    "Project",
    "ProjectKey",
    "Provisioner",
    "Region",
    "RegionAlias",
    "ServiceVersion",
    "Tenure",
    "Webhook",
]
