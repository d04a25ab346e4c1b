"""Limits of the comparisons of texts and pictures: rules of the policy under ``flag``."""

from __future__ import annotations

from dataclasses import dataclass

_UNSKETCHED = 60  # bits; crops against windows of other photographs differ in 86 or more


@dataclass(frozen=True)
class TextLimits:
    """When two texts are a pair.

    Attributes
    ----------
    min_own_fingerprints : int
        Own fingerprints (known text removed) below which a text is too short
        to compare; about three characters each.
    strong_share, look_share : float
        Share of the smaller own text, by rarity, from which a pair is strong,
        or one to look at. Where the county's own chance pairs come close, these
        are raised (`calibrating`).
    strong_run, look_run : int
        Longest run from which it is, in normalised characters by rarity.
    least_run : int
        Run down to which ``look_run`` falls in a county whose chance pairs end
        before (`calibrating`).
    look_both : float
        A share and a run each short of its limit are a pair to look at
        together from here on: share over its limit plus run over its.
    df_cap : int
        Teachers who may share a hash before it counts as common.
    rare_teachers : int
        Teachers up to whom a shared hash counts in full; one that more have
        counts this number over theirs, as quotations nobody registered do.
    min_shared : int
        Shared rare hashes below which a pair is not even a candidate.
    share_floor : int
        The least a share is divided by, in fingerprints, or a text of few own
        words would be copied by a phrase.
    min_identical : int
        Own fingerprints from which a text too short to compare is still
        reported when another equals it to the letter.
    popular_share : float
        Share of its own hashes that links a text to the fullest of a group of
        more than ``df_cap``; and share of plain hashes that makes a pair to look
        at of two texts whose common words several others have too.
    popular_most : float
        Share of teachers beyond which a hash is a form that nobody registered.
    crowded_share : float
        Share of its own hashes that more than ``df_cap`` teachers have, from
        which a text is no filled form any more: it is compared all the same.
    form_share : float
        Share of the teachers who filled one slot, at least five, who have a
        hash that is then its form's.
    mosaic_share, mosaic_run, mosaic_sources
        A text of which this share (0 to 1) is in runs of at least so many
        characters out of the texts of at least so many other teachers.
    chance_share : float
        Share of the pairs found that may be chance.
    """

    min_own_fingerprints: int = 120
    strong_share: float = 0.20
    strong_run: int = 170
    look_share: float = 0.13
    look_run: int = 130
    least_run: int = 110
    look_both: float = 1.5
    df_cap: int = 20
    rare_teachers: int = 2
    min_shared: int = 6
    share_floor: int = 40
    min_identical: int = 20
    popular_share: float = 0.30
    popular_most: float = 0.05
    crowded_share: float = 0.75
    form_share: float = 0.80
    mosaic_share: float = 0.30
    mosaic_run: int = 60
    mosaic_sources: int = 3
    chance_share: float = 0.02


@dataclass(frozen=True)
class PictureLimits:
    """When two pictures are a pair: the ``flag.reused_image`` rules of the policy.

    Distances are bits of 256 and find what may be one picture; how much of the one
    sketch is found again in the other confirms it. Measured: resized, recompressed
    or stamped copies stay within 50 bits and crops within 80 of a window, but two
    rooms of one build may differ in 28 only. Of two slides, screens, charts or
    handwritten pages on one template less than .85 of the sketches agrees, of one
    picture changed twice over mostly .9 or more.
    """

    same: int = 31  # strong up to here; also what counts as one public picture
    alike: int = 50
    window: int = 80  # a whole picture against a window of the other
    slide: int = 40  # as soon as a slide takes part
    public_teachers: int = 5  # more teachers than this have it: public
    shared: float = 0.85  # share of the sketches below which two pictures are not one
    shared_certain: float = 0.93  # share from which they are called the same

    def unconfirmed(self, reason: str) -> int:
        """Bits up to which two pictures are shown where no sketch can confirm them."""
        return min(self.window, _UNSKETCHED) if reason == "cropped" else self.alike
