"""The wheel's version: the base version, and a digest of everything that the wheel is built from.

The same sources give the same version on every machine, so deploying them again changes nothing. Different sources give
a different version, so that compute does not keep using an older wheel with the same name.
"""

import hashlib
from pathlib import Path

BASE = "0.1.0"
_ROOT = Path(__file__).parent
_LEFT_OUT = {"__pycache__", ".DS_Store", "bundle_tools"}


def version() -> str:
    """Return `BASE` with the digest as a local version label (PEP 440), such as 0.1.0+3f2a9c5d7b10."""
    files = [path for path in (_ROOT / "src").rglob("*") if path.is_file() and not _LEFT_OUT & set(path.parts)]
    digest = hashlib.sha256()
    for path in sorted([*files, *(_ROOT / name for name in ("pyproject.toml", "README.md", "wheel_build.py"))]):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(_ROOT).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return f"{BASE}+{digest.hexdigest()[:12]}"
