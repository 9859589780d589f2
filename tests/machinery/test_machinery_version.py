import re
from importlib import metadata
from pathlib import Path

import pytest

from mlops import machinery_version as module

FILE = Path(module.__file__).parents[2] / "VERSION"


@pytest.fixture(autouse=True)
def _uncached() -> None:
    module.version.cache_clear()


def test_it_is_that_of_the_folder() -> None:
    assert module.version() == FILE.read_text(encoding="utf-8").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", module.version())


def test_in_a_wheel_it_is_beside_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "VERSION").write_text("2.3.4\n", encoding="utf-8")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "machinery_version.py"))
    assert module.version() == "2.3.4"


def test_from_an_index_it_is_that_of_the_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages" / "mlops" / "machinery_version.py"))
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"mlops": ["acme-mlops"]})
    monkeypatch.setattr(metadata, "version", lambda name: {"acme-mlops": "5.6.7"}[name])
    assert module.version() == "5.6.7"
