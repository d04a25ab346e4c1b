"""A passage of unknown origin accuses nobody; looked at, it is registered and found no more."""

import pytest

from scoring.similarity.calibrating import TOO_FEW, Calibration
from scoring.similarity.limits import TextLimits
from scoring.similarity.pairs import LOOK, PASSAGE, Pair
from workbench.errors import InputError, RefusedError
from workbench.services import flag_finding
from workbench.services.case_network import copies_network
from workbench.services.flags import list_flags, open_case, raise_flags
from workbench.services.holds import list_holds
from workbench.services.shared_passages import register_shared, shared_words
from workbench.services.similarity import Similarity


def flag_the_passage(walk):
    with walk.workspace.store() as store:
        (found,) = flag_finding.compare_all(walk.workspace, store).pairs
    pair = Pair(
        "text", found.a, found.b, found.teacher_a, found.teacher_b, 0.1, 120, tier=PASSAGE,
        reason="passage",
    )  # fmt: skip
    made = Similarity([pair], (), 2, Calibration.of(TOO_FEW, 0, TextLimits()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flag_finding, "compare_all", lambda workspace, store: made)
        raise_flags(walk.workspace, walk.act())


@pytest.fixture(scope="module")
def flagged_folder(further, read_folder):
    return further(read_folder, lambda walk: flag_the_passage(walk.on("2026-09-22")))


@pytest.fixture
def flagged(flagged_folder, walk_in):
    """A round in which the one text that T1 and T4 share is taken for a quotation of both."""
    return walk_in(flagged_folder, "2026-09-22")


def the_flag(walk):
    (flag,) = (f for f in list_flags(walk.workspace) if f["code"] == "shared_passage")
    return flag


def test_it_has_a_kind_of_its_own_and_opens_no_case(flagged):
    flag = the_flag(flagged)
    assert (flag["tier"], flag["state"]) == ("passage", "open")
    assert "登记为公共引文" in flag["sentence_zh"]
    assert list_holds(flagged.workspace) == []
    assert flagged.level("T1") == "excellent"


def test_it_draws_no_line_in_the_network_of_copies(flagged):
    assert copies_network(flagged.workspace, "K1").links == ()


def test_a_person_who_looked_may_still_open_a_case(flagged):
    assert open_case(flagged.workspace, the_flag(flagged)["flag_id"], flagged.act("K1"))


def test_registered_it_is_nobodys_own_and_no_comparison_finds_it(flagged):
    flag_id = the_flag(flagged)["flag_id"]
    words = shared_words(flagged.workspace, "K1", flag_id)
    name = register_shared(flagged.workspace, flag_id, flagged.act("K1"))
    assert words[0].strip().startswith(name.rstrip("…"))
    left = shared_words(flagged.workspace, "K1", flag_id)
    assert words[0] not in left
    assert len(left) == len(words) - 1


def test_when_all_is_registered_there_is_nothing_to_register(flagged):
    flag_id = the_flag(flagged)["flag_id"]
    for _ in shared_words(flagged.workspace, "K1", flag_id):
        register_shared(flagged.workspace, flag_id, flagged.act("K1"))
    assert shared_words(flagged.workspace, "K1", flag_id) == ()
    with pytest.raises(InputError, match="registered already"):
        register_shared(flagged.workspace, flag_id, flagged.act("K1"))


def test_a_chair_sees_it_and_registers_nothing(flagged):
    flag_id = the_flag(flagged)["flag_id"]
    assert shared_words(flagged.workspace, "C1", flag_id)
    with pytest.raises(RefusedError):
        register_shared(flagged.workspace, flag_id, flagged.act("C1"))


def test_another_kind_of_flag_has_no_passage_to_register(read):
    raise_flags(read.workspace, read.act())
    (flag,) = list_flags(read.workspace)
    assert flag["tier"] != LOOK
    with pytest.raises(InputError, match="no flag"):
        register_shared(read.workspace, flag["flag_id"], read.act("K1"))
