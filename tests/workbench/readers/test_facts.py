import json
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from workbench.readers.errors import CODES
from workbench.readers.facts import MEDIA_TYPES, WARNINGS, FileFacts, Picture, count_chars
from workbench.readers.kinds import EXTENSIONS, FAMILIES
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.tables import ExcelFloat, Sheet


def test_facts_survive_a_trip_through_json():
    facts = FileFacts(
        "docx",
        text="课堂 实录\n",
        pages=3,
        pictures=(Picture("word/media/image1.png", "ab" * 32, 640, 480, ("0" * 64,), "1" * 64),),
        revision_ids=("00A1", "00B2"),
        warnings=("macros",),
    )
    assert FileFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts
    assert facts.to_json()["chars"] == 4


def test_limits_survive_a_trip_through_json():
    limits = Limits(pdf_pages=7, wall_s=1.5)
    assert Limits.from_json(json.loads(json.dumps(limits.to_json()))) == limits
    assert set(Limits.names()) == set(DEFAULT.to_json())


def test_an_excel_float_is_still_one_after_json():
    sheet = Sheet("名册", (("甲", ExcelFloat("370101199001011328")),), ((0, 0, 0, 1),))
    back = Sheet.from_json(json.loads(json.dumps(sheet.to_json())))
    assert back == sheet
    assert isinstance(back.rows[0][1], ExcelFloat)
    assert not isinstance(back.rows[0][0], ExcelFloat)


def test_what_is_unknown_is_none_or_empty_and_never_zero():
    facts = FileFacts("txt")
    unknown = [getattr(facts, field.name) for field in fields(facts) if field.name != "chars"]
    assert 0 not in [value for value in unknown if not isinstance(value, bool | str)]


@given(st.text())
def test_blanks_are_not_counted(text):
    assert count_chars(text) == sum(not character.isspace() for character in text)


def test_every_extension_promises_a_media_type_of_some_family():
    types = set(EXTENSIONS.values())
    assert types == set(MEDIA_TYPES) - {"unknown"}
    assert types == {name for family in FAMILIES.values() for name in family}


def test_codes_and_warnings_are_named_once():
    assert len(set(CODES)) == len(CODES)
    assert len(set(WARNINGS)) == len(WARNINGS)
