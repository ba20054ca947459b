"""Filters that show values in templates as ``tenants.staff.shown`` does everywhere."""

from django import template

from tenants.staff import shown

register = template.Library()

register.filter("when", shown.when)
register.filter("pretty_json", shown.pretty_json)
register.filter("shown", shown.text_of)
register.filter("words", shown.words)
register.filter("money", shown.money)
register.filter("badge", shown.badge)
register.filter("amount", shown.amount_text)
register.filter("plain", shown.plain)
