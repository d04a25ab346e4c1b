"""The printed code: results and proof within a thousand bytes, and nothing altered reads as proven."""

from dataclasses import replace

import pytest

from models.errors import LedgerError
from models.ledger.notes import open_checkpoint, parse_key
from workbench.errors import InputError
from workbench.exports.paper_proof import LARGEST_BYTES, paper_proof, read_paper
from workbench.exports.receipt import PROOF_MARK, qr_code, receipt

THREE = (("A1", "pass", "", 1), ("A6", "excellent", "", 1), ("C4", "pass", "", 2))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_packed_reads_back_and_its_root_is_the_signed_one(issued, place):
    payload = issued.teachers[place]
    said = read_paper(paper_proof(payload))
    head = open_checkpoint(said.checkpoint, [parse_key(issued.key)])
    assert (head.root, head.size) == (payload.head.root, payload.head.size)
    assert [body["seq"] for body in said.bodies] == [one.seq for one in payload.entries]


def test_a_teacher_of_a_large_school_fits_the_printed_symbol(issuing, tmp_path):
    large = issuing(tmp_path, [(f"教师{n}", "道德与法治", THREE) for n in range(250)])
    for payload in large.teachers[::49]:
        made = paper_proof(payload)
        assert len(made) <= LARGEST_BYTES
        assert receipt(payload).startswith(PROOF_MARK)
        assert qr_code(receipt(payload)).version <= 26
        assert read_paper(made).checkpoint == payload.checkpoint


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_bit_flipped_anywhere_breaks_the_form_or_the_signature(issued, bit):
    true = paper_proof(issued.teachers[1])
    key = parse_key(issued.key)
    unseen = []
    for place in range(len(true)):
        made = bytearray(true)
        made[place] ^= 1 << bit
        try:
            said = read_paper(bytes(made))
            open_checkpoint(said.checkpoint, [key])
        except (InputError, LedgerError):
            continue
        unseen += [place] if said != read_paper(true) else []  # else a spare bit of the packing
    assert unseen == []


@pytest.mark.parametrize("cut", [0, 1, 50, -1, -32])
def test_a_cut_proof_is_none(issued, cut):
    with pytest.raises(InputError, match="no receipt"):
        read_paper(paper_proof(issued.teachers[0])[:cut])


def test_an_identity_that_does_not_open_the_commitment_is_not_printed_as_proven(issued):
    payload = issued.teachers[0]
    people = {key: replace(who, name="某某") for key, who in payload.people.items()}
    assert paper_proof(replace(payload, people=people)) is None
