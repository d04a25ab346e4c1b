"""Who may do what, and where: every write and every guarded look asks here first.

A person the workspace knows must hold one of the roles an act asks for, and a
person of one school acts for that school only. A name the workspace does not
know is taken as asserted on the command line, and the audit log says so.
"""

from __future__ import annotations

import unicodedata

from models.accounts import is_office, roles_held
from models.store import Act, Row, Store
from models.tables.closing import AFTER_CLOSING
from workbench.errors import RefusedError

REGISTRAR = "registrar"
RATER = "rater"
CHAIR = "chair"
COUNTY = "county"
ADMIN = "admin"
ROLES = (RATER, CHAIR, COUNTY, REGISTRAR, ADMIN)

ALLOWED: dict[str, tuple[str, ...]] = {
    "roster.import": (REGISTRAR, ADMIN),
    "intake.import": (REGISTRAR, ADMIN),
    "intake.window": (REGISTRAR,),
    "form.register": (REGISTRAR, COUNTY, ADMIN),
    "similarity.import": (COUNTY, REGISTRAR, ADMIN),
    "blind.make": (REGISTRAR, COUNTY, ADMIN),
    "evidence.reveal": (COUNTY, REGISTRAR),
    "allocation.plan": (CHAIR, COUNTY),
    "allocation.relax": (CHAIR, COUNTY),
    "allocation.terms": (CHAIR, COUNTY),
    "rating.import": (CHAIR, COUNTY, REGISTRAR, ADMIN),
    "analysis.store": (CHAIR, COUNTY),
    "calibration.import": (COUNTY, CHAIR, ADMIN),
    "calibration.take": (RATER,),
    "calibration.decide": (CHAIR, COUNTY),
    "calibration.trial": (CHAIR, COUNTY),
    "read.submit": (RATER, COUNTY),
    "read.rule": (CHAIR, COUNTY),
    "read.county": (COUNTY,),
    "read.unlock": (CHAIR, COUNTY),
    "read.back": (CHAIR, COUNTY),
    "read.stand_back": (RATER, COUNTY, CHAIR),
    "precedent.save": (CHAIR, COUNTY),
    "precedent.end": (CHAIR, COUNTY),
    "precedent.publish": (COUNTY,),
    "precedent.import": (COUNTY, CHAIR, ADMIN),
    "leaks.scan": (CHAIR, COUNTY, REGISTRAR),
    "flags.raise": (CHAIR, COUNTY, REGISTRAR, ADMIN),
    "hold.open": (CHAIR, COUNTY),
    "hold.assign": (CHAIR, COUNTY),
    "hold.reply": (REGISTRAR, CHAIR),
    "hold.resolve": (CHAIR, COUNTY),
    "publicity.open": (REGISTRAR,),
    "publicity.object": (REGISTRAR,),
    "publicity.answer": (CHAIR, COUNTY),
    "publicity.close": (REGISTRAR,),
    "supervision.sample": (COUNTY,),
    "supervision.decide": (COUNTY,),
    "certify.propose": (REGISTRAR, CHAIR),
    "certify.approve": (REGISTRAR, COUNTY),
    "certify.void": (REGISTRAR, COUNTY),
    "ledger.erase": (REGISTRAR, ADMIN),
    "ledger.key": (REGISTRAR, COUNTY),
    "ledger.witness": (REGISTRAR, COUNTY),
    "certificates.issue": (REGISTRAR, COUNTY),
    "certificates.scan": (REGISTRAR, COUNTY),
    "pii.export": (REGISTRAR, COUNTY),
    "pii.erase": (REGISTRAR, ADMIN),
    "retention.apply": (ADMIN, REGISTRAR),
    "feedback.reason": (CHAIR,),
    "feedback.give": (REGISTRAR,),
    "round.close": (COUNTY, CHAIR),
    "round.waive": (COUNTY, CHAIR, REGISTRAR),
    "round.reopen": (COUNTY, CHAIR),
    "policy.adopt": (COUNTY, ADMIN),
    "rubric.adopt": (COUNTY, ADMIN),
    "account.add": (ADMIN,),
    "account.roles": (ADMIN,),
    "account.password": (ADMIN,),
    "account.sign_out": (ADMIN,),
    "backup.make": (ADMIN, COUNTY, REGISTRAR),
    "backup.restore": (ADMIN, COUNTY, REGISTRAR),
    "job.start": (REGISTRAR, CHAIR, COUNTY, ADMIN),
}
"""Roles that may do what writes; the first is the one an asserted name is taken to have."""

SEEN_BY: dict[str, tuple[str, ...]] = {
    "people.list": (ADMIN,),
    "audit_log.list": (ADMIN, COUNTY, REGISTRAR, CHAIR),
    "policy.show": ROLES,
    "impact.show": (COUNTY, ADMIN, CHAIR, REGISTRAR),
    "evidence.blind": (CHAIR, COUNTY, REGISTRAR),
    "progress.show": (CHAIR, COUNTY),
    "allocation.show": (CHAIR, COUNTY),
    "calibration.show": (CHAIR, COUNTY),
    "calibration.own": (RATER, CHAIR, COUNTY),
    "agreement.show": (CHAIR, COUNTY),
    "rater_report.show": (CHAIR, COUNTY),
    "my_card.show": (RATER,),
    "holds.show": (CHAIR, COUNTY, REGISTRAR),
    "adjudication.show": (CHAIR, COUNTY),
    "closing.show": (CHAIR, COUNTY, REGISTRAR),
    "precedents.show": (CHAIR, COUNTY),
    "leaks.show": (CHAIR, COUNTY, REGISTRAR),
    "county.show": (COUNTY,),
    "supervision.show": (COUNTY,),
    "download.certificates": (REGISTRAR, COUNTY),
    "download.feedback": (REGISTRAR, CHAIR, COUNTY),
    "download.reports": (CHAIR, COUNTY),
    "download.publicity": (REGISTRAR, CHAIR, COUNTY),
    "download.checkpoints": (REGISTRAR, COUNTY),
    "download.backups": (ADMIN, COUNTY),
    "backup.show": (ADMIN, COUNTY, REGISTRAR),
    "intake.show": (REGISTRAR, ADMIN),
    "completeness.show": (REGISTRAR, CHAIR, COUNTY),
    "publicity.show": (REGISTRAR, CHAIR, COUNTY),
    "certify.show": (REGISTRAR, CHAIR, COUNTY),
    "ledger.show": (REGISTRAR, CHAIR, COUNTY),
    "feedback.show": (REGISTRAR, CHAIR, COUNTY),
    "identity.show": (REGISTRAR, COUNTY),
    "sheet.verify": ROLES,
}
"""Roles that may look at what not everybody may see."""

BOUND = (RATER, CHAIR, REGISTRAR)
"""Roles held for one school where their holder belongs to one; the others see the county."""


def must_be_open(store: Store, action: str) -> None:
    """Refuse an act that would change a round which is closed.

    Raises
    ------
    RefusedError
        Naming the act.
    """
    if action not in AFTER_CLOSING and store.is_closed():
        raise RefusedError(
            f"{action}: the round is closed. Reopen it with its reason first.",
            key="closing.closed",
            action=action,
        )


def authorise(store: Store, act: Act, action: str, school_id: str | None = None) -> Act:
    """Return the act with the role it is done as.

    Parameters
    ----------
    store : Store
    act : Act
        Its actor is an identifier or a name.
    action : str
        A key of ``ALLOWED``.
    school_id : str or None
        School the act is about; None where it is about none, or about all.

    Raises
    ------
    RefusedError
        If the actor is known here and holds none of the roles the action asks
        for, or holds them for another school only, or two people bear the name;
        if the round is closed and the action would change it.
    """
    must_be_open(store, action)
    allowed = ALLOWED[action]
    actor = _written(act.actor)
    person = person_of(store, actor)
    if person is None:
        return Act(actor, f"asserted:{allowed[0]}", act.at, act.reason)
    role = _role_for(store, person, action, allowed, school_id)
    return Act(actor, role, act.at, act.reason)


def may_see(store: Store, person_id: str, action: str, school_id: str | None = None) -> str:
    """Return the role a person looks as; nobody looks by an asserted name.

    Parameters
    ----------
    store : Store
    person_id : str
        Identifier of somebody the workspace knows.
    action : str
        A key of ``SEEN_BY``.
    school_id : str or None
        School whose things are looked at.

    Raises
    ------
    RefusedError
        If the person is unknown, or holds no role that may look.
    """
    person = store.one("person", person_id=person_id)
    if person is None:
        raise RefusedError(
            f"{action}: {person_id} is nobody this workspace knows. Sign in again.",
            key="person_unknown",
            person=person_id,
        )
    return _role_for(store, person, action, SEEN_BY[action], school_id)


def scope_of(store: Store, person: Row, role: str) -> str | None:
    """School a person holds a role for; None where it is held for the whole county.

    The county reviewer and the administrator hold theirs for the county, and so
    do a chair who works at an office that is no school of the round, and anybody
    entered without a school. A registrar is bound to the place given, whatever it is.
    """
    school_id: str | None = person["school_id"]
    if role not in BOUND or school_id is None:
        return None
    if role == CHAIR and is_office(store, school_id):
        return None
    return school_id


def _role_for(
    store: Store, person: Row, action: str, allowed: tuple[str, ...], school_id: str | None
) -> str:
    held = roles_held(store, person["person_id"])
    fitting = [role for role in allowed if role in held]
    if not fitting:
        raise RefusedError(
            f"{action} asks for the role {' or '.join(allowed)}; the actor holds "
            f"{', '.join(sorted(held)) or 'none'}. Ask somebody who holds it.",
            key="role_missing",
            action=action,
            roles=tuple(f"role.{role}" for role in allowed),
        )
    for role in fitting:
        if school_id is None or scope_of(store, person, role) in (None, school_id):
            return role
    raise RefusedError(
        f"{action} is about school {school_id}; the actor acts for another school. "
        "Ask somebody of that school, or of the county.",
        key="out_of_scope",
        action=action,
        school=school_id,
    )


def person_of(store: Store, actor: str) -> Row | None:
    """Person the workspace knows by that identifier or name; None for a name it does not know.

    Raises
    ------
    RefusedError
        If several people bear the name: who acts has to be said by identifier.
    """
    known = _known(store, actor)
    if len(known) > 1:
        ids = ", ".join(row["person_id"] for row in known)
        raise RefusedError(
            f"several people bear the name given ({ids}). Act under the identifier.",
            key="actor_ambiguous",
            ids=ids,
        )
    return known[0] if known else None


def same_person(store: Store, first: str, second: str) -> bool:
    """Whether two names may mean one person: one by identifier and once by name is still one."""
    return bool(_meant(store, first) & _meant(store, second))


def _meant(store: Store, actor: str) -> set[str]:
    known = _known(store, actor)
    return {f"id {row['person_id']}" for row in known} or {f"name {_written(actor)}"}


def _known(store: Store, actor: str) -> list[Row]:
    name = _written(actor)
    return store.where("person", person_id=name) or store.where("person", name=name)


def _written(actor: str) -> str:
    return unicodedata.normalize("NFC", actor).strip()
