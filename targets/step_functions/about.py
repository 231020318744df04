"""What flowc says of Step Functions where it has not loaded the target."""

ENGINE = "Step Functions"
PRODUCT = "AWS Step Functions"
METAFLOW_COMMAND = "step-functions"
