from mlops.errors import did_you_mean


def test_the_most_similar_name_is_suggested() -> None:
    assert did_you_mean("trian", ["deploy", "train"]) == ": did you mean 'train'?"


def test_all_names_are_listed_if_none_is_similar() -> None:
    assert did_you_mean("zzz", ["one", "two"]) == ": choose one of one, two"
    assert did_you_mean("zzz", {}) == ": there are none to choose from"
