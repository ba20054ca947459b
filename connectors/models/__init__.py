"""The tables of the service, a file per noun; all but the quota counter are tenant-owned."""

from connectors.models.alert import Alert
from connectors.models.alert_channel import AlertChannel, AlertDelivery, Topic
from connectors.models.attempt import Attempt, Outcome
from connectors.models.connection import Connection, ConnectionToken, Health, QuotaDay
from connectors.models.document import Dependency, Document, Link, Wait
from connectors.models.foreseen import FitReport, Foreseen
from connectors.models.inbox import InboxEvent, WebhookEndpoint
from connectors.models.integration import EPOCH, Integration, StreamState, WorkSlot
from connectors.models.reference import (
    Mapping,
    MappingFailure,
    ReferenceItem,
    ReferenceState,
    TargetRecord,
    UnlinkedPair,
)
from connectors.models.review import ReviewComment, ReviewItem
from connectors.models.run import Run
from connectors.models.sealed import SealError, open_sealed, seal, sealed_fields, sealed_models

__all__ = [
    "EPOCH",
    "Alert",
    "AlertChannel",
    "AlertDelivery",
    "Attempt",
    "Connection",
    "ConnectionToken",
    "Dependency",
    "Document",
    "FitReport",
    "Foreseen",
    "Health",
    "InboxEvent",
    "Integration",
    "Link",
    "Mapping",
    "MappingFailure",
    "Outcome",
    "QuotaDay",
    "ReferenceItem",
    "ReferenceState",
    "ReviewComment",
    "ReviewItem",
    "Run",
    "SealError",
    "StreamState",
    "TargetRecord",
    "Topic",
    "UnlinkedPair",
    "Wait",
    "WebhookEndpoint",
    "WorkSlot",
    "open_sealed",
    "seal",
    "sealed_fields",
    "sealed_models",
]
