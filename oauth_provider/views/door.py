"""What every call of the platform API has in common: the token, its person, his role.

Source: platform.md. The checks in their order: method (after the question who asks), token
401, scope 403, membership 404, role 403.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts import clock
from accounts.errors import ApiError, MethodNotAllowed
from accounts.models import Membership, Organization, Role
from oauth_provider import scopes
from oauth_provider.authentication import Bearer, Person, get_bearer
from oauth_provider.errors import (
    InsufficientScope,
    InvalidToken,
    MachineHasNoPerson,
    NotAnOwner,
    OrganizationNotFound,
)
from oauth_provider.views.call import Call

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Access:
    """What a method asks of its caller. `scope` empty: any token; `role`: at least that one."""

    scope: str
    role: Role = Role.MEMBER


class PlatformView(APIView):
    """A call with an access token; a method that `doors` lacks is a 405."""

    authentication_classes = []  # `get_bearer` asks
    permission_classes = []
    doors: ClassVar[dict[str, Access]] = {}
    calls: ClassVar[dict[str, Call]] = {}
    bearer: Bearer
    role: Role

    def dispatch(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        access = self.doors.get(str(request.method))
        if access is None:
            raise MethodNotAllowed(", ".join(self.doors))
        self.now, self.role = clock.now(), access.role
        self.bearer = get_bearer(request, scope=access.scope)
        response: HttpResponse = getattr(self, str(request.method).lower())(request, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    @classmethod
    def refusals(cls, method: str) -> list[type[ApiError]]:
        """What the door of `method` refuses, in its order, and then the call: for the reference."""
        access = cls.doors[method]
        of_person = [] if access.scope in scopes.for_machines() else [MachineHasNoPerson]
        of_scope = [InsufficientScope, *of_person] if access.scope else []
        of_role = [NotAnOwner] if access.role == Role.OWNER else []
        return [InvalidToken, *of_scope, *of_role, *cls.calls[method].refusals]

    @property
    def person(self) -> Person:
        """Raises MachineHasNoPerson (403) for the token of a machine."""
        if self.bearer.person is None:
            raise MachineHasNoPerson()
        return self.bearer.person

    def get_organization(self, organization_id: UUID) -> Organization:
        """Raises OrganizationNotFound unless the person is a member, NotAnOwner if that is too little."""
        mine = Membership.objects.filter(user=self.person.id, organization=organization_id)
        membership = mine.select_related("organization").first()
        if membership is None:
            raise OrganizationNotFound()
        if self.role == Role.OWNER and membership.role != Role.OWNER:
            raise NotAnOwner()
        return membership.organization


def as_uuid(text: str) -> UUID:
    """`text` as an id; nobody's, the nil UUID, for everything but the canonical form that we give out."""
    try:
        parsed = UUID(text)
    except ValueError:
        return NOBODY
    return parsed if str(parsed) == text else NOBODY
