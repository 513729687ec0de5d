"""Asset checks: every suite of the gate as a blocking check of the candidate build.

Belongs here: making checks from the suites that are there, and telling their counts. Not here: what is expected
(`expectations/suites`), deciding the verdict (`expectations/runner.py`). The gate judges a build once; the checks are
that one judgement by suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from orchestration.guard import guarded
from orchestration.resources import HomeRun
from orchestration.settings import PROJECT_DIR

SUITES = PROJECT_DIR / "expectations" / "suites"
CANDIDATE = dg.AssetKey("candidate_build")
