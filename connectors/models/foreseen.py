"""What a dry run foresees for each document, and the fit report that is made of it."""

from django.db import models

from connectors.models.document import Document
from connectors.models.integration import Integration
from connectors.models.run import Run
from tenants.models import TenantForeignKey, TenantOwned


class Foreseen(TenantOwned):
    """One document's foreseen outcome in one dry run; its state is not touched.

    What the document was called and worth is kept with it, since the document may change later.
    ``group`` says for what: a reason of holding, or nothing. ``waits`` lists what would have to be
    mapped or posted first, each with a key and a label. ``parts`` are the records that would stand
    at the target, with their payloads, and ``calls`` how many writes that takes. ``existing`` are
    records that people typed in before and that it may be linked to, each with both sides' fields;
    ``linkable`` says that for each part one of them is the same in number, vendor and total.
    """

    class Outcome(models.TextChoices):
        POST = "post", "would be posted"
        CHANGE = "change", "would be changed"
        CANCEL = "cancel", "would be cancelled"
        WAIT = "wait", "would wait"
        HOLD = "hold", "would be held"
        STANDS = "stands", "stands there already"
        NOTHING = "nothing", "nothing to do"
        LATER = "later", "could not be read now"

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="foreseen")
    document = TenantForeignKey(Document, on_delete=models.CASCADE, related_name="foreseen")
    run = TenantForeignKey(Run, on_delete=models.CASCADE, related_name="foreseen")
    stream = models.CharField(max_length=40, default="")
    number = models.CharField(max_length=120, blank=True, default="")
    party = models.CharField(max_length=300, blank=True, default="")
    day = models.DateField(null=True, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    version = models.CharField(max_length=80, blank=True, default="")
    outcome = models.CharField(max_length=8, choices=Outcome)
    group = models.CharField(max_length=120, blank=True, default="")
    words = models.TextField(blank=True, default="")
    waits = models.JSONField(default=list, blank=True)
    parts = models.JSONField(default=list, blank=True)
    calls = models.PositiveIntegerField(default=0)
    existing = models.JSONField(default=list, blank=True)
    linkable = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run", "document"], name="one_foreseen"),
        ]
        indexes = [
            models.Index(fields=["tenant", "run", "outcome", "group"], name="foreseen_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.get_outcome_display()}"


class FitReport(TenantOwned):
    """A finished dry run that is kept: its numbers, and who may read it without an account.

    ``content`` holds what cannot be counted from its rows later: both sides' totals by month, what
    is matched, and what a first run costs. A link names ``shares``, which rises when links are
    taken back; they end with ``shared_until``.
    """

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="fits")
    run = TenantForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
    content = models.JSONField(default=dict)
    shares = models.PositiveIntegerField(default=0)
    shared_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run"], name="one_fit_report"),
        ]
        indexes = [
            models.Index(fields=["tenant", "integration", "-made_at"], name="fit_latest"),
        ]

    def __str__(self) -> str:
        return f"fit report of run {self.run_id}"
