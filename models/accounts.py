"""Accounts as they stand: the latest password and the latest roles of a person count."""

from __future__ import annotations

import json
from dataclasses import dataclass

from models.store import Row, Store


@dataclass(frozen=True)
class Secret:
    """The password hash in force, and who set it when."""

    password_hash: str
    set_by: str
    set_at: str


def roles_held(store: Store, person_id: str) -> tuple[str, ...]:
    """Roles of a person: the latest grant, or those the person was entered with."""
    rows = store.rows(
        "SELECT coalesce((SELECT g.roles FROM person_role AS g WHERE g.person_id = p.person_id "
        "ORDER BY g.grant_id DESC LIMIT 1), p.roles) AS roles FROM person AS p "
        "WHERE p.person_id = ?",
        [person_id],
    )
    return tuple(json.loads(rows[0]["roles"])) if rows else ()


def holders_of(store: Store, role: str) -> list[Row]:
    """People who hold a role now, as rows of ``person``."""
    return store.rows(
        "SELECT p.* FROM person AS p WHERE EXISTS (SELECT 1 FROM json_each(coalesce("
        "(SELECT g.roles FROM person_role AS g WHERE g.person_id = p.person_id "
        "ORDER BY g.grant_id DESC LIMIT 1), p.roles)) WHERE value = ?) ORDER BY p.person_id",
        [role],
    )


def secret_of(store: Store, person_id: str) -> Secret | None:
    """Password of a person; None where nobody has given one yet."""
    rows = store.rows(
        "SELECT s.password_hash, a.actor, a.at FROM account_secret AS s "
        "JOIN audit_log AS a ON a.seq = s.tx WHERE s.person_id = ? "
        "ORDER BY s.secret_id DESC LIMIT 1",
        [person_id],
    )
    return Secret(rows[0]["password_hash"], rows[0]["actor"], rows[0]["at"]) if rows else None


def account_rows(store: Store) -> list[Row]:
    """Everybody with school, roles as they stand, and when the password was set (or empty)."""
    rows = store.rows(
        "SELECT p.person_id, p.name, p.school_id, coalesce(s.name, '') AS school, p.department, "
        "coalesce((SELECT g.roles FROM person_role AS g WHERE g.person_id = p.person_id "
        "ORDER BY g.grant_id DESC LIMIT 1), p.roles) AS roles, "
        "coalesce((SELECT a.at FROM account_secret AS c JOIN audit_log AS a ON a.seq = c.tx "
        "WHERE c.person_id = p.person_id ORDER BY c.secret_id DESC LIMIT 1), '') AS password_at "
        "FROM person AS p LEFT JOIN school AS s USING (school_id) ORDER BY p.person_id"
    )
    return [{**row, "roles": json.loads(row["roles"])} for row in rows]


def is_office(store: Store, school_id: str) -> bool:
    """Whether a place is no school of the round: no teacher belongs to it, no fact describes it.

    Rosters give the development centre or county office a reader works at in the
    same column as schools.
    """
    return not store.rows(
        "SELECT 1 FROM teacher WHERE school_id = :id UNION ALL "
        "SELECT 1 FROM school_fact WHERE school_id = :id LIMIT 1",
        {"id": school_id},
    )
