"""What a person has seen of a document: whoever decides by an old page decides about another one.

A document enters as a digest that its forms carry; a decision by a digest that is out of date is
refused with what the document is by now.
"""

from connectors.core.errors import BadInputError
from connectors.core.fingerprints import fingerprint
from connectors.models import Document


def digest(document: Document) -> str:
    """The same for as long as the document stands where it stood and says what it said."""
    return fingerprint(
        [
            document.state,
            document.reason,
            document.words,
            document.fingerprint,
            document.gone,
        ]
    )


def refuse_if_moved(document: Document, seen: str | None) -> None:
    """Raise where it has moved on since ``seen``; None for whoever acts by no page."""
    if seen is None or seen == digest(document):
        return
    because = f": {document.words}" if document.words else "."
    raise BadInputError(
        f"This document has moved on since you saw it. It is {document.get_state_display()} "
        f"now{because} Nothing was done. Open its page again, then decide."
    )
