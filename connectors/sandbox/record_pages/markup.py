"""The HTML of a record's page. Everything that is shown is escaped here."""

from __future__ import annotations

from html import escape

from connectors.sandbox.record_pages.record import Button, Field, Line, Page

STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#1b1f27,#e8eaf0);--quiet:light-dark(#5b6270,#a2a9b8);
--line:light-dark(#dfe2e8,#343a46);--ground:light-dark(#f5f6f8,#14171d);
--paper:light-dark(#fff,#1c2028);--accent:#2457c5;--red:light-dark(#a8241c,#ff8f86)}
body.procurify{--accent:#0b6e5f}body.procore{--accent:#b8450a}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}header{background:var(--accent);color:#fff;padding:12px 20px}
header b{margin-right:10px}main{max-width:900px;margin:24px auto;padding:0 20px}
h1{font-size:22px;margin:0 0 4px;overflow-wrap:anywhere}.quiet{color:var(--quiet);margin:0 0 16px}
section{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:18px;
margin:0 0 16px}dl{display:grid;grid-template-columns:120px 1fr;gap:6px;margin:0}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}label{display:block;font-weight:500}
.fields{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:12px}
input{width:100%;min-height:36px;padding:6px 9px;border:1px solid light-dark(#8a92a0,#767f8f);
border-radius:6px;background:var(--paper);color:inherit;font:inherit}.line{display:grid;gap:12px;
grid-template-columns:minmax(0,3fr) repeat(3,minmax(0,1fr));margin-top:14px;align-items:end}
.amount{text-align:right;font-variant-numeric:tabular-nums;padding-bottom:7px}
button{min-height:36px;padding:0 14px;border:1px solid light-dark(#8a92a0,#767f8f);font:inherit;
border-radius:6px;background:var(--paper);color:inherit;cursor:pointer}
button.main{background:var(--accent);border-color:var(--accent);color:#fff;font-weight:600}
button.danger{color:var(--red)}.actions{display:flex;flex-wrap:wrap;gap:8px;margin-top:16px}
.said{border-left:4px solid var(--accent)}.error{border-left:4px solid var(--red)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media(max-width:560px){.line{grid-template-columns:1fr 1fr}
.line>:first-child,.line>.amount{grid-column:1/-1}}
"""


def document(provider: str, title: str, body: str) -> str:
    """A whole page; ``body`` is HTML already."""
    name = escape(provider.lower().replace(" ", "-"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {escape(provider)} simulator</title>"
        '<link rel="stylesheet" href="/records/style.css"></head>'
        f'<body class="{name}"><header><b>{escape(provider)}</b> Simulator of the demo</header>'
        f"<main>{body}</main></body></html>"
    )


def notice(words: str, kind: str = "error") -> str:
    role = "alert" if kind == "error" else "status"
    return f'<section class="{kind}" role="{role}">{escape(words)}</section>' if words else ""


def record_page(page: Page, *, said: str = "", error: str = "") -> str:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in page.facts)
    return document(
        page.provider,
        page.title,
        f'<h1>{escape(page.title)}</h1><p class="quiet">{escape(page.kind)}, '
        f"{escape(page.status)}</p>{notice(error)}{notice(said, 'said')}"
        f"<section><dl>{facts}</dl>{_buttons(page)}</section>{_form(page)}",
    )


def _form(page: Page) -> str:
    if not page.fields:
        return ""
    fields = "".join(_input(one, one.name) for one in page.fields)
    lines = "".join(map(_line, page.lines))
    return (
        f'<form method="post"><section>{_seen(page)}<div class="fields">{fields}</div>{lines}'
        '<div class="actions"><button class="main" name="do" value="save">Save</button></div>'
        "</section></form>"
    )


def _buttons(page: Page) -> str:
    if not page.buttons:
        return ""
    made = "".join(map(_button, page.buttons))
    return f'<form method="post">{_seen(page)}<div class="actions">{made}</div></form>'


def _button(one: Button) -> str:
    style = ' class="danger"' if one.danger else ""
    return f'<button{style} name="do" value="{escape(one.name)}">{escape(one.label)}</button>'


def _seen(page: Page) -> str:
    return f'<input type="hidden" name="seen" value="{escape(page.seen)}">'


def _line(line: Line) -> str:
    inputs = "".join(_input(one, f"line.{line.key}.{one.name}") for one in line.fields)
    return f'<div class="line">{inputs}<span class="amount">{escape(line.total)}</span></div>'


def _input(one: Field, name: str) -> str:
    kind = {"day": 'type="date"', "amount": 'inputmode="decimal"'}.get(one.kind, "")
    value = f'name="{escape(name)}" value="{escape(one.value)}"'
    return f"<label>{escape(one.label)}<input {kind} {value}></label>"
