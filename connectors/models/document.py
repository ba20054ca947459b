"""The ledger: one document per source record and stream, what it depends on, waits for and became.

The database itself allows only the moves between states that ``core.states`` lists.
"""

from django.db import models

from connectors.core import clock
from connectors.core.states import State, reason_choices
from connectors.models.connection import Connection
from connectors.models.integration import EPOCH, Integration
from connectors.models.reference import MappingFailure
from tenants.models import TenantForeignKey, TenantOwned


class Document(TenantOwned):
    """A source record's place in the ledger.

    ``sightings`` maps a list's facet to the newest version seen there, ``wants_read`` says that
    the record must be read again, ``listed`` that a list has shown it since the last reading;
    ``record`` is the source's JSON as last read and
    ``fingerprint`` the hash of what matters of it. ``read_tries`` counts the readings that failed
    since the last good one, ``read_next_at`` is when the next is tried, and ``unread`` says to
    people why it cannot be read. ``fence`` rises with every claim and every
    outcome compares it; ``open_attempt`` is the write whose fate is not known yet. ``again``
    says that something changed while the document was being delivered; ``renumbered`` counts how
    often a person had it posted under another number. ``told`` is the reason of
    the hold that people were told of by e-mail. ``wants_look`` says that its target records are to
    be read and compared, since they may have been changed or deleted there.
    """

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="documents")
    stream = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=120)
    number = models.CharField(max_length=120, blank=True, default="")
    twin_number = models.CharField(max_length=120, blank=True, default="")
    party = models.CharField(max_length=300, blank=True, default="")
    party_key = models.CharField(max_length=120, blank=True, default="")
    day = models.DateField(null=True, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")

    sightings = models.JSONField(default=dict)
    locator = models.CharField(max_length=120, blank=True, default="")
    wants_read = models.BooleanField(default=True)
    listed = models.BooleanField(default=False)
    gone = models.BooleanField(default=False)
    sweep = models.BigIntegerField(default=0)
    record = models.JSONField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_tries = models.PositiveIntegerField(default=0)
    read_next_at = models.DateTimeField(default=EPOCH)
    unread = models.TextField(blank=True, default="")
    version = models.CharField(max_length=80, blank=True, default="")
    fingerprint = models.CharField(max_length=32, blank=True, default="")

    state = models.CharField(
        max_length=16, choices=[(s.value, s.value.replace("_", " ")) for s in State], default="due"
    )
    reason = models.CharField(max_length=24, blank=True, default="", choices=reason_choices)
    words = models.TextField(blank=True, default="")
    told = models.CharField(max_length=24, blank=True, default="")
    state_at = models.DateTimeField(default=clock.now, editable=False)
    next_at = models.DateTimeField(default=EPOCH)
    tries = models.PositiveIntegerField(default=0)
    again = models.BooleanField(default=False)
    renumbered = models.PositiveSmallIntegerField(default=0)
    wants_look = models.BooleanField(default=False)
    fence = models.BigIntegerField(default=0)
    claimed_until = models.DateTimeField(default=EPOCH)
    open_attempt = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "stream", "key"], name="one_document"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[s.value for s in State]), name="document_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["waiting", "held"])
                | (~models.Q(reason="") & ~models.Q(words="")),
                name="document_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "integration", "rank", "next_at"],
                name="document_due",
                condition=models.Q(state="due"),
            ),
            models.Index(
                fields=["tenant", "integration", "next_at"],
                name="document_open",
                condition=models.Q(state__in=["delivering", "unconfirmed"]),
            ),
            models.Index(
                fields=["tenant", "integration", "stream"],
                name="document_wants_read",
                condition=models.Q(wants_read=True),
            ),
            models.Index(
                fields=["tenant", "integration"],
                name="document_wants_look",
                condition=models.Q(wants_look=True),
            ),
            models.Index(
                fields=["tenant", "integration", "stream", "twin_number"], name="document_twin"
            ),
            models.Index(
                fields=["tenant", "integration", "state", "stream"], name="document_state"
            ),
            models.Index(
                fields=["tenant"],
                name="document_held_untold",
                condition=models.Q(state="held") & ~models.Q(told=models.F("reason")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.number or self.key}"


class Dependency(TenantOwned):
    """A document names another by stream and key, whether or not that one is known yet."""

    document = TenantForeignKey(Document, on_delete=models.CASCADE, related_name="dependencies")
    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    stream = models.CharField(max_length=40)
    key = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "document", "stream", "key"], name="one_dependency"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "integration", "stream", "key"], name="dependency_reverse"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} needs {self.stream} {self.key}"


class Wait(TenantOwned):
    """A document waits for a mapping failure to be resolved."""

    document = TenantForeignKey(Document, on_delete=models.CASCADE, related_name="waits")
    failure = TenantForeignKey(MappingFailure, on_delete=models.CASCADE, related_name="waits")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "document", "failure"], name="one_wait"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} waits for {self.failure_id}"


class Link(TenantOwned):
    """What a part of a document has become at the target, as posted.

    ``payload``, ``mappings`` and ``options`` are those of the last outcome, ``version`` the source
    version that was sent, ``lines`` our line key -> the target's line id. ``renewed`` are mappings
    that a person has chosen for it since. ``restores`` counts by field how often a change made
    there was undone, ``adopted`` holds the changes that were accepted, ``doubles`` the ids of other
    records that were seen to carry its mark. ``matched_at`` is when the target last said what we
    meant, ``matched`` how much of it was compared, and ``seen`` the target's own time of the last
    change that we know of.
    """

    class Matched(models.TextChoices):
        TOTAL = "total", "its total"
        EVERYTHING = "everything", "everything that we posted"

    document = TenantForeignKey(Document, on_delete=models.PROTECT, related_name="links")
    connection = TenantForeignKey(Connection, on_delete=models.PROTECT, related_name="links")
    part = models.CharField(max_length=80, blank=True, default="")
    target_kind = models.CharField(max_length=40)
    target_id = models.CharField(max_length=80)
    target_number = models.CharField(max_length=120, blank=True, default="")
    reference = models.CharField(max_length=120)
    status = models.CharField(max_length=40, blank=True, default="")
    payload = models.JSONField(default=dict)
    mappings = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    renewed = models.JSONField(default=list)
    lines = models.JSONField(default=dict)
    total = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    version = models.CharField(max_length=80, blank=True, default="")
    restores = models.JSONField(default=dict)
    adopted = models.JSONField(default=dict)
    doubles = models.JSONField(default=list)
    posted_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    matched_at = models.DateTimeField(null=True, blank=True)
    matched = models.CharField(max_length=10, choices=Matched, blank=True, default="")
    seen = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "document", "part"], name="one_link"),
            models.UniqueConstraint(
                fields=["tenant", "connection", "target_kind", "reference"],
                name="one_link_per_reference",
            ),
            models.UniqueConstraint(
                fields=["tenant", "connection", "target_kind", "target_id"],
                name="one_link_per_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_kind} {self.target_number or self.target_id}"
