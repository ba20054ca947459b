"""Pages for the people of a tenant."""
