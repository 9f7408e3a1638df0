"""What a machine client may meter: its row of `MeteringScope` as the store takes it."""

from usage.models import MeteringScope
from usage.store import Sender


def get_sender(application_id: int) -> Sender:
    """A client without a row meters every live project (usage.md, "Metering in")."""
    rows = list(
        MeteringScope.objects.filter(pk=application_id).values_list("environment", "all_projects", "partners")
    )  # one for each partner, and one without if there is none
    if not rows:
        return Sender(application_id, "live")
    environment, all_projects, _ = rows[0]
    chosen = frozenset(partner for _, _, partner in rows if partner)
    return Sender(application_id, environment, None if all_projects else chosen)
