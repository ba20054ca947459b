"""The flow as one value, and how contacts of the two houses are told to be the same."""

from collections.abc import Iterable

from connectors.core.flow import Flow
from connectors.core.names import normalise_name
from connectors.core.references import AutomaticLink, ReferenceRow, Suggestion
from tests.third.package.flows.parcelbook_to_parcelbook.decide import OPTIONS, decide, needs
from tests.third.package.flows.parcelbook_to_parcelbook.sink import DeliverySink
from tests.third.package.flows.parcelbook_to_parcelbook.streams import (
    CONTACT,
    DELIVERY,
    REFERENCES,
    STREAMS,
)


def autolink(
    source: Iterable[ReferenceRow],
    target: Iterable[ReferenceRow],
    linked: frozenset[tuple[str, str]],
) -> list[AutomaticLink]:
    """Contacts of the same name, for those that are not linked yet."""
    known = {key for key, _ in linked}
    by_name = {normalise_name(row.name): row for row in target if row.active}
    return [
        AutomaticLink(
            kind=row.kind,
            source_key=row.key,
            target_key=by_name[normalise_name(row.name)].key,
            evidence="the same name",
        )
        for row in source
        if row.key not in known and normalise_name(row.name) in by_name
    ]


def suggest(kind: str, row: ReferenceRow, targets: Iterable[ReferenceRow]) -> list[Suggestion]:
    """Contacts whose names begin with the same word."""
    first = normalise_name(row.name).split()[:1]
    return [
        Suggestion(
            target_key=target.key,
            target_name=target.name,
            score=70,
            evidence=("the names begin alike",),
        )
        for target in targets
        if target.kind == kind
        and target.active
        and normalise_name(target.name).split()[:1] == first
    ]


FLOW = Flow(
    key="parcelbook_to_parcelbook",
    title="Parcelbook shipments to Parcelbook deliveries",
    source="parcelbook",
    target="parcelbook",
    streams=STREAMS,
    references=REFERENCES,
    indexes=(),
    options=OPTIONS,
    needs=needs,
    decide=decide,
    sink=DeliverySink(),
    autolink=autolink,
    suggest=suggest,
    mapping_kinds={CONTACT: "Contact"},
    # A second delivery with our reference is answered 409.
    refuses_second=frozenset({DELIVERY}),
)
