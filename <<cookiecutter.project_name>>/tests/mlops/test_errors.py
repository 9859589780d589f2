from mlops.errors import did_you_mean


def test_the_nearest_name_is_offered() -> None:
    assert did_you_mean("trian", ["deploy", "train"]) == ": did you mean 'train'?"


def test_without_a_near_name_there_is_the_whole_list() -> None:
    assert did_you_mean("zzz", ["one", "two"]) == ": there is one, two"
    assert did_you_mean("zzz", {}) == ": there is none"
