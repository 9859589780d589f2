"""Creates, checks and updates a project with cruft, and generates projects from archives of the template.

An update replaces what the template owns, does not touch the user's files, and leaves a conflict where both changed
the same lines.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from lives import run

import release

from baking import ROOT, Bake, Project

TEMPLATE = "<<cookiecutter.project_name>>"
PACKAGE = "<<cookiecutter.__package>>"
LEFT_OUT = (".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "build", "*.egg-info")
STATE = ".cruft.json"
# Files where user and template change the same lines, where they change different lines, and that the user deletes.
CONTESTED, SHARED, DELETED = "Makefile", "README.md", "docs/models.md"
# A module of the machinery, which only the template changes, and its digest with it.
RENEWED = "machinery/src/mlops/errors.py"
# Shared with the template, which adds the entry points of new tasks here.
SHARED_MODULES = {"src/nyc_taxi/entry_points.py", "src/nyc_taxi/__init__.py"}
OWN_TEST = "tests/project/test_own.py"
# The last commit before the machinery had a folder of its own: projects of that layout can be updated.
BEFORE_MACHINERY = "7b48fbff32db665217000c1447525e0698c9683d"


class Shell:
    """Runs commands isolated from the settings of the user who runs the tests."""

    def __init__(self, user_config: Path) -> None:
        """Take Cookiecutter's settings from this file, and use no git settings."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        person = {f"GIT_{role}_{what}": "somebody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = inherited | settings | person | {"COOKIECUTTER_CONFIG": str(user_config)}

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False)

    def cruft(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(folder, sys.executable, "-m", "cruft", *arguments)

    def git(self, folder: Path, *arguments: str) -> str:
        """Run git, which must succeed, and return its output."""
        done = self.run(folder, "git", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, folder: Path) -> str:
        """Commit everything in a folder and return the commit; create a repository if there is none."""
        if not (folder / ".git").exists():
            self.git(folder, "init", "--quiet", "--initial-branch=main")
        self.git(folder, "add", "--all")
        self.git(folder, "commit", "--quiet", "--message=State")
        return self.git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def shell(user_config: Path) -> Shell:
    """Runs git, cruft and Cookiecutter."""
    return Shell(user_config)


@pytest.fixture
def template(tmp_path: Path, shell: Shell) -> Path:
    """A copy of the template's working tree, in its own git repository."""
    copy = Path(shutil.copytree(ROOT, tmp_path / "template", ignore=shutil.ignore_patterns(*LEFT_OUT)))
    shell.commit(copy)
    return copy


@pytest.fixture(params=["clone", "url"])
def address(request: pytest.FixtureRequest, template: Path) -> str:
    """How the template is named: by the path of a clone, or by the URL of a repository."""
    return str(template) if request.param == "clone" else template.as_uri()


@pytest.fixture
def project(tmp_path: Path, address: str, shell: Shell) -> Path:
    """A project that cruft has created, committed unchanged."""
    created = shell.cruft(tmp_path, "create", "--no-input", address)
    assert created.returncode == 0, created.stdout + created.stderr
    path = tmp_path / "nyc-taxi"
    # cruft turns a URL on this machine into a path; a remote URL stays unchanged, and so must this one.
    state = json.loads((path / STATE).read_text(encoding="utf-8"))
    (path / STATE).write_text(json.dumps(state | {"template": address}, indent=2) + "\n", encoding="utf-8")
    shell.commit(path)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path, except git's own files."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def users_part(project: Path) -> dict[str, bytes]:
    """The user's own files: the package and the project's tests."""
    own = ("src/nyc_taxi/", "tests/project/")
    return {
        path: text for path, text in contents(project).items() if path.startswith(own) and path not in SHARED_MODULES
    }


def add(path: Path, text: str) -> None:
    """Append text to a file, and create it if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def rewrite_first_line(path: Path, line: str) -> None:
    """Replace the first line."""
    rest = path.read_text(encoding="utf-8").split("\n", 1)[1]
    path.write_text(f"{line}\n{rest}", encoding="utf-8")


def work_on_project(project: Path) -> None:
    """Do what users do: write features and tests, change single lines, delete files."""
    add(project / "src/nyc_taxi/features.py", "\nMINE = 1\n")
    add(project / OWN_TEST, "def test_own() -> None:\n    pass\n")
    rewrite_first_line(project / CONTESTED, "# The user's line.")
    rewrite_first_line(project / SHARED, "# The user's title")
    (project / DELETED).unlink()


def work_on_template(template: Path) -> None:
    """Change template files, user files, a file that the user deleted, and a line that the user changed."""
    source = template / TEMPLATE
    for file in (source / "src" / PACKAGE).glob("*.py"):
        add(file, "\nFROM_THE_TEMPLATE = 2\n")
    add(source / OWN_TEST, '"""The template\'s idea of this test."""\n')
    add(source / RENEWED, "\nFROM_THE_TEMPLATE = 2\n")
    add(source / "docs" / "another.md", "# Another page\n")
    add(source / SHARED, "\nThe template's last line.\n")
    add(source / DELETED, "\nThe template's last line.\n")
    add(source / CONTESTED, "\n# The template's last line.\n")
    rewrite_first_line(source / CONTESTED, "# The template's line.")


def test_cruft_creates_the_same_project_as_cookiecutter_and_finds_it_current(
    project: Path, bake: Bake, shell: Shell
) -> None:
    plain = contents(bake().path)

    assert {path: content for path, content in contents(project).items() if path != STATE} == plain
    assert STATE not in plain
    checked = shell.cruft(project, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("address", ["url"], indirect=True)
def test_an_update_keeps_the_users_files_merges_the_rest_and_shows_conflicts(
    template: Path, project: Path, shell: Shell
) -> None:
    work_on_project(project)
    shell.commit(project)
    before = contents(project)
    own = users_part(project)
    work_on_template(template)
    newest = shell.commit(template)

    checked = shell.cruft(project, "check")
    updated = shell.cruft(project, "update", "--skip-apply-ask")

    assert checked.returncode == 1
    assert "out of date" in checked.stdout
    assert updated.returncode == 0, updated.stdout + updated.stderr
    after = contents(project)
    # The user's files are unchanged, to the byte, and none were added.
    assert users_part(project) == own
    # The rest is updated; where both changed different lines, both changes are present.
    assert after[RENEWED] == before[RENEWED] + b"\nFROM_THE_TEMPLATE = 2\n"
    assert after["docs/another.md"] == b"# Another page\n"
    assert after[SHARED] == before[SHARED] + b"\nThe template's last line.\n"
    assert DELETED not in after
    # Lines that both changed are a conflict, which git does not commit.
    contested = after[CONTESTED].decode()
    assert contested.startswith(
        "<<<<<<< ours\n# The user's line.\n=======\n# The template's line.\n>>>>>>> theirs\n"
    ), contested[:300]
    assert contested.endswith("\n# The template's last line.\n")
    assert shell.git(project, "diff", "--name-only", "--diff-filter=U").split() == [CONTESTED]
    assert [path for path in after if path.endswith((".rej", ".orig"))] == []
    # Nothing else has changed, and the state names the new version of the template.
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert touched == {RENEWED, "machinery/digests", *SHARED_MODULES, "docs/another.md", SHARED, CONTESTED, STATE}
    assert json.loads(after[STATE])["commit"] == newest
    # Once the conflict is resolved, there is nothing left to do.
    (project / CONTESTED).write_text("# Both.\n" + contested.split(">>>>>>> theirs\n")[1], encoding="utf-8")
    shell.commit(project)
    assert shell.cruft(project, "check").returncode == 0
    assert "up to date" in shell.cruft(project, "update", "--skip-apply-ask").stdout


@pytest.fixture(params=[BEFORE_MACHINERY, *filter(None, [release.last_tag()])])
def earlier(request: pytest.FixtureRequest, tmp_path: Path, shell: Shell) -> Path:
    """The template as it was at an earlier commit, in its own git repository."""
    archive = subprocess.run(["git", "archive", request.param], cwd=ROOT, capture_output=True, check=False)  # noqa: S607 - git is on the path
    if archive.returncode:
        pytest.skip(f"commit {request.param} is not in this clone: fetch the whole history")
    folder = tmp_path / "template"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    shell.commit(folder)
    return folder


@pytest.mark.slow
def test_a_project_of_an_earlier_version_is_updated(earlier: Path, tmp_path: Path, bake: Bake, shell: Shell) -> None:
    """The user's files stay, the machinery is that of this version, and nothing is left of the earlier one."""
    created = shell.cruft(tmp_path, "create", "--no-input", str(earlier))
    assert created.returncode == 0, created.stdout + created.stderr
    project = tmp_path / "nyc-taxi"
    add(project / "src/nyc_taxi/features.py", "\nMINE = 1\n")
    add(project / OWN_TEST, "def test_own() -> None:\n    pass\n")
    add(project / "databricks.yml", "# The user's last line.\n")
    shell.commit(project)
    own = users_part(project)
    for path in list(earlier.iterdir()):
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(ROOT, earlier, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
    shell.commit(earlier)

    updated = shell.cruft(project, "update", "--skip-apply-ask")

    assert updated.returncode == 0, updated.stdout + updated.stderr
    assert shell.git(project, "diff", "--name-only", "--diff-filter=U") == ""
    after = contents(project)
    fresh = contents(bake().path)
    assert users_part(project) == own
    assert {path: text for path, text in after.items() if path.startswith("machinery/")} == {
        path: text for path, text in fresh.items() if path.startswith("machinery/")
    }
    assert set(after) - set(fresh) == {OWN_TEST, STATE}
    assert set(fresh) - set(after) == set()
    differing = {path for path in fresh if after[path] != fresh[path]} - own.keys()
    assert differing == {"databricks.yml"}
    shell.commit(project)
    assert shell.cruft(project, "check").returncode == 0
    tests = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tests.returncode == 0, tests.stdout


@pytest.mark.slow
@pytest.mark.parametrize("address", ["clone"], indirect=True)
def test_a_change_that_git_cannot_merge_is_left_beside_its_file(template: Path, project: Path, shell: Shell) -> None:
    work_on_project(project)
    # The history starts with the user's changes, so git does not know the generated version.
    shutil.rmtree(project / ".git")
    shell.commit(project)
    own = users_part(project)
    work_on_template(template)
    shell.commit(template)

    updated = shell.cruft(project, "update", "--skip-apply-ask")

    assert updated.returncode == 0, updated.stdout + updated.stderr
    after = contents(project)
    assert [path for path in after if path.endswith(".rej")] == [f"{CONTESTED}.rej"]
    assert b"+# The template's line." in after[f"{CONTESTED}.rej"]
    assert after[CONTESTED].startswith(b"# The user's line.\n")
    assert after[CONTESTED].endswith(b"\n# The template's last line.\n")
    assert f"?? {CONTESTED}.rej" in shell.git(project, "status", "--porcelain").splitlines()
    assert users_part(project) == own


@pytest.mark.slow
def test_a_project_generated_without_cruft_is_linked_and_then_updated(
    template: Path, tmp_path: Path, bake: Bake, shell: Shell
) -> None:
    made: Project = bake(cloud="aws", approval="manual").copy_to(tmp_path)
    at = shell.git(template, "rev-parse", "HEAD").strip()
    work_on_project(made.path)
    shell.commit(made.path)
    work_on_template(template)
    shell.commit(template)

    answers = json.dumps({"cloud": "aws", "approval": "manual"})
    linked = shell.cruft(
        made.path, "link", "--no-input", "--checkout", at, "--extra-context", answers, template.as_uri()
    )
    assert linked.returncode == 0, linked.stdout + linked.stderr
    shell.commit(made.path)
    own = users_part(made.path)
    differing = shell.cruft(made.path, "diff").stdout

    assert shell.cruft(made.path, "check").returncode == 1
    assert shell.cruft(made.path, "update", "--skip-apply-ask").returncode == 0
    # All differences are the user's own, so the answers match those of the original generation.
    files = [
        line.partition(" upstream-template-new/")[2] for line in differing.splitlines() if line.startswith("diff ")
    ]
    assert files == [CONTESTED, SHARED]
    assert users_part(made.path) == own
    assert (made.path / RENEWED).read_text(encoding="utf-8").endswith("\nFROM_THE_TEMPLATE = 2\n")


def test_the_documentation_shows_the_commands_that_are_tested(bake: Bake) -> None:
    requirements = (ROOT / "requirements-test.txt").read_text(encoding="utf-8").splitlines()
    (cruft,) = [line.split()[0] for line in requirements if line.startswith("cruft")]

    documents = [(ROOT / "README.md").read_text(encoding="utf-8"), bake().read("docs/update.md")]

    # cruft's own question before an update crashes with typer 0.29, so the documentation does not use it.
    commands = [f'pip install "{cruft}"', "cruft check", "cruft update --skip-apply-ask"]
    for document in documents:
        lines = [line.partition("#")[0].strip() for line in document.splitlines()]
        assert [command for command in commands if command not in lines] == []
        assert "cruft update" not in lines


def generate(archive: Path, output: Path, shell: Shell) -> subprocess.CompletedProcess[str]:
    """Generate a project from an archive of the template."""
    return shell.run(output, sys.executable, "-m", "cookiecutter", "--no-input", str(archive))


def test_an_archive_with_one_top_folder_generates_the_same_project(
    template: Path, tmp_path: Path, bake: Bake, shell: Shell
) -> None:
    archive = tmp_path / "template.zip"
    shell.git(template, "archive", "--format=zip", "--prefix=mlops-template/", f"--output={archive}", "HEAD")

    generated = generate(archive, tmp_path, shell)

    assert generated.returncode == 0, generated.stdout + generated.stderr
    assert contents(tmp_path / "nyc-taxi") == contents(bake().path)


@pytest.mark.parametrize(
    ("first", "refusal"),
    [
        ("cookiecutter.json", "Zip repository {archive} does not include a top-level directory"),
        ("hooks/", 'A valid repository for "{archive}" could not be found in the following locations: '),
    ],
    ids=["a file first", "a folder first"],
)
def test_a_flat_archive_is_rejected_in_one_sentence(
    template: Path, tmp_path: Path, first: str, refusal: str, shell: Shell
) -> None:
    archive = tmp_path / "flat.zip"
    paths = [path for path in template.rglob("*") if ".git" not in path.relative_to(template).parts]
    names = {path.relative_to(template).as_posix() + "/" * path.is_dir(): path for path in paths}
    with zipfile.ZipFile(archive, "w") as flat:
        for name in sorted(names, key=lambda name: (name != first, name)):
            flat.write(names[name], name)
    output = tmp_path / "output"
    output.mkdir()

    generated = generate(archive, output, shell)

    said = " ".join((generated.stdout + generated.stderr).split())
    assert generated.returncode == 1
    assert said.startswith(refusal.format(archive=archive)), said
    assert "Traceback" not in said
    assert list(output.iterdir()) == []
