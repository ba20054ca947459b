"""What strangers read: how it works, security, status, and the project's documents."""

import re

import pytest
from django.test import Client

from config import health
from config.status_page import kept
from connectors.pages import manual

PAGES = (
    "/",
    "/how/procurify_to_zoho_books/",
    "/how/zoho_books_to_procore/",
    "/security/",
    "/status/",
    "/docs/",
)


@pytest.mark.django_db
def test_every_link_of_the_public_pages_leads_somewhere(client: Client) -> None:
    documents = [f"/docs/{name}/" for name, _ in manual.titles()]
    assert len(documents) > 10
    found: set[str] = set()
    for page in (*PAGES, *documents):
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert text.count("<h1") == 1, page
        found |= set(re.findall(r'<a [^>]*href="(/[^"#]*)', text))
    assert set(documents) <= found
    for address in found:
        assert client.get(address).status_code == 200, address


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["settings", "..", "..%2fREADME", "running.md", "RUNNING", "a" * 99]
)
def test_only_documents_of_the_list_are_read(client: Client, name: str) -> None:
    assert client.get(f"/docs/{name}/").status_code == 404
    assert client.get("/how/nothing/").status_code == 404


def test_html_inside_a_document_is_text() -> None:
    html = manual._MARKDOWN.render("<script>alert(1)</script> [x](javascript:alert(1))")
    assert "<script" not in html
    assert "href" not in html


@pytest.mark.django_db
def test_status_asks_once_for_many_readers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    parts = {"postgresql": True, "redis": True, "work": False}

    def ask() -> dict[str, bool]:
        asked.append(1)
        return parts

    monkeypatch.setattr(health, "parts", ask)
    kept.forget()
    pages = [client.get("/status/").content.decode() for _ in range(3)]
    kept.forget()
    assert len(asked) == 1
    assert all("A part of the service is away" in page for page in pages)
    assert "No sign for 30 seconds" in pages[0]
