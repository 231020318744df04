"""Names of Argo, for help and messages that do not load the target."""

ENGINE = "Argo"
PRODUCT = "Argo Workflows"
METAFLOW_COMMAND = "argo-workflows"
