"""The one error of the readers: a file that cannot be taken, and why, by a stable code."""

from __future__ import annotations

CODES = (
    "empty",  # no bytes, or nothing but blanks
    "broken",  # damaged, truncated, or refused by the library that should read it
    "encrypted",  # needs a password
    "too_large",  # more bytes, pixels or rows than the limits allow
    "too_long",  # more pages or frames than the limits allow
    "bomb",  # unpacks to far more than it weighs, or hides archives in archives
    "mislabelled",  # the name says one family of formats, the content is another
    "unsafe_path",  # a link, a device, `..`, or two members under one name
    "unsupported",  # a format nobody reads here
    "timeout",  # stopped by the limit on processor or wall-clock time
    "memory",  # stopped by the limit on memory
    "died",  # the reading process ended without an answer
)


class Unreadable(Exception):
    """A file that cannot be read as evidence.

    ``code`` is one of :data:`CODES`; ``detail`` is a short English remark for
    the report, naming what was found.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
