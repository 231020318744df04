"""Names of Argo, for help and messages that do not load the target."""

ENGINE = "Argo"
PRODUCT = "Argo Workflows"
METAFLOW_COMMAND = "argo-workflows"
START_SECONDS = 5.0  # of a pod whose image is on the node
TRANSITIONS: dict[str, int] = {}
