"""A county's statements about keys: read strictly, signed with a key that makes no cosignatures."""

import pytest

from models.errors import LedgerError
from models.ledger.cosigning import cosign, witness_key
from models.ledger.notes import Note, parse_note
from models.ledger.signing import new_signer
from models.ledger.statements import (
    CONTINUE,
    REVOKE,
    Statement,
    county_key,
    open_statement,
    parse_statement,
    sign_statement,
)

ORIGIN = "county.example/school-7"
COUNTY = new_signer("county.example/witness", bytes(range(32)))
KEY = new_signer(ORIGIN, bytes(32)).key.text
SAID = Statement(REVOKE, ORIGIN, 6, bytes(range(32)), KEY)


@pytest.mark.parametrize("action", [REVOKE, CONTINUE])
def test_a_statement_is_read_back_as_it_was_signed(action):
    said = Statement(action, ORIGIN, 6, bytes(range(32)), KEY)
    assert open_statement(sign_statement(said, COUNTY), [county_key(witness_key(COUNTY))]) == said


def test_a_cosignature_never_passes_for_a_statement_nor_a_statement_for_a_cosignature():
    line = cosign(COUNTY, SAID.text, 1_795_000_000)
    note = str(Note(SAID.text, (line,)))
    with pytest.raises(LedgerError, match="no trusted key"):
        open_statement(note, [county_key(witness_key(COUNTY))])
    relabelled = type(line)(line.name, COUNTY.key.key_id, line.raw[8:])
    with pytest.raises(LedgerError, match="does not belong"):
        open_statement(str(Note(SAID.text, (relabelled,))), [COUNTY.key])


def test_a_statement_nobody_trusted_signed_is_refused():
    with pytest.raises(LedgerError, match="no trusted key"):
        open_statement(sign_statement(SAID, COUNTY), [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v1", "v2"),
        ("revoke", "forgive"),
        ("\n6\n", "\n06\n"),
        ("\n6\n", "\n-6\n"),
        ("\n6\n", "\n"),
        (ORIGIN + "\n", "\n"),
        (KEY, KEY[:-1]),
        (KEY, ""),
        ("AAEC", "AAE"),
        (KEY + "\n", KEY + "\nmore\n"),
        (KEY + "\n", KEY),
    ],
)
def test_a_statement_in_any_other_form_is_refused(old, new):
    assert old in SAID.text
    with pytest.raises(LedgerError):
        parse_statement(SAID.text.replace(old, new, 1))


def test_each_changed_line_of_a_signed_statement_is_refused():
    signed = sign_statement(SAID, COUNTY)
    for line in parse_note(signed).text.splitlines():
        with pytest.raises(LedgerError):
            open_statement(signed.replace(line, line + "x", 1), [COUNTY.key])
