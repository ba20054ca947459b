"""Times and orders of Zoho Books' lists.

Aware ISO texts enter as our cursors have them, Zoho's own spelling leaves; pages of a list sorted
by time enter, the newer ones leave.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors.core.days import parse_instant
from connectors.core.errors import BadInputError
from connectors.core.records import Page, Raw

_MODIFIED = "last_modified_time"


def row_id(name: str) -> Callable[[Raw], Hashable]:
    """What tells rows of a list apart."""
    return lambda row: str(row.get(name, ""))


def modified_after(since: str | None) -> str | None:
    """The filter's value. Whether Zoho includes the very second is not known, so one is added."""
    if since is None:
        return None
    earlier = parse_instant(since).astimezone(UTC) - timedelta(seconds=1)
    return earlier.strftime("%Y-%m-%dT%H:%M:%S+0000")


def newest_first(pages: Iterator[Page[Raw]], since: str | None) -> Iterator[Page[Raw]]:
    """Pages up to the first row that is older; all of them if the rows come in another order."""
    limit = parse_instant(since) if since is not None else None
    ordered, last = True, None
    for page in pages:
        times = [_modified(row) for row in page.rows]
        ordered = ordered and _descending(times, last)
        last = times[-1] if times else last
        if limit is None or not ordered or not times:
            yield page
            continue
        newer = [row for row, at in zip(page.rows, times, strict=True) if at is None or at >= limit]
        yield Page(rows=newer, number=page.number)
        if len(newer) < len(page.rows):
            return


def _descending(times: Sequence[datetime | None], before: datetime | None) -> bool:
    """Whether each time is no later than the one before it, and all are known."""
    known = [before] if before is not None else []
    for at in times:
        if at is None or (known and at > known[-1]):
            return False
        known.append(at)
    return True


def _modified(row: Raw) -> datetime | None:
    try:
        return parse_instant(str(row.get(_MODIFIED) or ""))
    except BadInputError:
        return None
