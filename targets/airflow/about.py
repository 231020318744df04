"""Names of Airflow, for help and messages that do not load the target."""

ENGINE = "Airflow"
PRODUCT = "Apache Airflow"
METAFLOW_COMMAND = "airflow"
START_SECONDS = 10.0  # of a pod, and of Airflow's scheduler
TRANSITIONS: dict[str, int] = {}
