"""A Batch job's command in its container: it fetches the shim from a real S3 server and runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from flowc.compiler.package.archive import build

from flowc.runtime_bundle import archive
from tests.support.building import program_of, spec_of
from tests.support.running import dump
from tests.support.s3_server import BUCKET, S3Server

FLOW = Path(__file__).parents[2] / "flows" / "foreach.py"


def job(definition: dict[str, Any], path: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Starts the container's command as Batch does, with the Python of this machine, which has no flowc on its path."""
    container = definition["containerProperties"]
    command = [path if word == "Ref::path" else word for word in container["command"]]
    env = {
        "PATH": os.environ["PATH"],
        **environment,
        **{variable["name"]: variable["value"] for variable in container["environment"]},
    }
    return subprocess.run([sys._base_executable, "-S", *command[1:]], env=env, capture_output=True, text=True)  # type: ignore[attr-defined]


def test_a_run_of_jobs(tmp_path: Path, s3: S3Server) -> None:
    program = program_of(FLOW.read_text(), tmp_path)
    package = build(program.flow, program.scope, program.files)
    prefix = tmp_path.name
    files = spec_of(program, "step-functions", store=f"s3://{BUCKET}/{prefix}", code=package.digest)
    definitions = {
        definition["jobDefinitionName"].split("-")[-2]: definition for definition in json.loads(files[1].text)
    }
    environment = {**s3.environment, "FLOWC_RUN": "r"}

    missing = job(definitions["start"], "-", environment)
    assert missing.returncode == 3 and "Traceback" not in missing.stderr and "cannot fetch the shim" in missing.stderr

    client = s3.client()
    runtime = next(
        variable["value"]
        for variable in definitions["start"]["containerProperties"]["environment"]
        if variable["name"] == "FLOWC_RUNTIME"
    )
    client.put_object(Bucket=BUCKET, Key=runtime.partition(f"{BUCKET}/")[2], Body=archive())
    client.put_object(
        Bucket=BUCKET, Key=f"{prefix}/{program.flow.name}/code/{package.file_name}", Body=package.compressed()
    )
    for step, path in (("start", "-"), ("double", "0"), ("double", "1"), ("double", "2"), ("join", "-"), ("end", "-")):
        done = job(definitions[step], path, environment)
        assert done.returncode == 0, done.stderr
        if step == "start":
            report = client.get_object(Bucket=BUCKET, Key=f"{prefix}/ForeachFlow/runs/r/start/-.paths.json")[
                "Body"
            ].read()
            assert json.loads(report) == ["0", "1", "2"]
    dumped = dump(f"s3://{BUCKET}/{prefix}", env=s3.environment)
    assert dumped["join"][0]["artifacts"]["word"]["repr"] == "'aabbcc'"
