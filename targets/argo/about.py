"""What flowc says of Argo where it has not loaded the target."""

ENGINE = "Argo"
PRODUCT = "Argo Workflows"
METAFLOW_COMMAND = "argo-workflows"
