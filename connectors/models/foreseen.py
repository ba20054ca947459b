"""What a dry run foresees for each document: what would become of it if the integration ran."""

from django.db import models

from connectors.models.document import Document
from connectors.models.integration import Integration
from connectors.models.run import Run
from tenants.models import TenantForeignKey, TenantOwned


class Foreseen(TenantOwned):
    """One document's foreseen outcome, replaced by the next dry run; its state is not touched.

    ``group`` says for what: a reason of holding, or nothing. ``waits`` lists what would have to be
    mapped or posted first, each with a key and a label. ``parts`` are the records that would stand
    at the target, for the decisions about documents that take from them.
    """

    class Outcome(models.TextChoices):
        POST = "post", "would be posted"
        CHANGE = "change", "would be changed"
        CANCEL = "cancel", "would be cancelled"
        WAIT = "wait", "would wait"
        HOLD = "hold", "would be held"
        NOTHING = "nothing", "nothing to do"
        LATER = "later", "could not be read now"

    integration = TenantForeignKey(Integration, on_delete=models.CASCADE, related_name="foreseen")
    document = TenantForeignKey(Document, on_delete=models.CASCADE, related_name="foreseen")
    run = TenantForeignKey(Run, on_delete=models.CASCADE, related_name="foreseen")
    outcome = models.CharField(max_length=8, choices=Outcome)
    group = models.CharField(max_length=120, blank=True, default="")
    words = models.TextField(blank=True, default="")
    waits = models.JSONField(default=list, blank=True)
    parts = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "document"], name="one_foreseen"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "integration", "outcome", "group"], name="foreseen_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.get_outcome_display()}"
