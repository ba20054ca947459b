"""How anything is synced: extract, load facts, decide, deliver, recover. Knows no provider by name."""
