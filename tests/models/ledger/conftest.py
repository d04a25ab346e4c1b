"""Builders of small ledgers: fixed key, fixed time, invented results."""

import shutil
from pathlib import Path

import pytest

from models.ledger.posting import create_ledger, post
from models.ledger.signing import new_signer

ORIGIN = "county.example/school-7/2026"
SCHOOL = "实验小学"
AT = "2026-11-21T03:04:05Z"
DIGEST = "ab" * 32


def draft(subject="s-0001", competency="A1", level="pass", **changes):
    return {
        "kind": "result",
        "round": "2026-秋",
        "school": SCHOOL,
        "subject": subject,
        "competency": competency,
        "level": level,
        "stage": "小学",
        "decided_by": [{"piece": "piece-1", "slot": "A1-1", "criteria": ["A1-1.P1"]}],
        "reads": [
            {"rater": "r-1", "piece": "piece-1", "round": "blind"},
            {"rater": "r-2", "piece": "piece-1", "round": "blind"},
        ],
        "evidence": [DIGEST],
        "rubric": DIGEST,
        "policy": DIGEST,
        "run": DIGEST,
        "approvers": ["u-1", "u-2"],
        "publicity": {"id": "pub-1", "digest": DIGEST},
        "pii_commit": DIGEST,
        **changes,
    }


def superseding(seq, **changes):
    return draft(**{"kind": "supersede", "supersedes": seq, "reason": "objection", **changes})


@pytest.fixture(name="draft")
def draft_builder():
    return draft


@pytest.fixture(name="superseding")
def superseding_builder():
    return superseding


@pytest.fixture(scope="session")
def signer():
    return new_signer(ORIGIN, bytes(range(32)))


@pytest.fixture(scope="session")
def trusted(signer):
    return [signer.key.text]


@pytest.fixture(scope="session")
def begun(tmp_path_factory, signer) -> Path:
    path = tmp_path_factory.mktemp("begun") / "school.db"
    create_ledger(path, ORIGIN, signer, school=SCHOOL, policy=DIGEST, at=AT)
    return path


@pytest.fixture(scope="session")
def written(tmp_path_factory, begun, signer) -> Path:
    path = Path(shutil.copy(begun, tmp_path_factory.mktemp("written")))
    post(path, [draft("s-0001"), draft("s-0002"), draft("s-0003")], "b-1", signer, AT)
    post(path, [superseding(2, subject="s-0002", level="excellent")], "b-2", signer, AT)
    post(path, [draft("s-0004", level="fail")], "b-3", signer, "2026-11-22T00:00:00Z")
    return path


@pytest.fixture
def empty(tmp_path, begun) -> Path:
    """A ledger that holds its genesis entry alone."""
    return Path(shutil.copy(begun, tmp_path))


@pytest.fixture
def ledger(tmp_path, written) -> Path:
    """Genesis; results 1 to 3; 4 supersedes 2; 5 is another result."""
    return Path(shutil.copy(written, tmp_path))
