"""Names of Step Functions, for help and messages that do not load the target."""

ENGINE = "Step Functions"
PRODUCT = "AWS Step Functions"
METAFLOW_COMMAND = "step-functions"
START_SECONDS = 40.0  # of a Batch job in a compute environment that has room
# The states of states.py that each kind of step has.
TRANSITIONS: dict[str, int] = {"linear": 1, "end": 1, "split": 2, "foreach": 3, "parallel": 3, "switch": 3, "loop": 4}
