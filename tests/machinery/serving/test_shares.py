from mlops.serving.shares import assign

KEYS = [f"user {number}" for number in range(4000)]


def test_a_key_is_assigned_the_same_way_for_ever() -> None:
    assert [assign(key, 50) for key in KEYS[:8]] == [False, False, True, False, False, False, False, True]


def test_the_challenger_gets_its_share() -> None:
    for share in (1, 5, 25, 50, 99):
        found = sum(assign(key, share, "7") for key in KEYS) / len(KEYS)
        assert abs(found - share / 100) < 0.025


def test_no_share_and_all_are_exact() -> None:
    assert not any(assign(key, 0) for key in KEYS)
    assert all(assign(key, 100) for key in KEYS)


def test_widening_moves_nobody_back() -> None:
    before = {key for key in KEYS if assign(key, 5, "7")}
    for share in (6, 25, 50, 100):
        after = {key for key in KEYS if assign(key, share, "7")}
        assert before < after
        before = after


def test_each_rollout_starts_with_other_users() -> None:
    first, second = ({key for key in KEYS if assign(key, 5, version)} for version in ("7", "8"))
    assert len(first & second) < 0.2 * len(first)
