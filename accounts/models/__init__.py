from accounts.models.organization import Invitation, Membership, Organization, Role
from accounts.models.outgoing_mail import OutgoingMail
from accounts.models.security_event import SecurityEvent
from accounts.models.user import User

__all__ = ["Invitation", "Membership", "Organization", "OutgoingMail", "Role", "SecurityEvent", "User"]
