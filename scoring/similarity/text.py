"""Copied text: which two texts share rare fingerprints, joined by sorting and never pair by pair.

What everyone has is no copy: known text (blank forms, public quotations) goes
first, then hashes that more than ``df_cap`` teachers have. What is left counts
by its rarity: in full where two alone share it, less where several cite it. Two
texts that share enough of it, or one long run of it, are a pair. The cut hides a
text that very many copied, so hashes too frequent for it are joined once more,
each to one document instead of to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from scoring.similarity.calibrating import TOO_FEW, Calibration, calibrated, strangers_among
from scoring.similarity.candidates import Candidates, candidates
from scoring.similarity.fingerprints import NOTHING_KNOWN, Fingerprint, Hashes, without
from scoring.similarity.forms import forms_among, held_elsewhere
from scoring.similarity.joining import Hits, Tally, all_pairs, to_fullest
from scoring.similarity.limits import TextLimits
from scoring.similarity.mosaics import mosaic_pairs
from scoring.similarity.packed import PackedPrints
from scoring.similarity.pairs import (
    LOOK,
    PASSAGE,
    SELF,
    STRONG,
    TEXT,
    TIERS,
    Pair,
    clustered,
    in_order,
    strongest,
)
from scoring.similarity.quoted import quoted_run
from scoring.similarity.sharing import (
    Bools,
    Floats,
    Ints,
    Owners,
    Shared,
    of_a_school,
    shared_parts,
)
from scoring.similarity.tiers import spread, tiers
from scoring.similarity.whole_runs import with_whole_runs

_DEFAULT = TextLimits()
_ROUNDED = 1e-9  # a product of two may miss a whole number by so much
_ROUNDS = 3  # forms nobody registered may hide others
_CLOSER = 4  # part of the limit for runs from which a pair's runs are measured whole
_LET_GO = Fingerprint(NOTHING_KNOWN, np.empty(0, dtype=np.uint16), 0, "")
_UNCALIBRATED = Calibration.of(TOO_FEW, 0, _DEFAULT)


@dataclass(frozen=True, slots=True)
class TextRow:
    """Text of one piece; a piece of several files may have several rows.

    ``stratum`` is school, subject and competency, by which null pairs are told;
    ``slot`` what the piece was handed in for. Either may be empty: unknown.
    """

    piece_id: str
    teacher_id: str
    fingerprint: Fingerprint
    stratum: tuple[str, str, str] = ("", "", "")
    slot: str = ""


@dataclass(frozen=True)
class TextComparison:
    """Pairs of texts, and what could not be compared.

    ``not_compared`` are pieces whose own text is too short; ``crowded`` those
    whose text very many have, so that a form nobody registered cannot be told
    from a text that many copied; ``calibration`` says how the limits came about.
    """

    pairs: list[Pair]
    not_compared: tuple[str, ...]
    crowded: tuple[str, ...] = ()
    calibration: Calibration = _UNCALIBRATED


def compare_texts(
    rows: Iterable[TextRow], known: Hashes = NOTHING_KNOWN, limits: TextLimits = _DEFAULT
) -> TextComparison:
    """Find copied text between all pieces at once.

    Parameters
    ----------
    rows : iterable of TextRow
        In any order; the result does not depend on it. Each is read once and
        let go of, so that rows nobody else holds are in memory once.
    known : sorted uint64 array
        From `known_hashes`: blank forms and public quotations, where the
        fingerprints are not `own_fingerprint`s already.
    limits : TextLimits

    Returns
    -------
    TextComparison
        Pairs in clusters, strong first. A pair of one teacher's own pieces has
        tier ``self``. No row gives no pair. Cost grows as sorting does.
    """
    least = limits.min_own_fingerprints
    long, short = _Long(), []
    for row in rows:
        own = replace(row, fingerprint=without(row.fingerprint, known)) if len(known) else row
        if len(own.fingerprint) < least:
            short.append(own)
        else:
            long.add(own)
    short.sort(key=_by_piece)
    names = long.in_order()
    joined, calibration, crowd = _joined(names, long.prints, limits)
    pairs = strongest([*joined, *_identical(short, limits)], _extent)
    compared = {row.piece_id for row in names}
    paired = {piece for pair in pairs for piece in (pair.a, pair.b)}
    left = dict.fromkeys(row.piece_id for row in short if row.piece_id not in compared)
    alone = dict.fromkeys(piece for at in crowd if (piece := names[at].piece_id) not in paired)
    return TextComparison(clustered(pairs), tuple(left), tuple(alone), calibration)


def _joined(
    names: Sequence[TextRow], prints: PackedPrints, limits: TextLimits
) -> tuple[list[Pair], Calibration, list[int]]:
    """Pairs, how they were calibrated, and the crowded; once more where forms link the pairs."""
    for _ in range(_ROUNDS):
        join = _Join(names, prints, limits)
        crowd = join.crowded()
        popular = [*join.popular(), *_crowds(crowd, names, prints, limits)]
        copied, calibration = join.copied({piece for pair in popular for piece in (pair.a, pair.b)})
        pairs = [*copied, *popular]
        forms = forms_among(prints, _linked(names, pairs), join.owners.teacher)
        if not len(forms):
            break
        prints = prints.without(forms)
    return pairs, calibration, crowd


def _linked(names: Sequence[TextRow], pairs: Sequence[Pair]) -> list[Ints]:
    """Numbers of the texts that pairs link with each other, group by group."""
    cluster = {
        piece: pair.cluster
        for pair in clustered([pair for pair in pairs if pair.tier in (STRONG, LOOK)])
        for piece in (pair.a, pair.b)
    }
    groups: dict[int, list[int]] = {}
    for at, row in enumerate(names):
        if row.piece_id in cluster:
            groups.setdefault(cluster[row.piece_id], []).append(at)
    return [np.array(group, dtype=np.int64) for group in groups.values()]


def _by_piece(row: TextRow) -> tuple[str, str]:
    return (row.piece_id, row.fingerprint.digest)


class _Long:
    """Texts long enough to compare: their names, and their prints packed."""

    def __init__(self) -> None:
        self.prints = PackedPrints()
        self._names: list[TextRow] = []
        self._keys: list[tuple[str, str]] = []

    def add(self, row: TextRow) -> None:
        self.prints.add(row.fingerprint)
        self._keys.append(_by_piece(row))
        self._names.append(replace(row, fingerprint=_LET_GO))

    def in_order(self) -> list[TextRow]:
        """Names by piece; the prints are numbered like them."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        self.prints.ordered(order)
        self._keys.clear()
        return [self._names[at] for at in order]


def _extent(pair: Pair) -> tuple[float, ...]:
    return (TIERS.index(pair.tier), -(pair.share or 0.0), -(pair.longest_run or 0))


class _Join:
    """All texts long enough, joined once; asked for its rare, popular and crowded pairs."""

    def __init__(self, rows: Sequence[TextRow], prints: PackedPrints, limits: TextLimits) -> None:
        self._rows, self._prints, self._limits = rows, prints, limits
        self.owners = Owners.of([row.teacher_id for row in rows], [row.slot for row in rows])
        self._schools = Owners.of(
            [row.teacher_id for row in rows], [row.stratum[0] for row in rows]
        )
        self._own = prints.sizes().astype(np.float64)
        self._common, self._form, self._doubt = np.zeros((3, len(rows)))
        self._most = _most_teachers(int(self.owners.teacher.max(initial=-1)) + 1, limits)
        self._frequent: list[Shared] = []
        self._forms: list[Hashes] = []
        rare, tally = [], Tally(limits.min_shared)
        for part in shared_parts(prints, self.owners, limits.form_share):
            rare.append(self._rare(part))
            tally.count(self._rare_hits(rare[-1]))
        self._hits = Hits.joined([tally.only_enough(self._rare_hits(part)) for part in rare])

    def _rare(self, part: Shared) -> Shared:
        """Rare hashes of one part; what is common is counted, what is popular kept for later."""
        count = len(self._rows)
        common = (part.teachers > self._limits.df_cap) | part.form
        frequent = part.only(common)
        self._common += np.bincount(frequent.documents, minlength=count)
        schools = of_a_school(frequent, self._schools, self._limits.form_share)
        form = (frequent.teachers > self._most) | frequent.form | schools
        self._form += np.bincount(frequent.only(form).documents, minlength=count)
        # Where slots are unknown, what very many have is taken for a form.
        blank = frequent.form if len(self.owners.slot_teachers) else form
        self._forms.append(frequent.hashes[blank])
        half = (part.teachers > self._limits.df_cap // 2) & (part.teachers <= self._most)
        half &= ~part.form
        half[np.flatnonzero(common)[schools]] = False
        self._frequent.append(part.only(half))
        rare = part.only(~common)
        doubt = np.repeat(1.0 - self._weights(rare), rare.sizes)
        self._doubt += np.bincount(rare.documents, doubt, minlength=count)
        return rare

    def _rare_hits(self, rare: Shared) -> Hits:
        return all_pairs(rare, self._weights(rare), len(self._rows))

    def _weights(self, rare: Shared) -> Floats:
        """Weight of each hash: one that few teachers have counts in full."""
        return np.minimum(1.0, self._limits.rare_teachers / np.maximum(rare.teachers, 1))

    def copied(self, popular: Collection[str]) -> tuple[list[Pair], Calibration]:
        """Pairs of rare words, and how the limits they passed were calibrated.

        Pieces of a ``popular`` text share its rare remains too; no chance in that.
        """
        limits, own = self._limits, self._own - self._common
        found = candidates(
            self._hits, own, own - self._doubt, limits.min_shared, limits.share_floor
        )
        self._hits = Hits.joined([])  # those of the candidates are kept with them
        chosen = found.rare_run >= limits.look_run / _CLOSER
        forms = np.sort(np.concatenate([NOTHING_KNOWN, *self._forms]))
        found = with_whole_runs(found, self._prints, chosen, forms)
        of_one = np.array([row.piece_id in popular for row in self._rows], dtype=np.bool_)
        strangers = strangers_among([row.stratum for row in self._rows], self.owners.teacher, found)
        strangers = strangers.only(~(of_one[found.first] & of_one[found.second]))
        limits, calibration = calibrated(found.rare_share, found.rare_run, strangers, limits)
        quoted = quoted_run(found, strangers.null | strangers.near, limits, calibration.allowed / 4)
        strong, look, passage = tiers(found, limits, self._limits, quoted)
        rise = limits.look_both / self._limits.look_both
        rest = ~(strong | look)
        many = rest & (found.share >= limits.popular_share * rise)
        many &= found.shared >= 2 * limits.share_floor
        rest &= ~many
        mosaic = np.zeros(len(found), dtype=np.bool_)
        raised = replace(limits, mosaic_share=limits.mosaic_share * rise)
        mosaic[rest] = mosaic_pairs(found.only(rest), own, self.owners.teacher, raised)
        passage &= ~(many | mosaic)
        pairs = [
            *_pairs(self._rows, found, strong, STRONG, "copied"),
            *_pairs(self._rows, found, look, LOOK, "copied"),
            *_pairs(self._rows, found, many, LOOK, "popular"),
            *_pairs(self._rows, found, mosaic, LOOK, "mosaic"),
            *_pairs(self._rows, found, passage, PASSAGE, "passage"),
        ]
        return pairs, replace(calibration, quoted_run=quoted)

    def popular(self) -> list[Pair]:
        """Pairs of frequent words, each text with the fullest of its group."""
        share = self._limits.popular_share
        frequent, self._frequent = self._frequent, []
        return _hubs(self._rows, frequent, self._own - self._form, self._limits, share)

    def crowded(self) -> list[int]:
        """Texts of which hardly anything is left once common hashes are out."""
        crowd = self._common >= self._limits.crowded_share * self._own
        return np.flatnonzero(crowd & (self._own > 0)).tolist()


def _most_teachers(n_teachers: int, limits: TextLimits) -> int:
    """Teachers up to whom a common hash may be one copied text, not an unregistered form.

    A twentieth of all; in small rounds three times the cut, but never more than half.
    """
    return max(int(limits.popular_most * n_teachers), min(3 * limits.df_cap, n_teachers // 2))


def _crowds(
    crowd: Sequence[int], names: Sequence[TextRow], prints: PackedPrints, limits: TextLimits
) -> list[Pair]:
    """Texts that very many share nearly whole, each with the fullest of its kind."""
    if len(crowd) < 2:
        return []
    rows = [names[at] for at in crowd]
    owners = Owners.of([row.teacher_id for row in rows], [""] * len(rows))
    own = PackedPrints(Fingerprint(*prints.of(at), 0, "") for at in crowd)
    own = own.without(held_elsewhere(prints, crowd))
    parts = list(shared_parts(own, owners, limits.form_share))
    return _hubs(rows, parts, own.sizes().astype(np.float64), limits, limits.crowded_share)


def _hubs(
    rows: Sequence[TextRow],
    parts: Sequence[Shared],
    own: Floats,
    limits: TextLimits,
    share: float,
) -> list[Pair]:
    """Each text with the fullest of those it shares so much of its own hashes with.

    Full is a text of which most is shared, and not a long one with many stock
    phrases: the text that the others took from, or the copy that kept most. What
    cannot come to that much is left out at once: stock phrases by the million.
    """
    fullness = np.zeros(len(rows))
    for part in parts:
        fullness += np.bincount(part.documents, minlength=len(rows))
    fullness /= np.maximum(own, limits.share_floor)
    tally = Tally(limits.min_shared)
    for part in parts:
        tally.count(to_fullest(part, fullness))
    least = np.ceil(share * np.maximum(own, limits.share_floor) - _ROUNDED).astype(np.int64)
    each = (to_fullest(part, fullness) for part in parts)
    hits = Hits.joined([tally.only_enough(one, least[one.pair % len(rows)]) for one in each])
    found = candidates(hits, own, own, limits.min_shared, limits.share_floor, of_second=True)
    chosen = (found.share >= share) & spread(found, found.share, share, limits.strong_run)
    return _pairs(rows, found, chosen, LOOK, "popular")


def _pairs(
    rows: Sequence[TextRow], found: Candidates, chosen: Bools, tier: str, reason: str
) -> list[Pair]:
    return [
        _pair(rows[one], rows[two], share, run, tier, reason)
        for one, two, share, run in zip(
            found.first[chosen].tolist(),
            found.second[chosen].tolist(),
            found.share[chosen].tolist(),
            found.run[chosen].tolist(),
            strict=True,
        )
        if rows[one].piece_id != rows[two].piece_id
    ]


def _pair(one: TextRow, two: TextRow, share: float, run: int, tier: str, reason: str) -> Pair:
    return in_order(
        Pair(
            kind=TEXT,
            a=one.piece_id,
            b=two.piece_id,
            teacher_a=one.teacher_id,
            teacher_b=two.teacher_id,
            share=min(share, 1.0),
            longest_run=run,
            tier=SELF if one.teacher_id == two.teacher_id else tier,
            reason=reason,
        )
    )


def _identical(rows: Sequence[TextRow], limits: TextLimits) -> list[Pair]:
    """Texts too short to compare that equal another to the letter.

    Beyond ``df_cap`` teachers each is set beside the first alone.
    """
    groups: dict[str, list[TextRow]] = {}
    for row in rows:
        if len(row.fingerprint) >= limits.min_identical:
            groups.setdefault(row.fingerprint.digest, []).append(row)
    found = []
    for group in groups.values():
        many = len({row.teacher_id for row in group}) > limits.df_cap
        twos = [(group[0], row) for row in group[1:]] if many else combinations(group, 2)
        tier = LOOK if many else STRONG
        found += [
            _pair(one, two, 1.0, one.fingerprint.n_chars, tier, "identical_text")
            for one, two in twos
            if one.piece_id != two.piece_id
        ]
    return found
