"""Making at the other side what it lacks, where an integration's option allows it.

A missing mapping enters; whether it may be made, and how far that is, leaves. It is made by the
upkeep of its kind like any other: looked up by our mark first, and never where its name is there.
"""

from dataclasses import dataclass

from connectors.core.errors import BadInputError
from connectors.core.flow import SOURCE, Context, Flow, Stream
from connectors.core.states import Reason, State
from connectors.core.upkeep import Creates
from connectors.models import Document, MappingFailure
from connectors.services import replay
from tenants.scope import tenant_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Whether what is missing is made by the option, and its document where there is one.

    ``possible`` says that asking once more may make it.
    """

    allowed: bool
    document: Document | None
    possible: bool


def of_failure(failure: MappingFailure, flow: Flow) -> Making | None:
    """How its making stands, inside a scope; None for a kind that is never made there."""
    stream = next((s for s in flow.streams if s.upkeep and s.upkeep.kind == failure.kind), None)
    if stream is None or stream.upkeep is None or stream.owner != SOURCE:
        return None
    integration = failure.integration
    context = Context(
        options={**flow.default_options(), **integration.options},
        source_settings=integration.source.settings,
        target_settings=integration.target.settings,
    )
    allowed = stream.upkeep.creates(context) != Creates.NEVER
    document = _document(failure, stream)
    return Making(allowed=allowed, document=document, possible=allowed and _possible(document))


def make(tenant_id: int, failure: MappingFailure, flow: Flow, *, actor: str) -> str:
    """Have it made by the next run; BadInputError where no option allows it or a person decides."""
    with tenant_scope(tenant_id):
        making = of_failure(failure, flow)
        name = failure.integration.target.name
    if making is None or not making.allowed:
        raise BadInputError(
            f"This integration creates no {failure.kind.replace('_', ' ')} in {name}. Change the "
            "option, or link it."
        )
    if not making.possible:
        words = making.document.words if making.document else ""
        raise BadInputError(f"It cannot be created in {name} as it stands. {words}".strip())
    if making.document is None:
        # The run that this asks for finds out that it is needed.
        replay.replay_failure(failure, actor=actor)
    else:
        replay.replay_documents(tenant_id, [making.document.pk], actor=actor)
    return f"It is looked for and created in {name} in a moment. What waits for it posts then."


def _document(failure: MappingFailure, stream: Stream) -> Document | None:
    rows = Document.objects.filter(integration=failure.integration_id, stream=stream.name)
    row = rows.filter(key=failure.source_key).first()
    if row is not None or stream.upkeep is None or not stream.upkeep.leads:
        return row
    # Mappings by rule are of other keys than the rows that they are about.
    serves = stream.upkeep.serves
    keys = rows.values_list("key", flat=True)
    known = next((key for key in keys if serves(key, failure.source_key)), "")
    return rows.filter(key=known).first()


def _possible(document: Document | None) -> bool:
    """One of that name must be linked by a person, and what a person dismissed stays so."""
    if document is None:
        return True
    if (document.state, document.reason) == (State.HELD, Reason.DUPLICATE_SUSPECTED):
        return False
    return document.state in (State.HELD, State.WAITING, State.NOT_APPLICABLE, State.DUE)
