"""Links, paths and make targets in the documentation, of the template and of every project, lead somewhere."""

import re
from pathlib import Path

import pytest

from baking import ROOT, Project

TEMPLATE = ROOT / "<<cookiecutter.project_name>>"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/*.md")])
SHORT = {"P": TEMPLATE, "M": TEMPLATE / "machinery" / "src"}  # as CONTRIBUTING.md abbreviates them
FOLDERS = "ci|dashboards|docs|machinery|notebooks|resources|src|templates|tests|hooks"
OF_EARLIER_VERSIONS = re.compile(r"\n## From a version before 1\.0\.0\n.*?(?=\n## )", re.DOTALL)
EXAMPLES = {"notebooks/mine.py"}


def targets(makefile: Path) -> set[str]:
    return set(re.findall(r"^([a-z-]+):", makefile.read_text(encoding="utf-8"), re.MULTILINE))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dangling_links(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = []
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(f"{page.name}: {link}")
    return found


def missing_paths(page: Path, root: Path) -> list[str]:
    """The paths in code spans, relative to the root or to the page's folder, without those with placeholders."""
    text = OF_EARLIER_VERSIONS.sub("", page.read_text(encoding="utf-8"))
    paths = set(re.findall(rf"`((?:{FOLDERS})/[\w./*-]*)`(?!\)? of the template)", text)) - EXAMPLES
    places = (root, page.parent)
    return [f"{page.name}: {one}" for one in sorted(paths) if not any(any(at.glob(one.rstrip("/"))) for at in places)]


def unknown_targets(page: Path, known: set[str]) -> list[str]:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z][a-z-]+)[^`]*`(?!\)? of the\s+template)|^make ([a-z][a-z-]+)", text, re.MULTILINE)
    return [f"{page.name}: make {name}" for pair in named if (name := "".join(pair)) not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_templates_own_pages_lead_somewhere(page: Path) -> None:
    assert dangling_links(page) == []
    assert unknown_targets(page, targets(ROOT / "Makefile") | targets(TEMPLATE / "Makefile")) == []


def test_the_files_that_contributors_change_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"`([PM])/([\w./*-]+)`", text)
    assert len(found) > 20
    assert [f"{short}/{path}" for short, path in found if not any(SHORT[short].glob(path.rstrip("/")))] == []


def test_the_tests_that_contributors_run_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = set(re.findall(r"(?<=[ `])tests/[\w./]+", text))
    assert len(found) > 10
    assert [path for path in sorted(found) if not (ROOT / path.rstrip(".")).exists()] == []


def test_every_page_of_a_project_leads_somewhere(project: Project) -> None:
    pages = [project.path / "README.md", project.path / "machinery" / "README.md", *project.path.glob("docs/*.md")]
    known = targets(project.path / "Makefile")
    assert [link for page in pages for link in dangling_links(page)] == []
    assert [path for page in pages for path in missing_paths(page, project.path)] == []
    assert [name for page in pages for name in unknown_targets(page, known)] == []


def test_the_readme_of_a_project_lists_every_page(project: Project) -> None:
    listed = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", project.read("README.md")))
    assert {page.name for page in project.path.glob("docs/*.md")} <= listed
