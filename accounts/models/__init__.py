from accounts.models.organization import Invitation, Membership, Organization, Role
from accounts.models.security_event import SecurityEvent
from accounts.models.user import User

__all__ = ["Invitation", "Membership", "Organization", "Role", "SecurityEvent", "User"]
