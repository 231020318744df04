"""The script of `make demo`: compiles `wine/` without its packages, validates the specs, and runs the flow."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FLOW = os.path.join(HERE, "wine", "flow.py")
BUILD = "build"
STORE = "build/datastore"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--compiler", default=sys.executable, help="a Python that has flowc, but not the flow's packages"
    )
    parser.add_argument("--runner", default=sys.executable, help="a Python that has flowc and scikit-learn")
    arguments = parser.parse_args()
    flow = os.path.relpath(FLOW)

    title("Compile to every target")
    has = subprocess.run([arguments.compiler, "-c", "import sklearn"], capture_output=True).returncode == 0
    print(
        "scikit-learn is installed here, so this shows less than it could"
        if has
        else "scikit-learn is not installed here: flowc reads the flow, it does not run it"
    )
    started = time.perf_counter()
    flowc(
        arguments.compiler,
        "compile",
        flow,
        "--target",
        "argo,step-functions,airflow",
        "--store",
        "s3://wine/flows",
        "-o",
        BUILD,
    )
    print(f"in {time.perf_counter() - started:.2f} s")

    title("Validate, with no engine at hand")
    flowc(
        arguments.compiler,
        "validate",
        *(os.path.join(BUILD, target) for target in ("argo", "step-functions", "airflow")),
    )

    title("Run the flow here")
    run_id = os.path.join(BUILD, "run-id")
    flowc(arguments.runner, "run", flow, "--store", STORE, "--run-id-file", run_id)
    with open(run_id, encoding="utf-8") as file:
        run = file.read().strip()

    title("The results")
    dumped = json.loads(
        flowc(arguments.runner, "dump", f"{run}/end", "--store", STORE, "--flow", "WineFlow", "--json", quiet=True)
    )
    artifacts = dumped["end"][0]["artifacts"]
    print(f"winner: {artifacts['winner']['repr']}, accuracy {artifacts['best_score']['repr']}\n")
    print(f"artifacts of `end` in run {run}:")
    for name, value in artifacts.items():
        shown = value["repr"].replace("\n", " ")
        print(f"  {name:12} {value['type']:10} {shown if len(shown) <= 90 else shown[:87] + '...'}")
    print("\nspecs:")
    for folder, _, files in sorted(os.walk(BUILD)):
        if os.path.basename(folder) in ("argo", "step-functions", "airflow"):
            for name in sorted(files):
                print(f"  {os.path.join(folder, name)}")
    return 0


def title(text: str) -> None:
    print(f"\n── {text} " + "─" * (100 - len(text)), flush=True)


def flowc(python: str, *arguments: str, quiet: bool = False) -> str:
    """Runs flowc, shown as a user would type it, and returns what it printed. Ends the demo if it fails."""
    if not quiet:
        print("$ flowc " + " ".join(arguments), flush=True)
    done = subprocess.run([python, "-m", "flowc", *arguments], stdout=subprocess.PIPE if quiet else None, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
