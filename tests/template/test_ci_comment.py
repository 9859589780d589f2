from pathlib import Path

import comment
import pytest

from fake_workspace import FakeWorkspace, Request

THREADS = "/org/project-id/_apis/git/repositories/repo-id/pullRequests/12/threads"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "summary.md"
    path.write_text("## ✅ integration of taxi\n", encoding="utf-8")
    return path


def test_on_github_the_comment_is_replaced_and_the_page_of_the_run_has_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = file.with_name("gh")
    program.write_text(f'#!/bin/sh\necho "$*" > {file.parent}/call; cat > {file.parent}/body\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}:/usr/bin:/bin")
    page = file.with_name("page")
    comment.publish(file, {"GITHUB_STEP_SUMMARY": str(page), "PULL_REQUEST": "12"})
    assert file.with_name("call").read_text() == "pr comment 12 --edit-last --create-if-none --body-file -\n"
    assert file.with_name("body").read_bytes() == page.read_bytes() == file.read_bytes()


def test_a_comment_that_github_refuses_is_a_failure(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "gh").symlink_to("/bin/false")
    monkeypatch.setenv("PATH", str(file.parent))
    with pytest.raises(comment.PublishError, match="could not be posted on pull request 12"):
        comment.publish(file, {"GITHUB_STEP_SUMMARY": str(file.with_name("page")), "PULL_REQUEST": "12"})


def test_on_azure_devops_the_earlier_thread_is_closed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def thread(number: int, text: str) -> dict[str, object]:
        return {"id": number, "status": "active", "comments": [{"content": text}]}

    with FakeWorkspace() as devops:
        mine, other = thread(1, "## ❌ integration of taxi"), thread(2, "please rename this")
        devops.routes["GET", THREADS] = {"value": [mine, other]}
        devops.routes["POST", THREADS] = {}
        devops.routes["PATCH", f"{THREADS}/1"] = {}
        environ = {
            "TF_BUILD": "True",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
            "SYSTEM_COLLECTIONURI": f"{devops.url}/org/",
            "SYSTEM_TEAMPROJECTID": "project-id",
            "BUILD_REPOSITORY_ID": "repo-id",
            "SYSTEM_ACCESSTOKEN": "access",
        }
        comment.publish(file, environ)
        assert devops.unknown == []
        assert devops.asked(f"{THREADS}/1")[0].body == {"status": "closed"}
        (posted,) = [request for request in devops.asked(THREADS) if request.method == "POST"]
        assert posted.body["comments"][0]["content"] == file.read_text(encoding="utf-8")
    assert f"##vso[task.uploadsummary]{file}" in capsys.readouterr().out


def test_a_comment_that_azure_devops_refuses_is_a_failure(file: Path) -> None:
    def refused(_: Request) -> tuple[int, dict[str, str]]:
        return 403, {}

    with FakeWorkspace({("GET", THREADS): refused}) as devops:
        environ = {
            "TF_BUILD": "True",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
            "SYSTEM_COLLECTIONURI": f"{devops.url}/org/",
            "SYSTEM_TEAMPROJECTID": "project-id",
            "BUILD_REPOSITORY_ID": "repo-id",
        }
        with pytest.raises(comment.PublishError, match="contribute to pull requests"):
            comment.publish(file, environ)


def test_elsewhere_the_summary_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment.publish(file, {})
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")


def test_a_missing_summary_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert comment.main() == 1
