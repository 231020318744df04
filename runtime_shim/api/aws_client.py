"""`metaflow.plugins.aws.aws_client`: a client of boto3, which must be installed."""

from __future__ import annotations

from typing import Any, Dict, Optional


def get_aws_client(
    module: str,
    with_error: bool = False,
    role_arn: Optional[str] = None,
    session_vars: Optional[Dict[str, Any]] = None,
    client_params: Optional[Dict[str, Any]] = None,
) -> Any:
    """Returns a client of the AWS service `module`; with `with_error`, the client and the class of its errors."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    variables, parameters = dict(session_vars or {}), dict(client_params or {})
    if isinstance(parameters.get("config"), dict):
        parameters["config"] = Config(**parameters["config"])
    if role_arn:
        answer = (
            boto3.session.Session(**variables).client("sts").assume_role(RoleArn=role_arn, RoleSessionName="metaflow")
        )
        credentials = answer["Credentials"]
        variables.update(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
    client = boto3.session.Session(**variables).client(module, **parameters)
    return (client, ClientError) if with_error else client
