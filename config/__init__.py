"""How the service is put together and started: settings, entry points, embedded servers.

Everything here may import the rest of the project; nothing else imports it.
"""
