"""ID numbers: what is accepted, what is refused, and what never shows."""

from __future__ import annotations

import hashlib
import hmac
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.formats.identity import (
    IdNumber,
    check_digit,
    check_digit_ok,
    mask,
    person_key,
    read_id_number,
    without_numbers,
)
from workbench.readers.tables import ExcelFloat

# The example printed in GB 11643-1999, and one of ours in an area code that does not exist.
STANDARD = "11010519491231002X"
OURS = "999901198502300018"

dates = st.dates().filter(lambda day: day.year >= 1900)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    first17 = (
        f"{draw(st.integers(100000, 999999))}{draw(dates):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    )
    return first17 + check_digit(first17)


def test_the_example_of_the_standard_has_the_right_check_digit():
    assert check_digit_ok(STANDARD)
    assert not check_digit_ok("110105194912310021")


def test_check_digit_worked_by_hand():
    # 2^17 mod 11 = 7, so a lone 1 in the first place sums to 7; (7 + d) mod 11 must be 1: d = 5
    assert check_digit("1" + "0" * 16) == "5"


@given(numbers())
def test_a_number_with_its_check_digit_is_read(number):
    assert isinstance(read_id_number(number), IdNumber)


@given(numbers(), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number, place, shift):
    digit = number[place]
    wrong = str((int(digit) + shift) % 10) if digit != "X" else str(shift)
    assert read_id_number(number[:place] + wrong + number[place + 1 :]) in (
        "check_digit",
        "birth_date",
    )


@given(numbers(), st.integers(0, 15))
def test_two_neighbours_swapped_are_found_unless_alike(number, place):
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert check_digit_ok(swapped) == (swapped == number)


@pytest.mark.parametrize(
    "written", ["11010519491231002x", " １１０１０５19491231002Ｘ ", "'11010519491231002X"]
)
def test_width_case_and_blanks_do_not_change_the_person(written):
    assert read_id_number(written) == IdNumber(STANDARD)
    assert person_key(b"k", written) == person_key(b"k", STANDARD)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (ExcelFloat("110105194912310000"), "lossy"),
        ("1.10105E+17", "lossy"),
        (1.10105194912310e17, "lossy"),
        ("110105491231002", "old"),
        ("110105194912310021", "check_digit"),
        ("99990119850230001" + check_digit("99990119850230001"), "birth_date"),  # 30 February
        ("H1234567", "malformed"),
    ],
)
def test_what_cannot_be_trusted_is_refused_by_kind(cell, problem):
    assert read_id_number(cell) == problem


def test_a_rounded_number_is_refused_even_where_its_check_digit_happens_to_fit():
    first17 = "11010519900101000"
    assert read_id_number(ExcelFloat(first17 + check_digit(first17))) == "lossy"


def test_the_key_is_hmac_sha256_of_the_number():
    expected = hmac.new(b"pepper", STANDARD.encode(), hashlib.sha256).hexdigest()
    assert IdNumber(STANDARD).key(b"pepper") == expected != IdNumber(STANDARD).key(b"other")


@given(numbers())
def test_a_number_never_shows(number):
    held = IdNumber(number)
    for shown in (repr(held), str(held), f"{held}", f"{held!r:>40}", repr([held]), mask(number)):
        assert number not in shown
        assert number[4:14] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(held)
    assert not hasattr(held, "__dict__")


def test_numbers_inside_a_text_are_masked():
    text = f"证件{STANDARD}，电话13800000000"
    assert without_numbers(text) == "证件1101**********002X，电话13800000000"
