"""The only code that talks to providers: one HTTP client with pacing, tokens and an error table.

Calls enter as paths and plain data, replies leave with exact numbers, failures leave as errors that
say what can be done. Nothing here knows a provider, a flow or a table.
"""
