"""People, one of everything, and a member of staff. Scopes commit for real, so tests do too."""

import pytest
from django.test import Client

from tenants.models import User
from tests.people import People, make_people
from tests.web.world import World, make_world


@pytest.fixture
def people(transactional_db: None) -> People:
    return make_people()


@pytest.fixture
def world(people: People) -> World:
    return make_world(people.tenant.pk)


@pytest.fixture
def other_world(people: People) -> World:
    return make_world(people.other_tenant.pk)


@pytest.fixture
def clerk(transactional_db: None) -> User:
    """Staff who may do everything in the staff pages, and is a member nowhere."""
    return User.objects.create_superuser("staff@example.com", "a-long-password")


@pytest.fixture
def staff(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client
