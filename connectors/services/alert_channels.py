"""Use cases of the channels for alerts: add, change, test, switch and remove them.

Each opens the scopes that it needs and is audited. Addresses and secrets are sealed and never
shown again; a secret is returned once, when it is made.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from audit.services import Event, record
from connectors.core import clock
from connectors.core.errors import BadInputError
from connectors.models import AlertChannel, AlertDelivery, Topic, open_sealed, seal
from connectors.services import alert_outbox, alert_sending, alert_words
from connectors.services.alert_groups import line, notice
from connectors.services.alert_sending import SEALED, Outcome
from connectors.transport.standard_webhooks import new_secret
from tenants.models import Member, Tenant, User
from tenants.scope import tenant_scope

MOST = 20
MOST_TESTS = 20
_TESTS_WITHIN = timedelta(hours=1)
_OFF = "The channel was switched off."
_Kind = AlertChannel.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a channel tells of, and how often."""

    topics: Collection[str]
    pace: str
    hour: int

    def checked(self) -> dict[str, Any]:
        """The fields of a channel; raises BadInputError for what nobody can choose."""
        topics = [topic for topic in Topic.values if topic in self.topics]
        if len(topics) != len(set(self.topics)):
            raise BadInputError("Choose topics from the list.")
        if self.pace not in AlertChannel.Pace.values or not 0 <= self.hour <= 23:
            raise BadInputError("Choose how often from the list.")
        return {"topics": topics, "pace": self.pace, "hour": self.hour}


def add_webhook(
    *, tenant_id: int, kind: str, name: str, url: str, choice: Choice, actor: str
) -> tuple[AlertChannel, str]:
    """Add a channel to a webhook; returns it with its new secret, which Slack's kind has not."""
    host = alert_sending.egress().check(url)
    secret = new_secret() if kind == _Kind.WEBHOOK else ""
    with tenant_scope(tenant_id):
        _refuse_more(name)
        row = AlertChannel(kind=kind, name=name, host=host, **_topics_of(choice))
        seal(row, SEALED, {"url": url, "secret": secret})
        row.save(force_insert=True)
        record(_event("added", row, actor))
    return row, secret


def add_mail(*, tenant_id: int, user_id: int, choice: Choice, actor: str) -> AlertChannel:
    """Add the mail to a member as a channel of the workspace."""
    with tenant_scope(tenant_id):
        member = Member.objects.select_related("user").filter(user_id=user_id).first()
        if member is None:
            raise BadInputError("Choose a member of this workspace.")
        if AlertChannel.objects.filter(member=member).exists():
            raise BadInputError(
                f"{member.user.email} gets mail already. Change it there, or ask them to."
            )
        _refuse_more(member.user.email)
        row = AlertChannel.objects.create(
            kind=_Kind.EMAIL, name=member.user.email, member=member, **_topics_of(choice)
        )
        record(_event("added", row, actor))
    return row


def change(
    *, tenant_id: int, pk: int, choice: Choice, actor: str, name: str = "", url: str = ""
) -> AlertChannel:
    """Change a channel of the workspace; what is left empty stays."""
    host = alert_sending.egress().check(url) if url else ""
    fields = _topics_of(choice)
    with tenant_scope(tenant_id):
        row = _locked(pk)
        if name and name != row.name:
            _refuse_name(name)
            row.name = name
        if host and row.kind != _Kind.EMAIL:
            seal(row, SEALED, {**open_sealed(row, SEALED), "url": url})
            row.host, row.failures = host, 0
        _apply(row, fields)
        record(_event("changed", row, actor, address_changed=bool(host), **fields))
    return row


def renew_secret(*, tenant_id: int, pk: int, actor: str) -> str:
    """Replace the secret of a signed webhook, and return it this once."""
    secret = new_secret()
    with tenant_scope(tenant_id):
        row = _locked(pk)
        if row.kind != _Kind.WEBHOOK:
            raise BadInputError(f"{row.name} has no secret.")
        seal(row, SEALED, {**open_sealed(row, SEALED), "secret": secret})
        row.save(update_fields=[SEALED])
        record(_event("secret_renewed", row, actor))
    return secret


def switch(*, tenant_id: int, pk: int, on: bool, actor: str) -> AlertChannel:
    """Switch a channel on or off; what waits for one that is off is not sent."""
    with tenant_scope(tenant_id):
        row = _locked(pk)
        if row.enabled is on:
            return row
        row.enabled, row.failures, row.off_words = on, 0, ""
        row.save(update_fields=["enabled", "failures", "off_words"])
        if not on:
            alert_outbox.drop_pending(row, _OFF)
        record(_event("switched_on" if on else "switched_off", row, actor))
    return row


def remove(*, tenant_id: int, pk: int, actor: str) -> str:
    """Remove a channel with what waits for it; its messages stay in the log. Returns its name."""
    with tenant_scope(tenant_id):
        row = _locked(pk)
        alert_outbox.drop_pending(row, "The channel was removed.")
        record(_event("removed", row, actor))
        row.delete()
    return row.name


def send_test(*, tenant_id: int, pk: int, actor: str) -> Outcome:
    """Send a test at once, outside any scope, and say what became of it."""
    with tenant_scope(tenant_id):
        row = _locked(pk)
        now = clock.now()
        recent = AlertDelivery.objects.filter(test=True, at__gt=now - _TESTS_WITHIN)
        if recent.count() >= MOST_TESTS:
            raise BadInputError("That was the last test for now. Wait an hour.")
        groups = [notice("test", [line(row.name)])]
        made = alert_outbox.claimed_test(row, alert_words.subject(groups), groups)
        record(_event("tested", row, actor))
    return alert_sending.send(made)


def own_of(user: User) -> AlertChannel | None:
    """What a member has set of their own mail, or an admin for them; inside the scope."""
    return AlertChannel.objects.filter(member__user=user).first()


def set_own(*, tenant_id: int, user: User, wanted: bool, choice: Choice, actor: str) -> None:
    """Set what mail a member gets, by the member; a channel that an admin made stays one."""
    fields = _topics_of(choice) if wanted else {}
    with tenant_scope(tenant_id):
        member = Member.objects.select_for_update(no_key=True).get(user=user)
        row = AlertChannel.objects.select_for_update().filter(member=member).first()
        if row is None:
            name = f"Own mail of {user.email}"
            row = AlertChannel(kind=_Kind.EMAIL, name=name, member=member, own=True)
        row.enabled, row.failures, row.off_words = wanted, 0, ""
        _apply(row, fields)
        if not wanted:
            alert_outbox.drop_pending(row, "The member wants no mail.")
        record(_event("own_mail", row, actor, wanted=wanted, **fields))


def forget_own(*, tenant_id: int, user: User, actor: str) -> None:
    """Take back what a member set of their own mail."""
    with tenant_scope(tenant_id):
        row = AlertChannel.objects.select_for_update().filter(member__user=user, own=True).first()
        if row is not None:
            record(_event("own_mail", row, actor))
            row.delete()


def _topics_of(choice: Choice) -> dict[str, Any]:
    fields = choice.checked()
    if not fields["topics"]:
        raise BadInputError("Choose at least one topic.")
    return fields


def _apply(row: AlertChannel, fields: dict[str, Any]) -> None:
    for field, value in fields.items():
        setattr(row, field, value)
    row.save()
    alert_outbox.move_digest(row, Tenant.objects.get())


def _locked(pk: int) -> AlertChannel:
    """A channel of the workspace; what members set for themselves is theirs."""
    row = AlertChannel.objects.select_for_update(of=("self",)).select_related("member__user")
    found = row.filter(pk=pk, own=False).first()
    if found is None:
        raise BadInputError("There is no such channel any more.")
    return found


def _refuse_more(name: str) -> None:
    # Locked, so that two people who add at once see each other.
    Tenant.objects.select_for_update(no_key=True).get()
    if AlertChannel.objects.filter(own=False).count() >= MOST:
        raise BadInputError(f"A workspace has {MOST} channels at most. Remove one first.")
    _refuse_name(name)


def _refuse_name(name: str) -> None:
    if AlertChannel.objects.filter(name=name).exists():
        raise BadInputError(f"There is a channel called {name} already. Choose another name.")


def _event(what: str, row: AlertChannel, actor: str, **details: Any) -> Event:
    return Event(
        action=f"alert_channel.{what}",
        actor=actor,
        target_kind="alert channel",
        target_id=str(row.pk),
        target_number=row.name,
        details={"kind": row.kind, "to": alert_outbox.address_of(row), **details},
    )
