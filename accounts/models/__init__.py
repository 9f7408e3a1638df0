from accounts.models.organization import Invitation, Membership, Organization, Role
from accounts.models.user import User

__all__ = ["Invitation", "Membership", "Organization", "Role", "User"]
