"""Frame strips of two videos side by side: the same frames framed and numbered on both sides."""

from __future__ import annotations

import base64
from html import escape

import streamlit as st

from workbench import session
from workbench.messages import has, text
from workbench.services.case_view import CaseView
from workbench.services.film_strips import MISSING, UNATTACHED, FilmStrip, Tile, film_strips

_SHORT_S = 60.0  # seconds; times within a shorter video are given to the tenth
_STYLE = """
<style>
.fs-both { display: grid; gap: 1rem; }
.fs-both.two { grid-template-columns: 1fr 1fr; }
.fs-side { border: 1px solid #d5dbe1; border-radius: 6px; min-width: 0;
  container-type: inline-size; }
.fs-side h4 { font-size: .9rem; margin: 0; padding: .5rem .8rem; background: #f3f5f7;
  border-bottom: 1px solid #d5dbe1; border-radius: 6px 6px 0 0; }
.fs-side h4 small { color: #5b6875; font-weight: 400; margin-left: .6rem; }
.fs-side p { margin: 0; padding: .7rem .8rem; }
.fs-tiles { display: grid; gap: 6px; padding: 8px; grid-template-columns: repeat(4, 1fr); }
@container (min-width: 780px) { .fs-tiles { grid-template-columns: repeat(6, 1fr); } }
@container (max-width: 360px) { .fs-tiles { grid-template-columns: repeat(3, 1fr); } }
.fs-tile { position: relative; margin: 0; border: 3px solid transparent; border-radius: 4px; }
.fs-tile.alike { border-color: #b36b00; background: #fdf0b5; }
.fs-tile img, .fs-tile .gone { display: block; width: 100%; aspect-ratio: 16 / 9;
  object-fit: contain; background: #1d2329; }
.fs-tile .gone { background: #eef1f4; color: #5b6875; font-size: .75rem; text-align: center; }
.fs-tile b { position: absolute; top: 0; left: 0; background: #8a4b00; color: #fff;
  font-size: .78rem; line-height: 1; padding: 3px 6px; border-radius: 0 0 4px 0; }
.fs-tile figcaption { font-size: .75rem; line-height: 1.5; text-align: center; color: #33404c;
  font-variant-numeric: tabular-nums; }
.fs-side p.fs-label { font-size: .8rem; color: #8a4b00; padding: .4rem .8rem 0; }
</style>
"""


def draw_strips(here: session.Session, view: CaseView, head: dict[str, str]) -> None:
    """Draw the strips of a case about videos; ``head`` is the markup above each piece."""
    with st.spinner(text("page_holds.strip.reading")):
        found = here.read(film_strips, here.person_id, view.case["hold_id"])
    by_piece = {strip.piece_id: strip for strip in found}
    if any(strip.tiles for strip in found):
        st.caption(_sentence(found))
    sides = [_side(head[each.piece_id], by_piece.get(each.piece_id)) for each in view.pieces]
    kind = "fs-both two" if len(sides) == 2 else "fs-both"
    st.html(_STYLE)
    st.html(f'<div class="{kind}">{"".join(sides)}</div>')


def _sentence(found: tuple[FilmStrip, ...]) -> str:
    shown = [strip for strip in found if strip.tiles]
    if len(shown) < 2:
        return text("page_holds.strip.alone")
    count = sum(tile.number > 0 for tile in shown[0].tiles)
    return text(f"page_holds.strip.{'said' if count else 'nothing_alike'}", count=count)


def _side(head: str, strip: FilmStrip | None) -> str:
    return f'<div class="fs-side"><h4>{head}</h4>{_content(strip)}</div>'


def _content(strip: FilmStrip | None) -> str:
    if strip is None:
        return f"<p>{escape(text('page_holds.strip.no_film'))}</p>"
    if not strip.tiles:
        return f"<p>{escape(_why(strip.why))}</p>"
    label = f'<p class="fs-label">{escape(text("viewer.label.face_voice"))}</p>'
    fine = strip.tiles[-1].moment_s < _SHORT_S
    tiles = "".join(_tile(tile, clock(tile.moment_s, fine=fine)) for tile in strip.tiles)
    return f'{label}<div class="fs-tiles">{tiles}</div>'


def _why(code: str) -> str:
    if code == UNATTACHED:
        return text("page_holds.strip.stated_only")
    if code == MISSING:
        return text("page_holds.strip.missing")
    words = text(f"reading.code.{code}") if has(f"reading.code.{code}") else code
    return text("page_holds.strip.unreadable", why=words)


def _tile(tile: Tile, moment: str) -> str:
    number = f"<b>{tile.number}</b>" if tile.number else ""
    kind = "fs-tile alike" if tile.number else "fs-tile"
    return (
        f'<figure class="{kind}">{_picture(tile, moment)}{number}'
        f"<figcaption>{moment}</figcaption></figure>"
    )


def _picture(tile: Tile, moment: str) -> str:
    if not tile.picture:
        return f'<div class="gone">{escape(text("page_holds.strip.no_frame"))}</div>'
    told = "tile_alike" if tile.number else "tile"
    words = escape(text(f"page_holds.strip.{told}", moment=moment, number=tile.number))
    data = base64.b64encode(tile.picture).decode("ascii")
    return f'<img alt="{words}" src="data:image/jpeg;base64,{data}">'


def clock(seconds: float, *, fine: bool = False) -> str:
    """Moment of a video as players write it; to the tenth of a second if ``fine``.

    >>> clock(62.5), clock(3725.0), clock(2.28, fine=True)
    ('1:02', '1:02:05', '0:02.2')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{told}.{int(seconds * 10) % 10}" if fine else told
