"""The doors through which providers tell us that something has happened."""
