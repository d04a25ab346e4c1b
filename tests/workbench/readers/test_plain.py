import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.plain import decode
from workbench.readers.reading import read_file

SIMPLIFIED = "教学反思：本节课采用小组合作学习，学生借助平板完成任务，课堂气氛活跃。"
TRADITIONAL = "教學反思：本節課採用小組合作學習，學生借助平板完成任務，課堂氣氛活躍。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_chinese_text_comes_out_whatever_windows_wrote(encoding):
    assert decode(SIMPLIFIED.encode(encoding)) == SIMPLIFIED


def test_big_endian_utf16_is_known_by_its_mark():
    assert decode(codecs.BOM_UTF16_BE + SIMPLIFIED.encode("utf-16-be")) == SIMPLIFIED


def test_big5_is_not_mistaken_for_gb18030():
    assert decode(TRADITIONAL.encode("big5")) == TRADITIONAL


everyday = st.text(
    st.builds(
        lambda a, b: bytes((a, b)).decode("gb2312"),
        st.integers(0xB0, 0xD6),
        st.integers(0xA1, 0xFE),
    )
)


@given(everyday)
def test_everyday_characters_in_gb18030_come_out_as_written(text):
    assert decode(f"教师{text}".encode("gb18030")) == f"教师{text}"


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03abc", bytes(range(1, 9)) * 40])
def test_binary_content_is_not_text(data):
    with pytest.raises(Unreadable, match="binary"):
        decode(data)


def test_a_text_file_counts_its_characters(tmp_path):
    (tmp_path / "反思.txt").write_bytes(SIMPLIFIED.encode("gb18030"))
    facts = read_file(tmp_path / "反思.txt")
    assert (facts.media_type, facts.text, facts.chars) == ("txt", SIMPLIFIED, len(SIMPLIFIED))


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", b"\0\0\0\0", "\u3000\n".encode()])
def test_a_file_of_blanks_is_empty(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(Unreadable) as caught:
        read_file(tmp_path / "a.txt", DEFAULT)
    assert caught.value.code == "empty"


def test_text_above_the_limit_is_cut_and_said_so(tmp_path):
    (tmp_path / "a.md").write_text("字" * 50, encoding="utf-8")
    facts = read_file(tmp_path / "a.md", Limits(text_chars=10))
    assert (facts.chars, facts.warnings) == (10, ("text_cut",))
