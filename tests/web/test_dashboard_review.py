"""The queue of Review: given to somebody, put off, commented, filtered, worked off alike."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from connectors.core import clock
from connectors.models import Document, MappingFailure, ReviewComment, ReviewItem
from connectors.services import review_queue
from tenants.models import Member
from tenants.scope import tenant_scope
from tests.people import People
from tests.web.test_dashboard import many
from tests.web.world import World


@pytest.fixture
def operator(client: Client, people: People) -> Client:
    client.force_login(people.operator)
    return client


def text(client: Client, query: str = "", path: str = "") -> str:
    answer = client.get(f"/w/acme/review/{path}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def send(client: Client, of: str, pk: int, act: str, **fields: Any) -> str:
    answer: Any = client.post(f"/w/acme/review/{of}/{pk}/{act}/", fields, follow=True)
    return str(answer.content.decode())


def member(world: World, person: Any) -> Member:
    with tenant_scope(world.tenant_id):
        return Member.objects.get(user=person)


def queue(client: Client, query: str = "") -> list[str]:
    """What the list names, in its order."""
    page = text(client, query)
    listed = page.split('class="queue-list"')[1].split("</section>")[0]
    return [name for name in ("Northwind Traders Inc is not linked", "INV-52") if name in listed]


def hold(world: World, number: int, reason: str) -> None:
    """So many more bills, and all that are due, held for one reason; by the way of the states."""
    many(world, number)
    with tenant_scope(world.tenant_id):
        due = Document.objects.filter(state="due")
        due.update(state="delivering")
        Document.objects.filter(state="delivering").update(
            state="held", reason=reason, words="It differs."
        )


def actions(world: World) -> list[str]:
    with tenant_scope(world.tenant_id):
        return list(AuditEvent.objects.values_list("action", flat=True))


def test_an_item_is_given_to_somebody_who_finds_it(
    operator: Client, people: People, world: World
) -> None:
    mine, hers = member(world, people.operator), member(world, people.admin)
    page = send(operator, "documents", world.held.pk, "assign", member=mine.pk)
    assert "Assigned to" in page
    send(operator, "missing", world.failure.pk, "assign", member=hers.pk)
    assert queue(operator, "?whose=me") == ["INV-52"]
    assert queue(operator, "?whose=nobody") == []
    send(operator, "missing", world.failure.pk, "assign", member="")
    assert queue(operator, "?whose=nobody") == ["Northwind Traders Inc is not linked"]
    assert {"review.assigned", "review.unassigned"} <= set(actions(world))


def test_only_those_who_can_fix_it_are_assigned(
    operator: Client, people: People, world: World
) -> None:
    viewer = member(world, people.viewer)
    for wrong in (viewer.pk, 999_999):
        page = send(operator, "documents", world.held.pk, "assign", member=wrong)
        assert "Choose an operator, admin or owner" in page
    with tenant_scope(world.tenant_id):
        assert not ReviewItem.objects.filter(assignee__isnull=False).exists()


def test_what_is_put_off_comes_back_by_itself(
    operator: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = (clock.now() + timedelta(days=3)).date()
    send(operator, "documents", world.held.pk, "snooze", until=until.isoformat())
    assert queue(operator) == ["Northwind Traders Inc is not linked"]
    assert queue(operator, "?snoozed=1") == ["INV-52"]
    with tenant_scope(world.tenant_id):
        assert (review_queue.size(), review_queue.put_off()) == (1, 1)
    later = clock.now() + timedelta(days=5)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        with tenant_scope(world.tenant_id):
            assert review_queue.size() == 2
    send(operator, "documents", world.held.pk, "snooze", until="")
    assert "INV-52" in queue(operator)


def test_what_is_held_or_missing_anew_is_not_put_off(operator: Client, world: World) -> None:
    until = (clock.now() + timedelta(days=3)).date().isoformat()
    send(operator, "documents", world.held.pk, "snooze", until=until)
    send(operator, "missing", world.failure.pk, "snooze", until=until)
    assert queue(operator) == []
    later = clock.now() + timedelta(seconds=1)
    with tenant_scope(world.tenant_id):
        Document.objects.filter(pk=world.held.pk).update(state_at=later)
        assert (review_queue.size(), review_queue.put_off()) == (1, 1)
        MappingFailure.objects.filter(pk=world.failure.pk).update(opened_at=later)
        assert (review_queue.size(), review_queue.put_off()) == (2, 0)
    assert "It comes back by itself" not in text(operator, path=f"documents/{world.held.pk}/")


@pytest.mark.parametrize("until", ["2020-01-01", "2999-01-01", "someday"])
def test_a_day_that_cannot_be_is_refused(operator: Client, world: World, until: str) -> None:
    page = send(operator, "documents", world.held.pk, "snooze", until=until)
    assert "Choose a day" in page
    with tenant_scope(world.tenant_id):
        assert review_queue.size() == 2


def test_comments_stand_in_their_order_and_run_nothing(operator: Client, world: World) -> None:
    send(operator, "documents", world.held.pk, "comment", text="First <script>alert(1)</script>")
    page = send(operator, "documents", world.held.pk, "comment", text="Second")
    assert page.index("First") < page.index("Second")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
    refused = send(operator, "documents", world.held.pk, "comment", text="  ")
    assert "Write something first" in refused
    long = send(operator, "documents", world.held.pk, "comment", text="x" * 2_001)
    assert "characters or fewer" in long
    with tenant_scope(world.tenant_id):
        assert ReviewComment.objects.count() == 2


def test_filters_show_one_kind(operator: Client, world: World) -> None:
    assert queue(operator, "?kind=missing") == ["Northwind Traders Inc is not linked"]
    assert queue(operator, "?kind=held") == ["INV-52"]
    assert len(queue(operator, "?kind=nonsense&whose=x&integration=abc")) == 2
    assert "Nothing fits" in text(operator, "?integration=999999")


def test_documents_held_alike_are_checked_together(operator: Client, world: World) -> None:
    hold(world, 3, "total_differs")
    with tenant_scope(world.tenant_id):
        Document.objects.create(integration=world.integration, stream="bill", key="other")
    hold(world, 0, "refused")
    page: Any = operator.post(f"/w/acme/review/documents/{world.held.pk}/check-alike/", follow=True)
    assert "4 documents will be checked again" in page.content.decode()
    with tenant_scope(world.tenant_id):
        left = Document.objects.filter(state="held").values_list("key", flat=True)
        assert list(left) == ["other"]


@pytest.mark.parametrize("act", ["assign", "snooze", "comment"])
def test_viewers_and_others_change_nothing(people: People, world: World, act: str) -> None:
    for person, status in ((people.viewer, 403), (people.outsider, 404)):
        client = Client()
        client.force_login(person)
        answer = client.post(
            f"/w/acme/review/missing/{world.failure.pk}/{act}/", {"text": "x", "member": "1"}
        )
        assert answer.status_code == status
    with tenant_scope(world.tenant_id):
        assert not ReviewItem.objects.exists()


def test_another_workspaces_item_is_not_found(operator: Client, people: People) -> None:
    with tenant_scope(people.other_tenant.pk):
        assert not MappingFailure.objects.exists()
    assert (
        operator.post("/w/acme/review/documents/999999/comment/", {"text": "x"}).status_code == 404
    )
    assert operator.post("/w/acme/review/vendors/1/comment/", {"text": "x"}).status_code == 404


def test_items_cost_no_queries_of_their_own(operator: Client, world: World) -> None:
    text(operator)
    with CaptureQueriesContext(connection) as before:
        text(operator)
    hold(world, 30, "total_differs")
    with tenant_scope(world.tenant_id):
        ids = list(Document.objects.filter(state="held").values_list("pk", flat=True))
        ReviewItem.objects.bulk_create(ReviewItem(document_id=pk) for pk in ids)
    with CaptureQueriesContext(connection) as after:
        text(operator)
    assert len(after) == len(before)
