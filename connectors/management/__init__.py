"""Management of the connectors app."""
