"""Verifies a chain as the database keeps it, in short reads, so that recording goes on meanwhile.

The same for every chain: a tenant's, and the platform's.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from audit import chain

_BATCH = 2_000


class Kept(Protocol):
    """An event in its row."""

    sequence: int
    hash: str

    def content(self) -> dict[str, Any]: ...


class KeptChain(Protocol):
    """Where a chain stands in the database."""

    def head(self) -> chain.Head:
        """The recorded end."""

    def after(self, sequence: int, limit: int) -> Sequence[Kept]:
        """The next events behind this one, in order."""


def verify(kept: KeptChain) -> chain.Head:
    """Verify a whole chain against its head; raise ``ChainBrokenError`` if it fails."""
    reached = chain.Head()
    while True:
        expected = kept.head()
        reached = _verify_up_to(kept, reached, expected)
        beyond = kept.after(reached.sequence, 1)
        if not beyond:
            return reached
        if kept.head() == expected:
            raise chain.ChainBrokenError(
                f"event {beyond[0].sequence} stands behind the recorded end of the chain"
            )


def check_anchor(kept: KeptChain, noted: chain.Head) -> None:
    """Raise ``ChainBrokenError`` unless the chain still leads through a head noted earlier.

    Whoever owns the database can cut the end off and write a fitting head. Not so a hash that was
    kept elsewhere.
    """
    if noted == chain.Head():
        return
    row = next(iter(kept.after(noted.sequence - 1, 1)), None)
    if row is None or row.sequence != noted.sequence:
        raise chain.ChainBrokenError(f"event {noted.sequence}, noted as the last, is not there")
    if row.hash != noted.hash:
        raise chain.ChainBrokenError(f"event {noted.sequence} is not the one that was noted")


def export(kept: KeptChain) -> Iterator[dict[str, Any]]:
    """Give the events in order, as the hash covers them, up to the head at the start."""
    for event in _walk(kept, after=0, until=kept.head().sequence):
        yield event.content()


def _verify_up_to(kept: KeptChain, reached: chain.Head, expected: chain.Head) -> chain.Head:
    events = _walk(kept, after=reached.sequence, until=expected.sequence)
    reached = chain.verify((event.content() for event in events), reached)
    if reached.sequence < expected.sequence:
        raise chain.ChainBrokenError(
            f"event {reached.sequence + 1} is missing; the chain has {expected.sequence} events"
        )
    if reached.hash != expected.hash:
        raise chain.ChainBrokenError(
            f"event {reached.sequence} is not the one that was recorded as the last"
        )
    return reached


def _walk(kept: KeptChain, *, after: int, until: int) -> Iterator[Kept]:
    while after < until:
        batch = kept.after(after, min(_BATCH, until - after))
        if not batch:
            return
        yield from batch
        after = batch[-1].sequence
