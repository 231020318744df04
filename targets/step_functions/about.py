"""Names of Step Functions, for help and messages that do not load the target."""

ENGINE = "Step Functions"
PRODUCT = "AWS Step Functions"
METAFLOW_COMMAND = "step-functions"
