"""What a person's token opens is done upstream with credentials of our own: the token goes no further."""

import json

import pytest

from accounts.encryption import encrypt
from partnership.models import Provisioner
from tests.partnership.provisioners.broker import Served


@pytest.fixture
def upstream(db):
    """A broker behind every region, which keeps each request that it gets."""
    served = Served()
    for provisioner in Provisioner.objects.all():
        provisioner.kind, provisioner.encrypted_settings = "osb", encrypt(json.dumps(served.settings()))
        provisioner.save()
    yield served.broker
    served.close()


def test_mcp_m30_the_persons_token_reaches_no_upstream_service(upstream, as_alice, team, run_workers):
    made = as_alice.post(f"/organizations/v1/{team.pk}/projects", {"name": "Shop"})["project"]
    run_workers()
    as_alice.post(f"/projects/v1/{made['id']}/pause")
    run_workers()

    assert upstream.kinds()[:2] == ["provision", "bind"]
    assert "update" in upstream.kinds()
    sent = [f"{request.headers} {request.query} {request.body}" for request in upstream.requests]
    assert [text for text in sent if as_alice.token in text or "Bearer" in text] == []
    assert {request.headers["authorization"].split()[0] for request in upstream.requests} == {"Basic"}
