"""The files of a new project (`flowc init`): a flow, its settings, and a workflow of GitHub's that deploys it."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Project:
    """What is asked of a new project."""

    flow: str  # name of the flow's class
    file: str  # of the flow, such as `train.py`
    target: str
    store: str
    ci: str  # "github" or "none"


FLOW = '''"""{title}: a flow to begin with. `flowc run {file}` runs it here."""

from metaflow import FlowSpec, Parameter, retry, step


class {flow}(FlowSpec):
    """Cuts a range of numbers into parts, sums each in a task of its own, and adds the sums."""

    numbers = Parameter("numbers", default=100, help="the sum of 1 to this number is computed")
    parts = Parameter("parts", default=4, help="so many tasks share the work")

    @step
    def start(self):
        size = -(-self.numbers // self.parts)
        self.ranges = [(low, min(low + size, self.numbers + 1)) for low in range(1, self.numbers + 1, size)]
        self.next(self.work, foreach="ranges")

    @retry(times=2)
    @step
    def work(self):
        low, high = self.input
        self.sum = sum(range(low, high))
        print(f"the sum of {{low}} to {{high - 1}} is {{self.sum}}")
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.total = sum(task.sum for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("the total is", self.total)


if __name__ == "__main__":
    {flow}()
'''

SETTINGS = """# Settings of flowc. Each context is a place to deploy to; `--on NAME` chooses one (docs/deploying.md).
# Change the datastore and the place of each, and ask `flowc doctor --on dev` what is missing there.

[tool.flowc.contexts.dev]
target = "{target}"
store = "{store}/dev"
{place_dev}schedules = false # new schedules start paused
default = true

[tool.flowc.contexts.prod]
target = "{target}"
store = "{store}/prod"
{place_prod}protected = true # a deploy asks for the deployment's name; CI sets FLOWC_APPROVE=prod
git-branch = "main" # deploys only from this branch,
clean = true # and only what is committed
"""
PLACES: Mapping[str, tuple[str, str]] = {  # target → settings of dev and of prod
    "argo": ('namespace = "flows-dev"\n', 'namespace = "flows"\n'),
    "step-functions": ('job-queue = "flows-dev"\n', 'job-queue = "flows"\n'),
    "airflow": ('namespace = "flows-dev"\n', 'namespace = "flows"\n'),
}

IGNORED = """.flowc/
build/
__pycache__/
"""

WORKFLOW = """# Checks every pull request and says what it would change; deploys what is merged.
name: flowc

on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read
{permissions}
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-python@v5
      with: {{python-version: "3.12"}}
    - run: pip install {package}
    - run: flowc check {file} --on prod --format github
    - run: flowc run {file}
    - run: flowc compile {file} --on prod -o build

  plan:
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    needs: check
    runs-on: ubuntu-latest
{variables}    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-python@v5
      with: {{python-version: "3.12"}}
    - run: pip install {package}
{sign_in}    - name: what a deploy would do
      run: |
        flowc plan {file} --on prod | tee plan.txt
        {{ echo '```'; cat plan.txt; echo '```'; }} >> "$GITHUB_STEP_SUMMARY"

  deploy:
    if: github.event_name == 'push'
    needs: check
    runs-on: ubuntu-latest
    environment: prod # GitHub asks its reviewers, if it has some
    concurrency: deploy
{variables}    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-python@v5
      with: {{python-version: "3.12"}}
    - run: pip install {package}
{sign_in}    - run: flowc deploy {file} --on prod --yes
      env: {{FLOWC_APPROVE: prod}}
"""
PACKAGES = {"argo": "'flowc[argo]'", "step-functions": "'flowc[aws]'", "airflow": "'flowc[airflow]'"}
_AWS = """    - uses: aws-actions/configure-aws-credentials@v4
      with: {role-to-assume: "${{ vars.AWS_ROLE }}", aws-region: "${{ vars.AWS_REGION }}"}
"""
SIGN_IN = {
    "argo": """    - name: credentials of the cluster
      run: |
        mkdir -p ~/.kube
        printenv KUBECONFIG_TEXT > ~/.kube/config
        chmod 600 ~/.kube/config
      env: {KUBECONFIG_TEXT: "${{ secrets.KUBECONFIG }}"}
"""
    + _AWS,
    "step-functions": _AWS,
    "airflow": _AWS,
}
VARIABLES = {
    "airflow": """    env:
      FLOWC_AIRFLOW_TOKEN: "${{ secrets.AIRFLOW_TOKEN }}"
""",
}
NEEDED = {  # target → what the repository's settings on GitHub must hold
    "argo": "the secret KUBECONFIG, and the variables AWS_ROLE and AWS_REGION",
    "step-functions": "the variables AWS_ROLE and AWS_REGION",
    "airflow": "the secret AIRFLOW_TOKEN, and the variables AWS_ROLE and AWS_REGION",
}


def files(project: Project) -> dict[str, str]:
    """Returns the text of each file, by its path in the project's folder."""
    dev, prod = PLACES.get(project.target, ("", ""))
    texts = {
        project.file: FLOW.format(title=project.flow, file=project.file, flow=project.flow),
        "pyproject.toml": SETTINGS.format(
            target=project.target, store=project.store, place_dev=dev, place_prod=prod
        ),
        ".gitignore": IGNORED,
    }  # fmt: skip
    if project.ci == "github":
        texts[".github/workflows/flowc.yml"] = workflow(project)
    return texts


def workflow(project: Project) -> str:
    """Returns the workflow of GitHub's."""
    return WORKFLOW.format(
        file=project.file, package=PACKAGES.get(project.target, "flowc"),
        sign_in=SIGN_IN.get(project.target, ""), variables=VARIABLES.get(project.target, ""),
        permissions="  id-token: write # to sign in without a stored key\n",
    )  # fmt: skip
