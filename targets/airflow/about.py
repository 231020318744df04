"""Names of Airflow, for help and messages that do not load the target."""

ENGINE = "Airflow"
PRODUCT = "Apache Airflow"
METAFLOW_COMMAND = "airflow"
