"""Whom a case is about: its subject, the schools concerned, and who may answer."""

from __future__ import annotations

from models.people import raters
from models.store import Row, Store
from models.submissions import owned_pieces
from scoring.flags import CATALOGUE, RATER, RATER_PAIR, SCHOOL
from scoring.holds import dispositions_of, is_adverse


def subject_of(case: Row) -> str:
    """What a case is about, of `scoring.flags.SUBJECTS`."""
    subject: str = case["flag"]["subject"] if case["flag"] else CATALOGUE[case["code"]].subjects[0]
    return subject


def adverse_of(case: Row) -> tuple[str, ...]:
    """Ways a case may end that go against somebody, so that two people take them."""
    subject, stops = subject_of(case), bool(case["submissions"])
    known = dispositions_of(case["code"], subject, stops=stops)
    return tuple(each for each in known if is_adverse(each, subject))


def school_of_case(store: Store, case: Row) -> str | None:
    """School a case is about; None where it is about several, or about none."""
    found = schools_of_case(store, case)
    return found.pop() if len(found) == 1 else None


def schools_of_case(store: Store, case: Row, owners: dict[str, Row] | None = None) -> set[str]:
    """Schools a case is about: of the evidence it stops, and of the raters or schools it names.

    ``owners`` are rows of ``owned_pieces`` by submission, where the caller has them.
    """
    found = set()
    if case["submissions"]:
        owners = owners or {row["submission_id"]: row for row in owned_pieces(store)}
        found = {owners[each]["school_id"] for each in case["submissions"] if each in owners}
    ids = case["flag"]["ids"] if case["flag"] else ()
    if subject_of(case) == SCHOOL:
        return found | set(ids)
    if subject_of(case) in (RATER, RATER_PAIR):
        known = raters(store)
        return {known[each]["school_id"] for each in ids if each in known} - {None}
    return found


def parties_of_case(store: Store, case: Row, owners: dict[str, Row]) -> tuple[tuple[str, str], ...]:
    """Who may answer, as identifier and label: the teachers held, or the raters or schools named.

    ``owners`` are rows of ``owned_pieces`` by submission.
    """
    ids = case["flag"]["ids"] if case["flag"] else ()
    if subject_of(case) == SCHOOL:
        names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
        return tuple((each, names.get(each, each)) for each in ids)
    if subject_of(case) in (RATER, RATER_PAIR):
        people = {row["person_id"]: str(row["name"]) for row in store.where("person")}
        return tuple((each, people.get(each, each)) for each in ids)
    own = {owners[i]["teacher_id"]: owners[i] for i in case["submissions"] if i in owners}
    return tuple(
        (teacher_id, f"{row['school_name']} {row['teacher_no'] or teacher_id}")
        for teacher_id, row in own.items()
    )
