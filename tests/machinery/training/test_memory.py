"""A training set that does not fit into memory is refused before it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops.errors import ProjectError
from mlops.training import memory
from mlops.training.memory import available_bytes, estimated_bytes, require_memory

TYPES = {"trip_id": "string", "at": "timestamp", "miles": "double", "passengers": "bigint"}
KB = 1024


def files(root: Path, content: dict[str, str]) -> Path:
    for name, text in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


MACHINE = {"proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:    9000000 kB\n"}


def test_without_a_container_it_is_what_the_machine_has_left(tmp_path: Path) -> None:
    root = files(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"})
    assert available_bytes(root) == 9_000_000 * KB


def test_a_container_of_version_2_leaves_its_limit_without_what_is_used_but_with_file_caches(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "0::/driver.slice\n",
        "sys/fs/cgroup/driver.slice/memory.max": "8000000000\n",
        "sys/fs/cgroup/driver.slice/memory.current": "3000000000\n",
        "sys/fs/cgroup/driver.slice/memory.stat": "anon 2000000000\ninactive_file 500000000\n",
    }
    assert available_bytes(files(tmp_path, {**MACHINE, **group})) == 5_500_000_000


def test_a_container_of_version_1_that_sees_its_own_group_as_root_is_read_too(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "4000000000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "1000000000\n",
        "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 200000000\n",
    }
    assert available_bytes(files(tmp_path, {**MACHINE, **group})) == 3_200_000_000


def test_a_container_that_is_full_leaves_nothing(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "8000000000\n",
        "sys/fs/cgroup/memory.current": "8100000000\n",
    }
    assert available_bytes(files(tmp_path, {**MACHINE, **group})) == 0


def test_on_this_machine_there_is_some() -> None:
    found = available_bytes()
    assert found is not None
    assert 1e8 < found < 1e14


def test_a_system_that_tells_nothing_is_taken_by_its_whole_memory(tmp_path: Path) -> None:
    found = available_bytes(tmp_path)
    assert found is not None
    assert found > 1e8


def test_more_rows_than_fit_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 8e9)
    require_memory(20_000_000, TYPES, None, "the training set")
    with pytest.raises(ProjectError) as refused:
        require_memory(50_000_000, TYPES, None, "the training set")
    assert str(refused.value).startswith(
        "the training set has 50,000,000 rows of 4 columns, which need about 14.4 GB of memory for a training, and "
        "8.0 GB are available here: "
    )


def test_the_limit_of_the_configuration_counts_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 8e9)
    require_memory(50_000_000, TYPES, 15, "the training set")
    with pytest.raises(ProjectError, match=r"2\.0 GB may be used \(training\.memory_gb in project\.yml\)"):
        require_memory(20_000_000, TYPES, 2, "the training set")


def test_without_rows_nothing_is_needed() -> None:
    assert estimated_bytes(0, TYPES) == 0


def test_a_system_that_does_not_tell_is_not_taken_for_full(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: None)
    require_memory(10**12, TYPES, None, "the training set")
    assert "how much there is cannot be read here" in caplog.text
