"""What an organization's plan allows. The table is data: a plan is one row."""

from dataclasses import dataclass

from accounts.models import Organization


@dataclass(frozen=True, slots=True)
class Plan:
    name: str  # as people read it
    active_projects: int


PLANS = {
    "free": Plan("Free", active_projects=2),
    "pro": Plan("Pro", active_projects=20),
    "enterprise": Plan("Enterprise", active_projects=1000),
}


def plan_of(organization: Organization) -> Plan:
    """The plan of `organization`; a row that names none of the table has the smallest."""
    return PLANS.get(organization.plan, PLANS["free"])
