"""Who looks after what waits for a person, until when it is put off, and what people say of it."""

from django.db import models

from connectors.core import clock
from connectors.models.document import Document
from connectors.models.reference import MappingFailure
from tenants.models import Member, TenantForeignKey, TenantOwned

_ONE_OF_BOTH = models.Q(failure__isnull=True, document__isnull=False) | models.Q(
    failure__isnull=False, document__isnull=True
)


class ReviewItem(TenantOwned):
    """A missing mapping or a held document that somebody was given, or that was put off.

    What is decided anew after ``snoozed_at`` is not put off any more.
    """

    failure = TenantForeignKey(
        MappingFailure, null=True, on_delete=models.CASCADE, related_name="reviews"
    )
    document = TenantForeignKey(
        Document, null=True, blank=True, on_delete=models.CASCADE, related_name="reviews"
    )
    assignee = TenantForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "failure"], name="one_review_of_failure"),
            models.UniqueConstraint(fields=["tenant", "document"], name="one_review_of_document"),
            models.CheckConstraint(condition=_ONE_OF_BOTH, name="review_is_of_one_thing"),
        ]

    def __str__(self) -> str:
        return f"review of {self.failure or self.document}"


class ReviewComment(TenantOwned):
    """What somebody said of it; ``author`` is the person in the words of the audit."""

    item = TenantForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField()
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["tenant", "item", "at"], name="comment_of_item")]

    def __str__(self) -> str:
        return self.text[:80]
