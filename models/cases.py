"""Flags and holds as they stand."""

from __future__ import annotations

import json
from collections import defaultdict

from models.store import Row, Store


def open_holds_by_submission(store: Store) -> dict[str, list[str]]:
    """Open holds of each submission; a hold is open until it has a resolution."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in store.rows(
        "SELECT submission_id, hold_id FROM hold_submission WHERE hold_id NOT IN "
        "(SELECT hold_id FROM hold_event WHERE kind = 'resolution') ORDER BY hold_id"
    ):
        found[row["submission_id"]].append(row["hold_id"])
    return dict(found)


def holds(store: Store) -> list[Row]:
    """Every hold with its events, submissions and the flag it came from, newest last.

    ``assignee`` is who handles it, empty where nobody was named; ``found`` what
    was found when it ended, empty until then.
    """
    events: dict[str, list[Row]] = defaultdict(list)
    for row in store.rows(
        "SELECT e.*, a.at FROM hold_event AS e JOIN audit_log AS a ON a.seq = e.tx "
        "ORDER BY event_id"
    ):
        events[row["hold_id"]].append(row)
    submissions: dict[str, list[str]] = defaultdict(list)
    for row in store.where("hold_submission"):
        submissions[row["hold_id"]].append(row["submission_id"])
    raised = {row["flag_id"]: row for row in flags(store)}
    assigned = {row["hold_id"]: row["person_id"] for row in store.where("hold_assignee")}
    found = {row["hold_id"]: row["found"] for row in store.where("hold_found")}
    return [
        {
            **row,
            "events": (own := events.get(row["hold_id"], [])),
            "submissions": submissions.get(row["hold_id"], []),
            "state": "resolved" if any(e["kind"] == "resolution" for e in own) else "open",
            "flag": raised.get(row["flag_id"]),
            "assignee": assigned.get(row["hold_id"], ""),
            "found": found.get(row["hold_id"], ""),
        }
        for row in store.rows("SELECT h.*, a.at FROM hold AS h JOIN audit_log AS a ON a.seq = h.tx")
    ]


def _exhibit(flag: Row) -> Row:
    return {"exhibit": json.loads(flag["exhibit"])}


def flags(store: Store) -> list[Row]:
    """Every flag, with ids and exhibit read, in the order they were found."""
    return [{**row, "ids": json.loads(row["ids"]), **_exhibit(row)} for row in store.where("flag")]


def rejected_pieces(store: Store) -> set[str]:
    """Pieces whose case ended in ``reject``: they no longer count as handed in."""
    return _pieces_ended(store, "reject")


def adjudicated_pieces(store: Store) -> set[str]:
    """Pieces whose case was sent to the chair, who may rule on any criterion of them."""
    return _pieces_ended(store, "adjudicate")


def adjudications_due(store: Store) -> set[str]:
    """Pieces sent to the chair on which no chair has ruled since."""
    if not _has_ended(store, "adjudicate"):
        return set()
    ruled = {
        row["piece_id"]: row["tx"]
        for row in store.rows(
            "SELECT piece_id, MAX(tx) AS tx FROM read WHERE round = 'chair' GROUP BY piece_id"
        )
    }
    return {
        piece
        for case in holds(store)
        for event in case["events"]
        if event["kind"] == "resolution" and event["disposition"] == "adjudicate"
        for piece in pieces_of_case(store, case)
        if ruled.get(piece, 0) < event["tx"]
    }


def submissions_ever_held(store: Store) -> set[str]:
    """Submissions a hold has stopped at any time, resolved or not."""
    return {row["submission_id"] for row in store.rows("SELECT submission_id FROM hold_submission")}


def _has_ended(store: Store, disposition: str) -> bool:
    """Whether any case ended so; reading every case costs more than most who ask have to spend."""
    query = "SELECT 1 FROM hold_event WHERE kind = 'resolution' AND disposition = ? LIMIT 1"
    return bool(store.rows(query, (disposition,)))


def _pieces_ended(store: Store, disposition: str) -> set[str]:
    found: set[str] = set()
    if not _has_ended(store, disposition):
        return found
    for case in holds(store):
        ended = [e["disposition"] for e in case["events"] if e["kind"] == "resolution"]
        if disposition in ended:
            found |= set(pieces_of_case(store, case))
    return found


def pieces_of_case(store: Store, case: Row) -> list[str]:
    """Pieces of the held submissions a case is about; all of them where its flag names none."""
    named = set(case["flag"]["ids"]) if case["flag"] else set()
    own = [
        row["piece_id"]
        for submission in case["submissions"]
        for row in store.where("piece", submission_id=submission)
    ]
    return [piece for piece in own if piece in named] or own
