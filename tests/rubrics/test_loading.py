"""Loading rubrics: every fault at once, and a digest that follows the meaning."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import RubricError
from rubrics.loading import (
    check_rubric_file,
    check_set_folder,
    load_rubric,
    load_set,
    load_set_folder,
    shipped_set_folder,
)

SOUND = """\
competency = "X1"
version = "1"
name_zh = "能力点"
name_en = "Point"
dimension = "learner-analysis"
environment = "multimedia"
question_zh = "怎样？"
question_en = "How?"

[[slot]]
id = "X1-1"
name_zh = "方案"
name_en = "Plan"
kind = "document"
core = true
accepts = ["docx", "pdf"]
limits = { min_chars = { value = 100, provenance = "derived" } }

[[slot.criterion]]
id = "X1-1.P1"
level = "pass"
text_zh = "写明目的"
text_en = "States the purpose"

[[slot.criterion]]
id = "X1-1.E1"
level = "excellent"
text_zh = "有新意"
text_en = "Is fresh"
"""


def rubric_file(folder, text=SOUND, name="X1.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def edited(*changes):
    text = SOUND
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def codes(faults):
    return {(found.key, found.code) for found in faults}


def test_a_sound_file_loads_with_names_of_the_shipped_set(tmp_path):
    rubric = load_rubric(rubric_file(tmp_path))
    assert rubric.dimension_zh == "学情分析"
    assert rubric.slot("X1-1").limits["min_chars"].value == 100
    assert rubric.slot("X1-1").pass_ids == ("X1-1.P1",)


@pytest.mark.parametrize(
    ("before", "after", "key", "code"),
    [
        ('version = "1"\n', "", "version", "missing_key"),
        ('version = "1"', "version = 1", "version", "not_text"),
        ('name_zh = "能力点"', 'name_zh = " "', "name_zh", "empty_text"),
        ('name_en = "Point"', 'name_em = "Point"', "name_em", "unknown_key_near"),
        ('version = "1"', 'version = "1"\nzzzz = 1', "zzzz", "unknown_key"),
        ('"X1"', '"x-1"', "competency", "bad_code"),
        ('"learner-analysis"', '"学情"', "dimension", "not_in_set"),
        ('"multimedia"', '"outdoors"', "environment", "not_in_set"),
        ('level = "pass"', 'level = "合格"', "slot[0].criterion[0].level", "not_allowed"),
        ('"X1-1.P1"', '"X1-2.P1"', "slot[0].criterion[0].id", "wrong_prefix"),
        ('"X1-1.P1"', '"X1-1.E2"', "slot[0].criterion[0].id", "wrong_letter"),
        ('"X1-1.E1"', '"X1-1.P1"', "slot[0].criterion[1].id", "duplicate"),
        ('level = "pass"', 'level = "excellent"', "slot[0].criterion", "no_pass_criteria"),
        ('id = "X1-1"', 'id = "Y1-1"', "slot[0].id", "wrong_prefix"),
        ("core = true", 'core = "yes"', "slot[0].core", "not_boolean"),
        ("core = true", "core = false", "slot", "no_core"),
        ('kind = "document"', 'kind = "paper"', "slot[0].kind", "not_allowed"),
        ('["docx", "pdf"]', "[]", "slot[0].accepts", "empty_list"),
        ('["docx", "pdf"]', '"docx"', "slot[0].accepts", "not_list"),
        ('["docx", "pdf"]', '[".docx", "pdf"]', "slot[0].accepts[0]", "bad_ending"),
        ('["docx", "pdf"]', '["pdf", "pdf"]', "slot[0].accepts[1]", "duplicate"),
        ("value = 100", "value = 0", "slot[0].limits.min_chars.value", "not_positive"),
        ("value = 100", "value = inf", "slot[0].limits.min_chars.value", "not_number"),
        ("value = 100", 'value = "100"', "slot[0].limits.min_chars.value", "not_number"),
        ("min_chars =", "min_char =", "slot[0].limits.min_char", "unknown_key_near"),
        ('"derived"', '"rumour"', "slot[0].limits.min_chars.provenance", "not_allowed"),
        (
            "limits = {",
            'limits = { max_chars = { value = 9, provenance = "derived" },',
            "slot[0].limits.min_chars.value",
            "bounds_crossed",
        ),
        ("limits = {", "limits = 3 #", "slot[0].limits", "not_table"),
    ],
)
def test_each_fault_is_named_with_its_place(tmp_path, before, after, key, code):
    path = rubric_file(tmp_path, edited((before, after)))
    faults = check_rubric_file(path)
    assert (key, code) in codes(faults)
    assert all(found.file == str(path) and found.message and found.remedy for found in faults)
    with pytest.raises(RubricError):
        load_rubric(path)


def test_every_fault_is_named_at_once(tmp_path):
    path = rubric_file(
        tmp_path,
        edited(
            ('version = "1"\n', ""),
            ('kind = "document"', 'kind = "paper"\nkidn = 1'),
            ('"X1-1.E1"', '"X1-1.P1"'),
            ("value = 100", "value = -1"),
            ('dimension = "learner-analysis"', 'dimension = "none"'),
        ),
    )
    found = codes(check_rubric_file(path))
    assert found == {
        ("version", "missing_key"),
        ("slot[0].kind", "not_allowed"),
        ("slot[0].kidn", "unknown_key_near"),
        ("slot[0].criterion[1].id", "duplicate"),
        ("slot[0].criterion[1].id", "wrong_letter"),
        ("slot[0].limits.min_chars.value", "not_positive"),
        ("dimension", "not_in_set"),
    }
    with pytest.raises(RubricError, match=r"7 fault\(s\)") as refused:
        load_rubric(path)
    assert len(refused.value.values["faults"]) == 7
    assert "slot[0].kind (X1-1)" in refused.value.message


@pytest.mark.parametrize(
    ("content", "code", "values"),
    [
        (b'a = "1"\nb = \n', "bad_toml", {"line": 2}),
        (b"a = 1\na = 2\n", "bad_toml", {"line": 2}),
        (b'a = "1', "bad_toml", {"line": 1}),
        ('name_zh = "能力"'.encode("gb18030"), "not_utf8", {"byte": 12}),
    ],
)
def test_a_file_that_is_not_toml_names_the_line(tmp_path, content, code, values):
    path = tmp_path / "X1.toml"
    path.write_bytes(content)
    (found,) = check_rubric_file(path)
    assert found.code == code
    assert values.items() <= found.values.items()


def test_a_missing_file_is_a_fault_not_a_crash(tmp_path):
    (found,) = check_rubric_file(tmp_path / "X1.toml")
    assert found.code == "unreadable"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "X1.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.encode())
    assert load_rubric(path).digest == load_rubric(rubric_file(tmp_path)).digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('version = "1"', '# a remark\nversion   =   "1"'),
        ('["docx", "pdf"]', '["pdf", "docx"]'),
        ("value = 100", "value = 100.0"),
        ("[[slot.criterion]]", '[slot.provenance]\nnote = "见于来源"\n\n[[slot.criterion]]'),
        ('question_en = "How?"', 'question_en = "How?"\nsource = { note = "x" }'),
    ],
)
def test_what_changes_no_meaning_keeps_the_digest(tmp_path, before, after):
    text = SOUND.replace(before, after, 1)
    assert text != SOUND
    changed = load_rubric(rubric_file(tmp_path, text))
    assert changed.digest == load_rubric(rubric_file(tmp_path)).digest


MEANING = [
    ('version = "1"', 'version = "{}"'),
    ('name_zh = "方案"', 'name_zh = "{}"'),
    ('text_zh = "写明目的"', 'text_zh = "{}"'),
    ('text_en = "Is fresh"', 'text_en = "{}"'),
    ('question_zh = "怎样？"', 'question_zh = "{}"'),
]


@given(
    which=st.sampled_from(MEANING),
    word=st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=8),
)
def test_the_digest_changes_exactly_when_the_wording_does(tmp_path_factory, which, word):
    before, after = which
    folder = tmp_path_factory.mktemp("digest")
    changed = load_rubric(rubric_file(folder, SOUND.replace(before, after.format(word))))
    sound = load_rubric(rubric_file(folder, SOUND, "sound.toml"))
    assert (changed.digest == sound.digest) == (changed.canonical() == sound.canonical())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("value = 100", "value = 101"),
        ('provenance = "derived"', 'provenance = "official-fact"'),
        ('kind = "document"', 'kind = "text"'),
        ('["docx", "pdf"]', '["docx"]'),
        ('environment = "multimedia"', 'environment = "smart"'),
    ],
)
def test_what_changes_the_meaning_changes_the_digest(tmp_path, before, after):
    changed = load_rubric(rubric_file(tmp_path, edited((before, after))))
    assert changed.digest != load_rubric(rubric_file(tmp_path)).digest


# --- sets --------------------------------------------------------------------


def copied_set(tmp_path, *codes_kept):
    source = shipped_set_folder("micro_competencies")
    folder = tmp_path / "set"
    folder.mkdir()
    for code in codes_kept:
        (folder / f"{code}.toml").write_bytes((source / f"{code}.toml").read_bytes())
    text = (source / "set.toml").read_text(encoding="utf-8")
    start, end = text.index("order = ["), text.index("]\n\n[environments")
    listed = ", ".join(f'"{code}"' for code in codes_kept)
    (folder / "set.toml").write_text(
        text[:start] + f"order = [{listed}" + text[end:], encoding="utf-8"
    )
    return folder


def test_a_copied_rubric_keeps_its_digest(tmp_path):
    folder = copied_set(tmp_path, "C4", "A1")
    loaded = load_set_folder(folder)
    assert list(loaded.rubrics) == ["C4", "A1"]
    assert loaded["A1"].digest == load_set("micro_competencies")["A1"].digest


def test_the_folder_and_its_order_must_agree(tmp_path):
    folder = copied_set(tmp_path, "A1", "A2")
    (folder / "A2.toml").rename(folder / "B9.toml")
    faults = check_set_folder(folder)
    assert codes(faults) == {("order[1]", "file_missing"), ("order", "file_unlisted")}


def test_a_file_holding_another_competency_is_named(tmp_path):
    folder = copied_set(tmp_path, "A1", "A2")
    (folder / "A2.toml").write_bytes((folder / "A1.toml").read_bytes())
    (found,) = check_set_folder(folder)
    assert (found.code, found.file) == ("name_mismatch", str(folder / "A2.toml"))


def test_faults_of_several_files_are_named_together(tmp_path):
    folder = copied_set(tmp_path, "A1", "A2")
    for code, word in (("A1", "official-fact"), ("A2", "derived")):
        path = folder / f"{code}.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f'form = "{word}"', 'form = "seen"', 1), encoding="utf-8")
    with pytest.raises(RubricError) as refused:
        load_set_folder(folder)
    assert {found.file for found in refused.value.values["faults"]} == {
        str(folder / "A1.toml"),
        str(folder / "A2.toml"),
    }


def test_references_must_be_named_in_the_set(tmp_path):
    folder = copied_set(tmp_path, "A1")
    path = folder / "A1.toml"
    text = path.read_text(encoding="utf-8").replace('refs = ["a1-reading"]', 'refs = ["hearsay"]')
    path.write_text(text, encoding="utf-8")
    (found,) = check_rubric_file(path)
    assert (found.key, found.code) == ("slot[0].provenance.refs[0]", "not_in_set")


def test_a_broken_set_file_is_named_before_its_rubrics(tmp_path):
    folder = copied_set(tmp_path, "A1")
    (folder / "set.toml").write_text("id = 3\n", encoding="utf-8")
    assert {found.code for found in check_set_folder(folder)} == {"not_text", "missing_key"}
    assert {found.code for found in check_rubric_file(folder / "A1.toml")} == {"faulty_set"}


def test_an_unknown_set_names_those_that_are_shipped():
    with pytest.raises(RubricError, match="micro_competencies, leadership"):
        load_set("macro")


def test_the_builder_is_toml():
    assert tomllib.loads(SOUND)["slot"][0]["id"] == "X1-1"
