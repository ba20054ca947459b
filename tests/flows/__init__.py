"""The flows without network or database: a record in, a decision and a payload out."""
