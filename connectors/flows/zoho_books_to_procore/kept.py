"""What a kind of master data brings along to be kept up: its stream, its rules, its differences.

Modules of the kinds build one ``Kept`` each; ``dispatch`` lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.core.decisions import Decision, Facts, Needs
from connectors.core.flow import Context, FieldDifference, Stream
from connectors.core.records import TargetState
from connectors.core.upkeep import UpkeepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A kind that is kept up. ``differences`` compares a payload with what the other side says;
    ``needs`` is for a kind whose decision looks at more than rows and names.
    """

    stream: Stream
    decide: Callable[[UpkeepRecord, Facts, Context], Decision]
    differences: Callable[[Mapping[str, Any], TargetState], Sequence[FieldDifference]]
    needs: Callable[[UpkeepRecord, Context], Needs] | None = None
