"""Traces documents carry of themselves: who wrote them, when, and in which saved sessions.

A trace says that two files have a common past, not that a text was copied: one
machine in the staff room, or one blank form filled in by many, leaves the same
traces. So what a registered form carries is dropped, and what more than
``max_teachers`` have is a machine or a form that nobody registered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from scoring.similarity.pairs import DOCUMENT, LOOK, SELF, STRONG, Pair, clustered, in_order

# What programs and ghost images write where a name belongs.
_NOBODY = re.compile(
    r"(?:(?:wps|win|user|pc|desktop|laptop|office|用户|电脑)(?:[\W_]*\d[\da-z]*|[\W_]+[\da-z-]*)?"
    r"|admin\w*|administrator\w*|root|guest|owner|home|author|none|null|unknown|un-?named|test"
    r"|(?:microsoft|windows|ms|apple|mac|macbook|huawei|xiaomi|honor)\b.*"
    r"|lenovo\w*|thinkpad\w*|dell\w*|hp|asus\w*|acer\w*|samsung|tongfang|founder"
    r"|微软.*|金山.*|作者|佚名|未知|未定义|管理员|教师|老师|学校|教务处|办公室|个人用户"
    r"|雨林木风.*|深度.*|番茄花园.*|系统之家.*|电脑公司.*|windows\s?用户|china|中国"
    r"|python-docx|openpyxl|apache\s?poi|steve canny|libreoffice.*|openoffice.*|aspose.*|\d+)"
)

BORN_WITH_LIBRARY = ("2013-12-23T23:15:00", "2013-01-27T09:14:16", "2006-09-16T00:00:00")
"""Creation times that libraries ship in their blank file, to the second."""

SESSIONS_OF_LIBRARY = frozenset(
    "00034616 0006063C 0015074B 0029639D 00326F90 00AA1D8D 00B47730 00CB0664 00FC693F".split()
)
"""Saved sessions in the blank file of python-docx: whatever a program writes with it has them."""

_SECONDS = len("2026-11-21T03:04:05")


@dataclass(frozen=True)
class DocumentRow:
    """One document of a piece, as its properties describe it; empty where they are silent.

    ``created_at`` is ISO 8601; ``revision_ids`` are the session numbers Word
    writes at each saving (rsid).
    """

    piece_id: str
    teacher_id: str
    sha256: str = ""
    author: str = ""
    last_modified_by: str = ""
    created_at: str = ""
    revision_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TraceLimits:
    """When traces make a pair: ``flag.shared_author`` and ``flag.shared_revisions``.

    Attributes
    ----------
    max_teachers : int
        Teachers who may share a trace before it is a machine's or a form's.
    min_revisions : int
        Saved sessions two files must have in common. The numbers are random
        (about 2^24 values), so one in common already proves a common file; four
        ask for a file that had been worked on, not a form opened once.
    revision_share : float
        Of the file with fewer sessions, from which the two are worth a look;
        strong is all of them: one file went on from where the other stood.
    """

    max_teachers: int = 3
    min_revisions: int = 4
    revision_share: float = 0.5


_DEFAULT = TraceLimits()


def compare_traces(
    rows: Iterable[DocumentRow],
    names: Mapping[str, str],
    forms: Iterable[DocumentRow] = (),
    limits: TraceLimits = _DEFAULT,
) -> list[Pair]:
    """Find documents whose properties point at another teacher's.

    Parameters
    ----------
    rows : iterable of DocumentRow
        Documents of all pieces, in any order.
    names : mapping of teacher_id to name
        Everybody in the county, also those without a document here.
    forms : iterable of DocumentRow
        Registered blank forms: their traces are nobody's. Ids do not matter.
    limits : TraceLimits

    Returns
    -------
    list of Pair
        Kind ``document``, one for each reason and two pieces:
        ``identical_file`` (the same bytes: strong, for more than ``max_teachers`` a
        look), ``author_is_teacher`` (author or last editor bears the name of
        another teacher and not the own), ``author``, ``created`` (the same
        second) and ``revisions``. Names are compared as written; two people of
        one name cannot be told apart here.
        ``exhibits`` are the name, the time or the revision ids.
    """
    documents = sorted(set(rows), key=lambda row: (row.piece_id, row.sha256, row.author))
    blank = list(forms)
    pairs = [
        *_same_bytes(documents, blank, limits),
        *_named_after_another(documents, names, blank, limits),
        *_same_author(documents, names, blank, limits),
        *_same_second(documents, blank, limits),
        *_same_sessions(documents, blank, limits),
    ]
    return clustered(_once(pairs))


def is_nobody(name: str) -> bool:
    """Whether a name is a program's, a machine's or a ghost image's, or no name at all.

    Examples
    --------
    >>> [is_nobody(name) for name in ("微软用户", "WPS_1539412345", "Administrator", "", "张敏")]
    [True, True, True, True, False]
    """
    plain = _plain(name)
    return not plain or _NOBODY.fullmatch(plain) is not None


def _plain(name: str) -> str:
    """A name as it is compared: one width, one case, no blanks around it or between ideographs."""
    folded = " ".join(unicodedata.normalize("NFKC", name).lower().split())
    return re.sub(r"(?<=[一-鿿]) (?=[一-鿿])", "", folded)


def _editors(row: DocumentRow) -> set[str]:
    return {_plain(name) for name in (row.author, row.last_modified_by) if not is_nobody(name)}


def _same_bytes(
    rows: Sequence[DocumentRow], forms: Sequence[DocumentRow], limits: TraceLimits
) -> list[Pair]:
    """One file handed in twice; where many did, each is set beside the first alone."""
    nobody = {form.sha256 for form in forms}
    groups = _groups((row.sha256, row) for row in rows if row.sha256 not in nobody)
    found = []
    for group in groups.values():
        many = len({row.teacher_id for row in group}) > limits.max_teachers
        twos = [(group[0], row) for row in group[1:]] if many else combinations(group, 2)
        tier = LOOK if many else STRONG
        found += [_pair(*two, tier, "identical_file", (two[0].sha256,), share=1.0) for two in twos]
    return found


def _named_after_another(
    rows: Sequence[DocumentRow],
    names: Mapping[str, str],
    forms: Sequence[DocumentRow],
    limits: TraceLimits,
) -> list[Pair]:
    """Author or last editor is another teacher: set beside that teacher's first document."""
    bearers: dict[str, list[str]] = {}
    for teacher, name in names.items():
        if not is_nobody(name):
            bearers.setdefault(_plain(name), []).append(teacher)
    common = _common(rows, forms, limits)
    first = {row.teacher_id: row for row in reversed(rows)}
    found = []
    for row in rows:
        own = _plain(names.get(row.teacher_id, ""))
        for name in sorted(_editors(row) - common - {own}):
            for teacher in sorted(bearers.get(name, [])):
                other = first.get(teacher, DocumentRow("", teacher))
                found.append(_pair(row, other, LOOK, "author_is_teacher", (name,)))
    return found


def _common(
    rows: Sequence[DocumentRow], forms: Sequence[DocumentRow], limits: TraceLimits
) -> set[str]:
    """Names in the files of more than ``max_teachers``, or in a form: who made it, not who wrote."""
    teachers: dict[str, set[str]] = {}
    for row in rows:
        for name in _editors(row):
            teachers.setdefault(name, set()).add(row.teacher_id)
    many = {name for name, who in teachers.items() if len(who) > limits.max_teachers}
    return many | {name for form in forms for name in _editors(form)}


def _same_author(
    rows: Sequence[DocumentRow],
    names: Mapping[str, str],
    forms: Sequence[DocumentRow],
    limits: TraceLimits,
) -> list[Pair]:
    """Two teachers' documents by one author, who is neither of them nor a machine."""
    own = {teacher: _plain(name) for teacher, name in names.items()}
    nobody = {_plain(form.author) for form in forms}
    groups = _groups(
        (_plain(row.author), row)
        for row in rows
        if not is_nobody(row.author) and _plain(row.author) not in nobody
    )
    return [
        _pair(one, two, LOOK, "author", (_plain(one.author),))
        for group in _few(groups, limits)
        for one, two in combinations(group, 2)
        if one.teacher_id != two.teacher_id
        and _plain(one.author) not in {own.get(one.teacher_id), own.get(two.teacher_id)}
    ]


def _same_second(
    rows: Sequence[DocumentRow], forms: Sequence[DocumentRow], limits: TraceLimits
) -> list[Pair]:
    """Two teachers' documents created in the same second: one file, saved under two names."""
    nobody = {form.created_at[:_SECONDS] for form in forms} | set(BORN_WITH_LIBRARY)
    groups = _groups(
        (row.created_at[:_SECONDS], row)
        for row in rows
        if len(row.created_at) >= _SECONDS and row.created_at[:_SECONDS] not in nobody
    )
    return [
        _pair(one, two, LOOK, "created", (one.created_at[:_SECONDS],))
        for group in _few(groups, limits)
        for one, two in combinations(group, 2)
        if one.teacher_id != two.teacher_id
    ]


def _same_sessions(
    rows: Sequence[DocumentRow], forms: Sequence[DocumentRow], limits: TraceLimits
) -> list[Pair]:
    """Two teachers' documents that went through the same saved sessions."""
    nobody = {session for form in forms for session in form.revision_ids} | SESSIONS_OF_LIBRARY
    groups = _groups(
        (session, row) for row in rows for session in set(row.revision_ids) if session not in nobody
    )
    few = {
        session
        for session, group in groups.items()
        if len({row.teacher_id for row in group}) <= limits.max_teachers
    }
    own = {row: few.intersection(row.revision_ids) for row in rows}
    twos = {
        two
        for session in few
        for two in combinations(groups[session], 2)
        if two[0].teacher_id != two[1].teacher_id
    }
    return [
        _pair(one, two, _session_tier(share), "revisions", shared, share=share)
        for one, two in twos
        for shared in [tuple(sorted(own[one] & own[two]))]
        for share in [len(shared) / min(len(own[one]), len(own[two]))]
        if len(shared) >= limits.min_revisions and share >= limits.revision_share
    ]


def _session_tier(share: float) -> str:
    return STRONG if share == 1.0 else LOOK


def _groups(keyed: Iterable[tuple[str, DocumentRow]]) -> dict[str, list[DocumentRow]]:
    """Rows by a trace; those without it are left out."""
    found: dict[str, list[DocumentRow]] = {}
    for key, row in keyed:
        if key:
            found.setdefault(key, []).append(row)
    return found


def _few(groups: Mapping[str, list[DocumentRow]], limits: TraceLimits) -> list[list[DocumentRow]]:
    """Groups of at least two rows whose trace is not everybody's."""
    return [
        group
        for group in groups.values()
        if len(group) > 1 and len({row.teacher_id for row in group}) <= limits.max_teachers
    ]


def _once(pairs: Iterable[Pair]) -> list[Pair]:
    """One pair for each reason and two pieces; a piece of several files is not its own pair."""
    best: dict[tuple[str, str, str, str, str], Pair] = {}
    for pair in sorted(pairs, key=lambda pair: (-(pair.share or 0.0), pair.exhibits)):
        if pair.a != pair.b:
            name = (pair.reason, pair.a, pair.b, pair.teacher_a, pair.teacher_b)
            best.setdefault(name, pair)
    return [best[name] for name in sorted(best)]


def _pair(
    one: DocumentRow,
    two: DocumentRow,
    tier: str,
    reason: str,
    exhibits: tuple[str, ...],
    share: float | None = None,
) -> Pair:
    own = one.teacher_id == two.teacher_id
    return in_order(
        Pair(
            kind=DOCUMENT,
            a=one.piece_id,
            b=two.piece_id,
            teacher_a=one.teacher_id,
            teacher_b=two.teacher_id,
            share=share,
            tier=SELF if own else tier,
            reason=reason,
            exhibits=exhibits,
        )
    )
