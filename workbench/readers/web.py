"""Web pages saved under the name of a document or a sheet."""

from __future__ import annotations

import email
import email.policy

from lxml import etree, html

from workbench.readers import plain
from workbench.readers.errors import Unreadable

_DROPPED = ("script", "style", "head")
_LINES = ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6")


def web_page(data: bytes) -> html.HtmlElement:
    """Root of a web page, also of one packed as MHTML; nothing it names is loaded."""
    text = plain.decode(data)
    if text.lstrip("\ufeff\r\n ").lower().startswith("mime-version:"):
        text = _packed_page(data)
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        root = html.document_fromstring(text.removeprefix("\ufeff").encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Unreadable("broken", f"web page: {error}") from None
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    return root


def page_text(root: html.HtmlElement) -> str:
    """Text of a web page, a line for each block."""
    for element in root.iter(*_LINES):
        element.tail = f"\n{element.tail or ''}"
    lines = (" ".join(line.split()) for line in root.text_content().splitlines())
    return "\n".join(line for line in lines if line)


def _packed_page(data: bytes) -> str:
    """First HTML part of an MHTML file, as Word saves it under .doc."""
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            payload = part.get_payload(decode=True)
            return plain.decode(payload) if isinstance(payload, bytes) else ""
    raise Unreadable("broken", "an MHTML file without a page")
