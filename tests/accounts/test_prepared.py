"""A queryset that is compiled once gives what it gives each time it is compiled."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db.models import BinaryField, CharField, DateTimeField, F, Q
from django.db.models.functions import Length

from accounts.digests import digest
from accounts.models import User
from accounts.prepared import Parameter, Prepared, insert
from oauth_provider.models import Application, ClientSecret, PendingAuthorization
from tests.cast import ACME_SECRET, native_application, web_application

pytestmark = pytest.mark.django_db


def values(model):
    return {field.attname: getattr(model, field.attname) for field in model._meta.concrete_fields}


def test_a_model_with_what_it_points_to_and_an_annotation():
    secret = Prepared(
        lambda: (
            ClientSecret.objects.filter(
                Q(expires_at__isnull=True) | Q(expires_at__gt=Parameter("now", DateTimeField())),
                digest=Parameter("digest", BinaryField()),
            )
            .select_related("application")
            .annotate(letters=Length("last_four"), owner=F("application__name"))
        )
    )
    acme = web_application()
    now = datetime.now(UTC)
    for _ in range(2):
        found = secret.first(digest=digest(ACME_SECRET), now=now)
        assert values(found) == values(ClientSecret.objects.get())
        assert values(found.application) == values(Application.objects.get(pk=acme.pk))
        assert (found.letters, found.owner) == (4, "Acme")
    assert secret.first(digest=digest("another"), now=now) is None
    ClientSecret.objects.update(expires_at=now - timedelta(seconds=1))
    assert secret.first(digest=digest(ACME_SECRET), now=now) is None


def test_each_read_has_its_own_values_and_what_is_not_there_is_none(django_assert_num_queries):
    client = Prepared(
        lambda: Application.objects.filter(client_id=Parameter("id", CharField())).select_related("registration")
    )
    acme, cli = web_application(), native_application()
    assert [client.first(id=each.client_id) for each in (acme, cli)] == [acme, cli]
    found = client.first(id=cli.client_id)
    with django_assert_num_queries(0):
        assert getattr(found, "registration", None) is None


def test_what_it_gives_can_be_saved():
    client = Prepared(lambda: Application.objects.filter(client_id=Parameter("id", CharField())))
    found = client.first(id=web_application().client_id)
    found.name = "Acme 2"
    found.save()
    assert Application.objects.get().name == "Acme 2"


def test_a_person_by_key_is_read_so_but_not_past_a_relation():
    alice, bob = User.objects.create_user("alice@example.com"), User.objects.create_user("bob@example.com")
    group = Group.objects.create(name="Readers of this test")
    group.user_set.add(alice)
    assert values(User.objects.get(pk=str(alice.pk))) == values(User.objects.get(email=alice.email))
    assert group.user_set.get(pk=alice.pk) == alice
    for people in (group.user_set, User.objects.filter(email=alice.email)):
        with pytest.raises(User.DoesNotExist):
            people.get(pk=bob.pk)
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=uuid4())


def test_an_insert_keeps_what_save_would_have_kept(alice):
    acme, now = web_application(), datetime.now(UTC)
    given = {"application": acme, "query": "a=%s&b=ü", "user": alice, "created_at": now, "expires_at": now}
    saved = PendingAuthorization(session_digest=digest("a key"), **given)
    saved.save(force_insert=True)
    inserted = PendingAuthorization(session_digest=digest("a key"), **given)

    insert(inserted)

    rows = [values(PendingAuthorization.objects.get(pk=each.pk)) for each in (saved, inserted)]
    assert {**rows[0], "handle": ""} == {**rows[1], "handle": ""}
    inserted.save(update_fields=["answered_at"])  # it is known to be there
