import itertools

import pytest
from imgpipe.runlog import Decision, Rules, decide, with_sidecar


@pytest.mark.parametrize("overwrite", ["never", "changed", "all"])
@pytest.mark.parametrize("same_key", [True, False])
def test_what_is_not_there_is_made(overwrite, same_key: bool) -> None:
    assert decide(None, 5, same_key, Rules(overwrite)) is Decision.MAKE
    assert decide(None, None, same_key, Rules(overwrite)) is Decision.MAKE


@pytest.mark.parametrize(
    ("our_size", "same_key", "overwrite", "expected"),
    [
        (5, True, "never", Decision.UP_TO_DATE),
        (5, True, "changed", Decision.UP_TO_DATE),
        (5, True, "all", Decision.REPLACE),
        (5, False, "never", Decision.STALE),
        (5, False, "changed", Decision.REPLACE),
        (5, False, "all", Decision.REPLACE),
        (4, True, "never", Decision.FOREIGN),
        (4, True, "changed", Decision.FOREIGN),
        (4, True, "all", Decision.REPLACE),
        (None, False, "never", Decision.FOREIGN),
        (None, False, "changed", Decision.FOREIGN),
        (None, False, "all", Decision.REPLACE),
    ],
)
def test_what_is_there(our_size, same_key, overwrite, expected) -> None:
    assert decide(5, our_size, same_key, Rules(overwrite)) is expected


def test_a_file_that_is_not_ours_is_never_replaced_unless_all_are() -> None:
    for size, key, rule in itertools.product([None, 4], [True, False], ["never", "changed"]):
        assert decide(5, size, key, Rules(rule)).is_skip


@pytest.mark.parametrize("overwrite", ["never", "changed", "all"])
def test_resuming_redoes_what_changed_and_nothing_that_is_done(overwrite) -> None:
    rules = Rules(overwrite, resumes=True)
    assert decide(5, 5, True, rules) is Decision.UP_TO_DATE
    assert decide(5, 5, False, rules) is Decision.REPLACE
    theirs = Decision.REPLACE if overwrite == "all" else Decision.FOREIGN
    assert decide(5, 4, True, rules) is decide(5, None, False, rules) is theirs


@pytest.mark.parametrize(
    ("there", "ours", "overwrite", "expected"),
    [
        (7, 7, "never", Decision.UP_TO_DATE),
        (7, None, "never", Decision.UP_TO_DATE),
        (None, 7, "never", Decision.REPLACE),
        (8, 7, "never", Decision.FOREIGN),
        (8, 7, "changed", Decision.FOREIGN),
        (8, 7, "all", Decision.REPLACE),
    ],
)
def test_what_lies_beside_an_output_counts_once_it_is_up_to_date(
    there, ours, overwrite, expected
) -> None:
    rules = Rules(overwrite, resumes=True)
    assert with_sidecar(Decision.UP_TO_DATE, there, ours, rules) is expected
    for decision in set(Decision) - {Decision.UP_TO_DATE}:
        assert with_sidecar(decision, there, ours, rules) is decision
