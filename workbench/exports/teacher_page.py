"""The upright page of one teacher, which the result sheet and its appendix share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.exports.cells import PORTRAIT, Layout
from workbench.exports.layout_parts import (
    QR_MM,
    facts_of,
    footer_of,
    header_of,
    named,
    row_of,
    signatures_of,
)
from workbench.exports.payload import SheetPayload
from workbench.exports.receipt import receipt
from workbench.exports.wording import say


def teacher_page(
    payload: SheetPayload,
    kind: str,
    facts: Sequence[tuple[str, str]],
    columns: Sequence[str],
    widths: tuple[int, ...],
    texts: Iterable[Sequence[str]],
    signers: Sequence[str],
) -> Layout:
    """Lay out a page with a teacher's facts, one table, notes and signatures.

    Parameters
    ----------
    kind : str
        Of the title and of the first note: ``teacher`` or ``appendix``.
    facts : key and text of each, two beside each other
    columns : keys of the table's columns
    widths : of the columns, mm
    texts : of the table, a row each
    signers : who signs below
    """
    titles = [(key, say(f"column.{key}")) for key in columns]
    rows = [
        row_of(number, [(key, title, said) for (key, title), said in zip(titles, row, strict=True)])
        for number, row in enumerate(texts, 1)
    ]
    levels = "note.appendix" if kind == "appendix" else "note.levels"
    return Layout(
        orientation=PORTRAIT,
        title=named("title", say(f"title.{kind}")),
        subtitle=named("subtitle", f"{payload.county} {payload.round}"),
        facts=facts_of(facts, 2),
        fact_widths=(20, 44, 18, 92),
        header=header_of(titles),
        widths=widths,
        rows=tuple(rows),
        notes=(named("levels", say(levels)), named("proof", say("note.proof_teacher"))),
        signatures=signatures_of(signers),
        signature_widths=(62, 58),
        caption=named("caption", say("caption")),
        footer=footer_of(payload),
        receipt=receipt(payload),
        qr_mm=QR_MM,
    )
