"""One package per kind of integration: what is synced, how it is mapped, and how it is written.

No package here imports Django, a table, or another flow.
"""
