from pathlib import Path

import pytest

import changes

from .conftest import Place


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        ([], False),
        (["README.md", "docs/models.md", "docs/picture.png"], False),
        (["docs/anything.py"], False),
        (["src/p/model.py"], True),
        (["README.md", "databricks.yml"], True),
        (["src/mlops/README.md"], False),
        (None, True),
    ],
)
def test_only_documentation_needs_no_integration(paths: list[str] | None, code: bool) -> None:  # noqa: FBT001
    assert changes.needs_integration(paths) is code


def test_changes_are_those_of_the_branch_and_of_the_project(place: Place) -> None:
    base = place.commit()
    for name in ("project/model.py", "other/model.py"):
        file = place.root / name
        file.parent.mkdir()
        file.touch()
    (place.root / "databricks.yml").rename(place.root / "project" / "databricks.yml")
    place.commit()
    assert changes.changed(place.root / "project", base) == ["databricks.yml", "model.py"]
    assert changes.changed(place.root, "") is None
    assert changes.changed(place.root, "0" * 40) is None
    assert changes.changed(place.root, "--help") is None


def test_the_platforms_are_told(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = place.commit()
    (place.root / "README.md").touch()
    place.commit()
    monkeypatch.chdir(place.root)
    output = place.tools / "output"
    assert changes.main([base], {"GITHUB_OUTPUT": str(output), "TF_BUILD": "True"}) == 0
    assert Path(output).read_text() == "any=true\ncode=false\n"
    assert "##vso[task.setvariable variable=code;isOutput=true]false" in capsys.readouterr().out
