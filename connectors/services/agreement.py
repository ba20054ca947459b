"""Answers “do both systems agree?”: both totals per month and what explains each difference.

An integration enters, months or the documents behind them leave; read inside the tenant's scope.
The target's side is what its lists last said, never our own ledger.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from connectors.core.agreement import Alone, Cause, Month, Pair, Place, months
from connectors.core.flow import Flow
from connectors.core.money import ZERO
from connectors.core.records import TargetState
from connectors.core.states import State
from connectors.engine.heads import INDEX
from connectors.models import EPOCH, Integration, ReferenceState, TargetRecord

# Nobody reads more rows of one month on a page.
MOST_ROWS = 500

# A document with what the target lists for it. A record without a day counts in the document's
# month, one without a currency in the document's. While a record has not changed since it was read
# and found as posted, the posted amount counts: lists tell less (no amount, or one after tax that
# was withheld). What somebody changed there and a person accepted is not as posted.
_PAIRS = """
    FROM connectors_document AS d
    LEFT JOIN LATERAL (
        SELECT
            string_agg(nullif(l.target_number, ''), ', ' ORDER BY l.part) AS numbers,
            bool_or(l.confirmed_at > coalesce(r.seen_at, %(read_at)s)) AS unread,
            bool_or(l.adopted <> '{}'::jsonb) AS adopted,
            sum(CASE
                WHEN l.matched <> '' AND l.adopted = '{}'::jsonb
                    AND (r.total IS NULL OR r.modified = l.seen) THEN l.total
                ELSE r.total
            END) FILTER (WHERE r.status = ANY(%(standing)s)) AS total,
            max(nullif(left(r.day, 7), '')) AS month,
            max(nullif(r.currency, '')) AS currency
        FROM connectors_link AS l
        LEFT JOIN connectors_targetrecord AS r
            ON r.tenant_id = l.tenant_id AND r.connection_id = l.connection_id
            AND r.kind = l.target_kind AND r.target_id = l.target_id
        WHERE l.tenant_id = d.tenant_id AND l.document_id = d.id
    ) AS t ON true
    CROSS JOIN LATERAL (
        SELECT
            coalesce(to_char(d.day, 'YYYY-MM'), '') AS month,
            CASE WHEN d.state = 'cancelled' OR d.gone THEN 0 ELSE d.total END AS here,
            coalesce(t.total, 0) AS there,
            coalesce(t.currency, d.currency) AS there_currency,
            coalesce(t.month, to_char(d.day, 'YYYY-MM'), '') AS there_month,
            coalesce(t.unread, false) OR d.wants_look AS unread,
            coalesce(t.adopted, false) OR d.reason = 'drifted' AS changed
    ) AS s
"""
_COUNTED = """
    WHERE d.integration_id = %(integration)s AND d.stream = ANY(%(streams)s)
        AND d.total IS NOT NULL AND (d.day IS NULL OR d.day >= %(start)s)
"""
_SOURCE = """
    SELECT coalesce(to_char(d.day, 'YYYY-MM'), ''), d.currency,
        sum(CASE WHEN d.state = 'cancelled' OR d.gone THEN 0 ELSE d.total END)
    FROM connectors_document AS d
"""
# What `_pair` is made of.
_COLUMNS = "s.month, d.currency, s.there_month, s.there_currency, d.state, s.unread, s.changed"
# A target record that no document of this integration stands for.
_ALONE = """
    FROM connectors_targetrecord AS r
    LEFT JOIN connectors_link AS l
        ON l.tenant_id = r.tenant_id AND l.connection_id = r.connection_id
        AND l.target_kind = r.kind AND l.target_id = r.target_id
    LEFT JOIN connectors_document AS d ON d.id = l.document_id
    WHERE r.connection_id = %(target)s AND r.kind = ANY(%(kinds)s)
        AND r.status = ANY(%(standing)s) AND r.total IS NOT NULL
        AND (r.day = '' OR r.day >= %(start_text)s)
        AND (d.id IS NULL OR d.integration_id <> %(integration)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """All months of one kind of record, and when the target was last read."""

    stream: str
    read_at: datetime | None
    months: list[Month]

    @property
    def unexplained(self) -> dict[str, Decimal]:
        """What is left without a reason, by currency; nothing where both systems agree."""
        found: defaultdict[str, Decimal] = defaultdict(Decimal)
        for month in self.months:
            if not month.agrees:
                found[month.place.currency] += abs(month.unexplained)
        return dict(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document or target record that makes a difference; ``document_id`` is 0 for a record."""

    document_id: int
    number: str
    party: str
    here: Decimal | None
    there_number: str
    there: Decimal | None
    cause: Cause | None
    state: str = ""


def agreements(integration: Integration, flow: Flow) -> list[Agreement]:
    """One for each kind of record that the integration posts."""
    return [
        _agreement(integration, flow, stream.name)
        for stream in flow.streams
        if stream.upkeep is None
    ]


def _agreement(integration: Integration, flow: Flow, stream: str) -> Agreement:
    asked = _asked(integration, flow, stream)
    source = _sums(_SOURCE + _COUNTED + "GROUP BY 1, 2", asked)
    there = "SELECT s.there_month, s.there_currency, sum(s.there)" + _PAIRS + _COUNTED
    target = _sums(there + "GROUP BY 1, 2", asked)
    alone = list(_alone(asked))
    for one in alone:
        target[one.place] += one.there
    return Agreement(
        stream=stream,
        read_at=None if asked["read_at"] == EPOCH else asked["read_at"],
        months=months(source, target, _pairs(asked), alone),
    )


def rows(
    integration: Integration, flow: Flow, stream: str, place: Place, cause: Cause | None
) -> list[Row]:
    """What is behind a number of a month, most money first; no cause means what is unexplained."""
    asked = {**_asked(integration, flow, stream), "month": place.month, "currency": place.currency}
    found = [*_document_rows(asked), *_record_rows(asked)]
    mine = [row for row in found if row.cause is cause]
    return sorted(mine, key=lambda row: -abs((row.there or ZERO) - (row.here or ZERO)))[:MOST_ROWS]


def _asked(integration: Integration, flow: Flow, stream: str) -> dict[str, Any]:
    """The values of a query, none of them from a request but the month."""
    kind = flow.stream(stream).target_kind
    reading = ReferenceState.objects.filter(connection=integration.target_id, kind=INDEX + kind)
    start = integration.history_start or date(1970, 1, 1)
    return {
        "integration": integration.pk,
        "target": integration.target_id,
        "streams": [stream],
        "kinds": [kind],
        "start": start,
        "start_text": start.isoformat(),
        "standing": standing(flow, integration.target_id, kind),
        "read_at": reading.values_list("read_at", flat=True).first() or EPOCH,
    }


def standing(flow: Flow, connection_id: int, kind: str) -> list[str]:
    """The statuses of listed records of a kind that are not void or cancelled; inside the scope."""
    known = TargetRecord.objects.filter(connection=connection_id, kind=kind).order_by()
    return [
        status
        for status in known.values_list("status", flat=True).distinct()
        if flow.stands(kind, _with_status(status))
    ]


def _with_status(status: str) -> TargetState:
    return TargetState(target_id="", number="", status=status, total=None, currency="")


def _sums(query: str, asked: dict[str, Any]) -> defaultdict[Place, Decimal]:
    found: defaultdict[Place, Decimal] = defaultdict(Decimal)
    for month, currency, amount in _fetched(query, asked):
        if amount:
            found[Place(month=month, currency=currency)] += amount
    return found


def _pairs(asked: dict[str, Any]) -> Iterable[Pair]:
    query = (
        f"SELECT {_COLUMNS}, sign(s.there - s.here), count(*), sum(s.here), sum(s.there)"
        + _PAIRS
        + _COUNTED
        + "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
    )
    for *said, _, number, here, there in _fetched(query, asked):
        yield _pair(said, number, here, there)


def _pair(said: Sequence[Any], number: int, here: Decimal, there: Decimal) -> Pair:
    """Out of the columns that ``_COLUMNS`` names."""
    month, own, there_month, theirs, state, unread, changed = said
    return Pair(
        place=Place(month=month, currency=own),
        there_place=Place(month=there_month, currency=theirs),
        state=State(state),
        number=number,
        here=here,
        there=there,
        unread=unread,
        changed=changed,
    )


def _alone(asked: dict[str, Any]) -> Iterable[Alone]:
    query = (
        "SELECT left(r.day, 7), r.currency, d.id IS NULL, count(*), sum(r.total)"
        + _ALONE
        + "GROUP BY 1, 2, 3"
    )
    for month, currency, unknown, number, there in _fetched(query, asked):
        yield Alone(
            place=Place(month=month, currency=currency),
            cause=Cause.ONLY_THERE if unknown else Cause.OTHER_INTEGRATION,
            number=number,
            there=there,
        )


def _document_rows(asked: dict[str, Any]) -> Iterable[Row]:
    query = (
        f"SELECT {_COLUMNS}, s.here, s.there, d.id, d.number, d.party, coalesce(t.numbers, '')"
        + _PAIRS
        + _COUNTED
        + "AND (s.here <> s.there OR s.month <> s.there_month OR d.currency <> s.there_currency)"
        " AND ((s.month = %(month)s AND d.currency = %(currency)s)"
        " OR (s.there_month = %(month)s AND s.there_currency = %(currency)s))"
    )
    place = Place(month=asked["month"], currency=asked["currency"])
    for *said, here, there, pk, number, party, there_number in _fetched(query, asked):
        pair = _pair(said, 1, here, there)
        row = Row(
            document_id=pk,
            number=number,
            party=party,
            there_number=there_number,
            state=pair.state,
            here=here,
            there=there,
            cause=pair.cause,
        )
        yield from _sides(row, pair, place)


def _sides(row: Row, pair: Pair, place: Place) -> Iterable[Row]:
    """What a pair adds to the difference of this place, as ``months`` counts it."""
    leaves = pair.place == place
    if pair.place.currency != pair.there_place.currency:
        shown: dict[str, Any] = {"there": None} if leaves else {"here": None}
        yield replace(row, **shown, cause=Cause.OTHER_CURRENCY)
        return
    if pair.place != pair.there_place and pair.there:
        shown = {"here": pair.there, "there": None} if leaves else {"here": None}
        yield replace(row, **shown, cause=Cause.OTHER_MONTH)
    if leaves and pair.here != pair.there:
        yield row


def _record_rows(asked: dict[str, Any]) -> Iterable[Row]:
    query = (
        "SELECT r.number, r.target_id, r.total, d.id IS NULL"
        + _ALONE
        + "AND left(r.day, 7) = %(month)s AND r.currency = %(currency)s"
    )
    for number, target_id, total, unknown in _fetched(query, asked):
        yield Row(
            document_id=0,
            number="",
            party="",
            here=None,
            there_number=number or target_id,
            there=total,
            cause=Cause.ONLY_THERE if unknown else Cause.OTHER_INTEGRATION,
        )


def _fetched(query: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        rows: list[Any] = cursor.fetchall()
    return rows
