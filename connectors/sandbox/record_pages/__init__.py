"""Pages of single records, as people see them at a provider, to change things by hand.

What is done here goes through the simulators' doors for people, so that times, totals and webhooks
follow. No call is counted, and no fault or gate touches a page.
"""
