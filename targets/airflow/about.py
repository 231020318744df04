"""What flowc says of Airflow where it has not loaded the target."""

ENGINE = "Airflow"
PRODUCT = "Apache Airflow"
METAFLOW_COMMAND = "airflow"
