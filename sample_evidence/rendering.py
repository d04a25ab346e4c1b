"""Turns planned files into bytes."""

from __future__ import annotations

from sample_evidence.documents import word_document
from sample_evidence.media import Clip, encode, recoded, recording
from sample_evidence.old_formats import old_document, old_slides
from sample_evidence.pictures import Scene, jpeg, other, png, resaved
from sample_evidence.portable import portable_deck, portable_sheet
from sample_evidence.slides import presentation
from sample_evidence.submissions import Deck, File, Table, Voice
from sample_evidence.tables import csv_table, workbook
from sample_evidence.writing import Sheet
from sample_evidence.zips import pack


def render(file: File) -> bytes:
    """Bytes of a file, with what was done to it."""
    body = _render(file)
    return body[: len(body) * 3 // 5] if file.treat == "truncated" else body


def _render(file: File) -> bytes:
    match file.content:
        case Sheet() as sheet:
            return _sheet(sheet, file)
        case Deck() as deck:
            return _deck(deck, file)
        case Table() as table:
            if file.kind == "csv":
                return csv_table(table.rows)
            return workbook(table.title, table.rows, table.notes, file.stamp)
        case Scene() as scene:
            return _scene(scene, file)
        case Clip() as clip:
            return recoded(clip, file.stamp.created) if file.treat == "recoded" else encode(clip)
        case Voice() as voice:
            return recording(voice.key, file.kind, voice.seconds)
        case members:
            return pack([(member.name, render(member)) for member in members])


def _sheet(sheet: Sheet, file: File) -> bytes:
    match file.kind:
        case "docx":
            return word_document(sheet, file.stamp)
        case "doc" | "wps":
            return old_document(sheet, file.stamp)
        case "pdf":
            return portable_sheet(sheet, file.stamp)
    mark = "# " if file.kind == "md" else ""
    head = "".join(f"{name}：{value}\n" for name, value in sheet.head.items())
    parts = [f"{label}\n{''.join(body).strip()}\n" for label, body in sheet.sections]
    return f"{mark}{sheet.title}\n{head}{''.join(parts)}".encode()


def _deck(deck: Deck, file: File) -> bytes:
    if file.kind == "ppt":
        return old_slides(deck.pages, file.stamp)
    if file.kind == "pdf":
        return portable_deck(deck.pages, file.stamp, "#eef3ec")
    return presentation(deck.pages, [jpeg(scene) for scene in deck.scenes], file.stamp)


def _scene(scene: Scene, file: File) -> bytes:
    if file.treat == "resaved":
        return resaved(scene)
    if file.kind == "jpg":
        # Pictures out of chats have lost the time of the shot; every other one here has too.
        keeps = file.stamp.minutes % 2 == 0
        return jpeg(scene, taken=file.stamp.created if keeps else None)
    return png(scene) if file.kind == "png" else other(scene, file.kind)
