"""The words of the service: records, payloads, money, decisions and errors, in plain Python.

Everything else imports from here; nothing here knows Django, a provider, a table or the network.
"""
