"""The group of commands."""

from __future__ import annotations

from annotating import annotate


def test_run_is_the_default_command_and_help_lists_the_others() -> None:
    text = annotate("--help").output
    assert "lmn-annotate run news.txt --adapter" in text
    assert "plan" in text
    assert "--keep-unreadable" in text
    assert "Missing option '--out'" in annotate("news.txt", code=2).output
