"""A resolved integration in hand: its flow, its two providers, its options, as plain values.

Doors resolve the flow through the registry and pass it down; the engine never looks one up.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.core.errors import ProviderError, RetryLater
from connectors.core.flow import SOURCE, TARGET, Context, Flow
from connectors.core.log_context import log_context
from connectors.models import Connection, Integration
from connectors.transport.provider import ProviderSpec
from tenants.scope import tenant_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A flow together with the two providers that it joins."""

    flow: Flow
    source: ProviderSpec
    target: ProviderSpec

    def listens(self, side: str) -> bool:
        """Whether webhooks of that side's provider mean anything to the flow."""
        spec = self.source if side == SOURCE else self.target
        if spec.webhooks is None:
            return False
        if any(ref.resources for ref in self.flow.references if ref.side == side):
            return True
        if side == SOURCE:
            return any(stream.resource for stream in self.flow.streams)
        return bool(self.flow.watched)

    def turned(self) -> "Resolved":
        """The same, seen from the other side: what was the target is the source."""
        flow = self.flow
        assert flow.source_sink is not None  # noqa: S101 - a flow with such streams has one
        turned = replace(
            flow,
            source=flow.target,
            target=flow.source,
            sink=flow.source_sink,
            source_sink=flow.sink,
        )
        return Resolved(flow=turned, source=self.target, target=self.source)


Resolve = Callable[[str], Resolved]


def _no_lease() -> None:
    """Documents have claims of their own; only a run's work stands under a lease."""


@dataclass(slots=True, kw_only=True)
class Job:
    """What every engine function works on. ``calls`` counts API calls as they are made.

    ``check_lease`` raises when the work was given to somebody else; every scope that writes
    begins with it.
    ``read_only`` is set for a dry run: clients that are opened for it refuse every write.
    ``owner`` is the integration's side whose records this job posts: for those of the target the
    two sides are turned round, so that whoever works on them need not know.
    """

    tenant_id: int
    integration: Integration
    source: Connection
    target: Connection
    resolved: Resolved
    context: Context
    calls: Counter[str] = field(default_factory=Counter)
    check_lease: Callable[[], None] = _no_lease
    owner: str = SOURCE
    read_only: bool = False

    def views(self) -> "tuple[Job, ...]":
        """One job for each side that owns streams of the flow, what the target owns first."""
        owners = {stream.owner for stream in self.flow.streams}
        return tuple(self.toward(owner) for owner in (TARGET, SOURCE) if owner in owners)

    def view_of(self, stream: str) -> "Job":
        """The job that posts documents of this stream."""
        return self.toward(self.flow.stream(stream).owner)

    def toward(self, owner: str) -> "Job":
        """This job as it posts what that side owns; calls and lease stay shared."""
        if owner == self.owner:
            return self
        context = self.context
        return replace(
            self,
            source=self.target,
            target=self.source,
            resolved=self.resolved.turned(),
            context=replace(
                context,
                source_settings=context.target_settings,
                target_settings=context.source_settings,
            ),
            owner=owner,
        )

    @property
    def stream_names(self) -> list[str]:
        """The streams whose documents this job posts."""
        return [stream.name for stream in self.flow.streams if stream.owner == self.owner]

    @property
    def flow(self) -> Flow:
        return self.resolved.flow

    @property
    def usable(self) -> bool:
        """Whether both connections may be used now."""
        return self.source.usable and self.target.usable

    def connection(self, side: str) -> Connection:
        return self.source if side == "source" else self.target

    def connection_of(self, error: ProviderError | RetryLater, side: str) -> Connection:
        """Whose call failed so; where the error does not say, that side's."""
        named = error.connection if isinstance(error, RetryLater) else error.facts.connection
        both = (self.source, self.target)
        return next((c for c in both if str(c.secret_id) == named), self.connection(side))

    def spec(self, side: str) -> ProviderSpec:
        return self.resolved.source if side == "source" else self.resolved.target

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A short transaction as this tenant."""
        with tenant_scope(self.tenant_id):
            self.check_lease()
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """As ``scope``, for what only looks: who has lost the work learns it before it writes."""
        with tenant_scope(self.tenant_id):
            yield

    @contextmanager
    def logged(self, **ids: Any) -> Iterator[None]:
        with log_context(tenant=self.tenant_id, integration=self.integration.pk, **ids):
            yield


def load_job(tenant_id: int, integration_id: int, resolve: Resolve) -> Job:
    """Read an integration and its connections in one short scope."""
    with tenant_scope(tenant_id):
        integration = Integration.objects.select_related("source", "target").get(pk=integration_id)
    resolved = resolve(integration.flow)
    options = {**resolved.flow.default_options(), **integration.options}
    return Job(
        tenant_id=tenant_id,
        integration=integration,
        source=integration.source,
        target=integration.target,
        resolved=resolved,
        context=Context(
            options=options,
            source_settings=integration.source.settings,
            target_settings=integration.target.settings,
        ),
    )


def with_options_of_now(job: Job) -> Job:
    """The job by the options that are chosen at this moment; call inside the scope, after a claim.

    A worker keeps its job for a whole slice. Who changes options marks what is claimed by then.
    """
    chosen = Integration.objects.values_list("options", flat=True).get(pk=job.integration.pk)
    options = {**job.flow.default_options(), **chosen}
    if options == job.context.options:
        return job
    return replace(job, context=replace(job.context, options=options))
