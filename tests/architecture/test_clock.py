"""Whatever is compared with the database's time is that time: nobody asks the machine's clock."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Source, sources

# All files of Python are read once, by one worker.
pytestmark = pytest.mark.xdist_group("sources")

# (what is called, on what): each tells the time of the machine that happens to run the code.
MACHINE_TIMES = {
    ("now", "timezone"),
    ("now", "datetime"),
    ("utcnow", "datetime"),
    ("today", "datetime"),
    ("today", "date"),
    ("time", "time"),
}
# Fields that Django fills from the machine's clock.
FILLED = {"auto_now", "auto_now_add"}
ALLOWED = {
    "connectors/core/clock.py": 1,  # before the database was asked for the first time
    "connectors/transport/deadline.py": 2,  # a stretch of time, begun and ended on one machine
    "connectors/models/reference.py": 1,  # shown to people, and compared with nothing
    "tenants/models/member.py": 1,
    "tenants/models/tenant.py": 1,
    "tenants/models/user.py": 1,
}
# Other processes than ours, and commands that a person waits for.
LEFT_OUT = ("connectors/sandbox/", "connectors/management/")


def machine_times(source: Source) -> Iterator[int]:
    """Lines that take the time from the machine."""
    for node in ast.walk(source.tree()):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.attr, node.value.id) in MACHINE_TIMES:
                yield node.lineno
        elif isinstance(node, ast.keyword) and node.arg in FILLED:
            yield node.value.lineno


def test_times_are_the_database_s() -> None:
    found = {
        source.name: list(machine_times(source))
        for source in sources("connectors", "tenants", "audit")
        if not source.name.startswith(LEFT_OUT)
    }
    too_many = {name: lines for name, lines in found.items() if len(lines) > ALLOWED.get(name, 0)}
    assert too_many == {}, "use connectors.core.clock.now()"


def test_the_machine_s_clock_is_noticed() -> None:
    class Written(Source):
        def tree(self) -> ast.Module:
            return ast.parse(
                "a = timezone.now()\nb = datetime.now(UTC)\nc = time.time()\nd = clock.now()\n"
                "e = Field(auto_now_add=True)\nf = Field(default=timezone.now)\n"
            )

    assert sorted(machine_times(Written(sources("tests")[0].path, ""))) == [1, 2, 3, 5, 6]
