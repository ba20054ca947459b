"""Makes a valid row of any model, present or future, in the open tenant's scope.

Fields without a default are filled by their type, foreign keys by making the row they need. Rows
are saved raw, so that what a model's own ``save`` forbids does not matter here.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import models

_numbers = itertools.count(1)

# The first entry that fits a field's class gives the value; {n} makes it different every time.
_BY_TYPE: tuple[tuple[type[models.Field], Callable[[int], Any]], ...] = (
    (models.EmailField, lambda n: f"row{n}@example.com"),
    (models.URLField, lambda n: f"https://example.com/{n}"),
    (models.UUIDField, lambda n: uuid.uuid4()),
    (models.CharField, lambda n: f"row{n}"),
    (models.TextField, lambda n: f"row{n}"),
    (models.BooleanField, lambda n: False),
    (models.DecimalField, lambda n: Decimal(1)),
    (models.SmallIntegerField, lambda n: n % 30_000),
    (models.IntegerField, lambda n: n),
    (models.DateTimeField, lambda n: dt.datetime.now(tz=dt.UTC)),
    (models.DateField, lambda n: dt.date(2026, 1, 1)),
    (models.TimeField, lambda n: dt.time(12)),
    (models.DurationField, lambda n: dt.timedelta(seconds=n)),
    (models.JSONField, lambda n: {}),
    (models.BinaryField, lambda n: b"row"),
)


def make_row(model: type[models.Model], **given: Any) -> models.Model:
    """Make and save a row of ``model``; ``given`` values win over invented ones."""
    row = model(**given)
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    left = [field for field in fields if not {field.name, field.attname} & given.keys()]
    # One owner of several is enough.
    chosen = any(field.null and _owns(field) for field in fields if field not in left)
    for field in left:
        if not (field.null and (chosen or not _is_one_of_several(field))):
            _fill(row, field)
    row.save_base(raw=True, force_insert=True)
    return row


def _fill(row: models.Model, field: models.Field) -> None:
    if getattr(row, field.attname) not in (None, "") or _may_be_blank(field):
        return
    if isinstance(field, models.ForeignKey):
        setattr(row, field.name, make_row(field.related_model))
    else:
        setattr(row, field.attname, _value(field))


def _is_one_of_several(field: models.Field) -> bool:
    """A key that may be null only where another one is not."""
    return _owns(field) and not field.blank


def _owns(field: models.Field) -> bool:
    """Whether the row goes with what the key points to."""
    remote = getattr(field, "remote_field", None)
    return remote is not None and remote.on_delete is models.CASCADE


def _may_be_blank(field: models.Field) -> bool:
    return field.blank and field.empty_strings_allowed


def _value(field: models.Field) -> Any:
    if field.choices:
        return next(value for value, _ in field.flatchoices)
    for kind, make in _BY_TYPE:
        if isinstance(field, kind):
            value = make(next(_numbers))
            return (
                value[-field.max_length :] if isinstance(value, str) and field.max_length else value
            )
    raise NotImplementedError(f"Say in {__name__} how to fill {field} ({type(field).__name__}).")
