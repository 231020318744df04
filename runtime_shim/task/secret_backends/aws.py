"""Secrets of AWS Secrets Manager (API reference, GetSecretValue), by boto3.

`id` is a secret's name or ARN. Its text is a JSON object, each field of which is a variable; with the option
`json: False`, all of it is one variable. A binary secret is one variable, in base64. The region is that of the ARN, the
option `region`, METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION, or the container's.
"""

from __future__ import annotations

import base64
import os

from ...exceptions import MetaflowException
from . import fields, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


def fetch(name: str, options: Dict[str, Any], role: str) -> Dict[str, str]:
    """Returns the secret's variables, as the IAM role `role` if it is not empty. Raises MetaflowException."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    region = _region(name, options)
    try:
        client = boto3.client("secretsmanager", region_name=region, **_credentials(role, region))
        answer = client.get_secret_value(SecretId=name)
    except (BotoCoreError, ClientError) as error:
        raise MetaflowException(f"@secrets: the secret {name!r} cannot be read: {error}") from None
    if "SecretString" not in answer:
        return {variable(answer["Name"]): base64.b64encode(answer["SecretBinary"]).decode("ascii")}
    text = answer["SecretString"]
    return fields(name, text) if options.get("json", True) else {variable(answer["Name"]): text}


def _region(name: str, options: Dict[str, Any]) -> Optional[str]:
    parts = name.split(":")
    if len(parts) > 3 and parts[0] == "arn" and parts[2] == "secretsmanager":
        return parts[3]
    setting = os.environ.get("METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION")
    return options.get("region") or setting or os.environ.get("AWS_REGION") or None


def _credentials(role: str, region: Optional[str]) -> Dict[str, str]:
    """Returns credentials of the role; without one, none, so that boto3 finds the task's own."""
    if not role:
        return {}
    import boto3

    answer = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="flowc-secrets")
    own = answer["Credentials"]
    return {
        "aws_access_key_id": own["AccessKeyId"],
        "aws_secret_access_key": own["SecretAccessKey"],
        "aws_session_token": own["SessionToken"],
    }
