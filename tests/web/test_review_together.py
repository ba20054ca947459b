"""What waits for one reason is treated together, and what has moved on since is left out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from connectors.core import clock
from connectors.models import Document, MappingFailure, ReviewItem
from tenants.models import Member
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_dashboard_review import hold
from tests.web.world import World


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def query(world: World, kind: str, reason: str) -> dict[str, Any]:
    return {"kind": kind, "integration": world.integration.pk, "reason": reason}


def look(client: Client, asked: dict[str, Any]) -> tuple[str, list[str]]:
    """The page's text, and what it offers to tick."""
    page = client.get("/w/acme/review/together/", asked).content.decode()
    things = re.findall(r'name="thing" value="([^"]+)"', page)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()), things


def act(client: Client, name: str, asked: dict[str, Any], things: Any, **fields: Any) -> str:
    given = {**asked, "thing": things, **fields}
    answer: Any = client.post(f"/w/acme/review/together/{name}/", given, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_documents_held_alike_are_previewed_and_treated(
    operator: Client, people: People, world: World
) -> None:
    hold(world, 3, "total_differs")
    asked = query(world, "held", "total_differs")
    page, things = look(operator, asked)
    assert len(things) == 4
    assert "4 items of" in page
    with tenant_scope(world.tenant_id):
        rows = Document.objects.filter(state="held", reason="total_differs")
        worth = sum(row.total or 0 for row in rows)
        member = Member.objects.get(user=people.operator)
    assert f"{worth:,.2f}" in page

    assert "4 items assigned" in act(operator, "assign", asked, things, member=member.pk)
    assert "Choose a day" in act(operator, "put-off", asked, things, until="soon")
    assert "Say why" in act(operator, "dismiss", asked, things, why=" ")
    assert "Choose at least one" in act(operator, "check-again", asked, [])

    # One has moved on since the page was opened, one belongs to no such reason.
    with tenant_scope(world.tenant_id):
        moved = int(things[0].partition(":")[0])
        Document.objects.filter(pk=moved).update(words="Something else.")
    forged = f"{world.waiting.pk}:x"
    said = act(operator, "dismiss", asked, [*things, forged], why="Paid by card")
    assert "3 items dismissed" in said
    assert "2 left out" in said
    with tenant_scope(world.tenant_id):
        dismissed = Document.objects.filter(state="dismissed")
        assert dismissed.count() == 3
        assert all("Paid by card" in row.words for row in dismissed)
        assert Document.objects.get(pk=moved).state == "held"
        assert Document.objects.get(pk=world.waiting.pk).state == "waiting"
        assert ReviewItem.objects.filter(assignee=member).count() == 4
        actions = list(AuditEvent.objects.values_list("action", flat=True))
        assert actions.count("document.dismissed") == 3
        assert actions.count("review.assigned") == 4

    left = look(operator, asked)[1]
    assert [one.partition(":")[0] for one in left] == [str(moved)]
    assert "1 item checked again" in act(operator, "check-again", asked, left)


def test_missing_mappings_count_their_documents_once(operator: Client, world: World) -> None:
    with tenant_scope(world.tenant_id):
        other = MappingFailure.objects.create(
            integration=world.integration, kind="vendor", source_key="77", label="Another"
        )
        other.waits.create(document=world.waiting)
    asked = query(world, "missing", "vendor")
    page, things = look(operator, asked)
    assert len(things) == 2
    assert "hold up 1 document worth 1,234.50" in page
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    assert "2 items put off until" in act(operator, "put-off", asked, things, until=day)
    assert look(operator, asked)[1] == []
    assert "Only held documents" in act(operator, "dismiss", asked, things, why="No")


def test_only_operators_of_the_workspace_act(people: People, world: World) -> None:
    asked = query(world, "held", "total_differs")
    for person, status in ((people.viewer, 403), (people.outsider, 404)):
        client = Client()
        client.force_login(person)
        answer = client.post("/w/acme/review/together/dismiss/", {**asked, "thing": "1:x"})
        assert answer.status_code == status
    client = Client()
    client.force_login(people.operator)
    for wrong in ({"kind": "x"}, {"integration": "999999"}, {"reason": ""}):
        assert client.get("/w/acme/review/together/", {**asked, **wrong}).status_code == 404
    assert client.post("/w/acme/review/together/post/", asked).status_code == 404
