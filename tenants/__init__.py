"""Who uses the service: tenants, their members and roles, and the wall between tenants.

Nothing in this package knows what is synchronised; it stands below everything but
``connectors.core``.
"""
