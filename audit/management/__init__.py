"""Management of the audit by command."""
