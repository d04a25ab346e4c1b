"""The audit log as people read it: newest lines first, filtered, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from models.store import Row, Store

NOWHERE = (0, "")
"""The line before the first."""


@dataclass(frozen=True)
class AuditFilter:
    """What lines are asked for; an empty part asks for all.

    ``since`` and ``until`` are UTC texts as the log has them, the end excluded;
    ``actors`` is None where anybody's lines may be shown.
    """

    action: str = ""
    actor: str = ""
    word: str = ""
    since: str = ""
    until: str = ""
    actors: Collection[str] | None = None


def last_seq(store: Store) -> int:
    """Number of the newest line, which every write raises: the version of the data."""
    return int(store.rows("SELECT coalesce(max(seq), 0) AS seq FROM audit_log")[0]["seq"])


def last_seq_but(store: Store, quiet: Collection[str]) -> int:
    """Number of the newest line of any action but these."""
    found = store.rows(
        "SELECT seq FROM audit_log WHERE action NOT IN (SELECT value FROM json_each(?)) "
        "ORDER BY seq DESC LIMIT 1",
        [json.dumps(sorted(quiet))],
    )
    return int(found[0]["seq"]) if found else 0


def last_line(store: Store) -> tuple[int, str]:
    """Number of the newest line, and the link that names all that came before it."""
    found = store.rows("SELECT seq, chain FROM audit_log ORDER BY seq DESC LIMIT 1")
    return (int(found[0]["seq"]), str(found[0]["chain"])) if found else NOWHERE


def goes_on(
    store: Store, since: tuple[int, str], until: tuple[int, str], among: Collection[str]
) -> bool:
    """Whether the log goes on from a line as it was then, with none but these actions up to another."""
    if since == until:
        return True
    found = store.rows(
        "SELECT (SELECT chain FROM audit_log WHERE seq = :since) AS chain, EXISTS (SELECT 1 "
        "FROM audit_log WHERE seq > :since AND seq <= :until AND action NOT IN "
        "(SELECT value FROM json_each(:among))) AS other",
        {"since": since[0], "until": until[0], "among": json.dumps(sorted(among))},
    )[0]
    return since[0] < until[0] and found["chain"] == since[1] and not found["other"]


def has_acted(store: Store, actor: str, since: int, quiet: Collection[str]) -> bool:
    """Whether somebody has done anything but these actions after a line."""
    found = store.rows(
        "SELECT 1 FROM audit_log WHERE seq > ? AND actor = ? "
        "AND action NOT IN (SELECT value FROM json_each(?)) LIMIT 1",
        (since, actor, json.dumps(sorted(quiet))),
    )
    return bool(found)


def newest_at(store: Store) -> str:
    """Time of the newest line, UTC; empty where there is none."""
    return str(store.rows("SELECT coalesce(max(at), '') AS at FROM audit_log")[0]["at"])


def last_done(store: Store, action: str) -> tuple[str, int]:
    """When an action was last done, UTC, and how many lines follow it; an empty time where never."""
    found = store.rows(
        "SELECT at, (SELECT count(*) FROM audit_log later WHERE later.seq > done.seq) AS since "
        "FROM audit_log done WHERE action = ? ORDER BY seq DESC LIMIT 1",
        [action],
    )
    return (str(found[0]["at"]), int(found[0]["since"])) if found else ("", 0)


def audit_lines(store: Store, asked: AuditFilter, limit: int, offset: int) -> list[Row]:
    """Lines that fit, newest first."""
    where, values = _condition(asked)
    return store.rows(
        f"SELECT seq, at, actor, role, action, object, reason, chain FROM audit_log "  # noqa: S608
        f"WHERE {where} ORDER BY seq DESC LIMIT :limit OFFSET :offset",
        {**values, "limit": limit, "offset": offset},
    )


def count_lines(store: Store, asked: AuditFilter) -> int:
    """How many lines fit."""
    where, values = _condition(asked)
    query = f"SELECT count(*) AS n FROM audit_log WHERE {where}"  # noqa: S608
    return int(store.rows(query, values)[0]["n"])


def actions_and_actors(store: Store) -> tuple[list[str], list[str]]:
    """Every action and every actor the log knows, in order of name."""
    actions = store.rows("SELECT DISTINCT action FROM audit_log ORDER BY action")
    actors = store.rows("SELECT DISTINCT actor FROM audit_log ORDER BY actor")
    return [row["action"] for row in actions], [row["actor"] for row in actors]


def names_of_school(store: Store, school_id: str) -> frozenset[str]:
    """Identifiers and names under which the people of a school act."""
    rows = store.where("person", school_id=school_id)
    return frozenset(word for row in rows for word in (row["person_id"], row["name"]))


def _condition(asked: AuditFilter) -> tuple[str, dict[str, object]]:
    parts = ["1"]
    values: dict[str, object] = {}
    for column in ("action", "actor"):
        if getattr(asked, column):
            parts.append(f"{column} = :{column}")
            values[column] = getattr(asked, column)
    for name, test in (("since", "at >= :since"), ("until", "at < :until")):
        if getattr(asked, name):
            parts.append(test)
            values[name] = getattr(asked, name)
    if asked.word:
        parts.append("(instr(object, :word) OR instr(reason, :word))")
        values["word"] = asked.word
    if asked.actors is not None:
        among = [f":who{number}" for number in range(len(asked.actors))]
        parts.append(f"actor IN ({', '.join(among)})")
        values |= dict(zip((a[1:] for a in among), sorted(asked.actors), strict=True))
    return " AND ".join(parts), values
