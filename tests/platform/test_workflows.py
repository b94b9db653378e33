"""What runs with the project's secrets is pinned, and never runs what a stranger sent."""

import re
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_hash_and_rights_are_named(workflow: Path) -> None:
    text = workflow.read_text()
    actions = re.findall(r"uses: (\S+)(.*)", text)
    assert actions
    for action, comment in actions:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action} does not say which version it is"
    assert "\npermissions:" in text
    assert "pull_request_target" not in text
    # A branch's or title's text in a command is a command.
    assert not re.search(r"\$\{\{[^}]*(head_ref|head\.ref|\.title|\.body)", text)


def test_the_job_that_builds_has_no_secret() -> None:
    text = next(path for path in WORKFLOWS if path.name == "pages.yml").read_text()
    build, publish = text.split("\n  publish:\n")
    assert "secrets." not in build
    assert "checkout" not in publish
    assert "path: webapp/dist" in build
