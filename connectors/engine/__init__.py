"""How anything is synced: extract, facts, decide, deliver, recover. Knows no provider by name."""
