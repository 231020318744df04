"""The documentation site can be built: every page is found, and every link within it leads somewhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.sessions import ROOT


@pytest.mark.slow
def test_the_site(tmp_path: Path) -> None:
    """`make docs` installs its tools the first time, and fails on every warning."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    done = subprocess.run(["make", "docs", f"SITE={tmp_path}"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")]:
        assert (tmp_path / page.relative_to(ROOT / "docs")).with_suffix(".html").is_file(), page
    assert "Run.successful" in (tmp_path / "site" / "client.html").read_text(encoding="utf-8")
