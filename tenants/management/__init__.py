"""Management of tenants and their database by command."""
