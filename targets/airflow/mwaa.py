"""Requests to the Airflow of an environment of Amazon MWAA, which AWS passes on for those whom IAM allows that.

The API is `InvokeRestApi`; credentials and region come from where boto3 finds them. Whoever uses it needs
`airflow:GetEnvironment` and `airflow:InvokeRestApi` (Amazon MWAA user guide, Apache Airflow REST API).
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from flowc.compiler.fast_start.record import record
from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@record
class Answer:
    """An answer of the server, as the client of Airflow has it too."""

    status: int
    data: bytes
    reason: str = ""


class Environment:
    """One environment. Raises EngineError if there is none, or it may not be seen."""

    def __init__(self, name: str) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise EngineError("AWS's client is not installed", "run `pip install boto3`") from None
        self.name = name
        try:
            self._client: Any = boto3.client("mwaa")
        except BotoCoreError as error:
            raise EngineError(f"AWS cannot be used: {error}", "set AWS_DEFAULT_REGION and AWS_PROFILE") from None
        about = self._asked("get_environment", Name=name)["Environment"]
        self.version, self.url = str(about.get("AirflowVersion", "")), f"https://{about.get('WebserverUrl', '')}"

    def user(self) -> str:
        """Returns the identity that AWS takes the caller for."""
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return str(boto3.client("sts").get_caller_identity()["Arn"]).rpartition("/")[2]
        except (BotoCoreError, ClientError):
            return ""

    def send(self, method: str, path: str, body: Any) -> Answer:
        """Sends a request to `/api/vN/…`. Raises EngineError if AWS does not pass it on."""
        where, _, query = path.partition("?")
        words: dict[str, Any] = {"Name": self.name, "Method": method, "Path": "/" + where.split("/", 3)[3]}
        if query:
            words["QueryParameters"] = {
                name: values if len(values) > 1 else values[0] for name, values in parse_qs(query).items()
            }
        if body is not None:
            words["Body"] = body
        answer = self._asked("invoke_rest_api", **words)
        content = answer.get("RestApiResponse")
        data = b"" if content is None else json.dumps(content).encode()
        return Answer(int(answer.get("RestApiStatusCode") or 500), data)

    def _asked(self, operation: str, **words: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(**words)
        except ClientError as error:
            if "RestApiStatusCode" in error.response:  # Airflow's own refusal
                return error.response
            code = error.response.get("Error", {}).get("Code", "")
            message = f"AWS refuses {operation} of environment {self.name}: {error.response['Error'].get('Message')}"
            hint = "docs/deploying.md says what flowc needs to be allowed" if "AccessDenied" in code else ""
            if code.startswith("ExpiredToken"):
                hint = "sign in to AWS again, and run the same command again"
            raise EngineError(message, hint) from None
        except BotoCoreError as error:
            hint = "check the network, AWS_DEFAULT_REGION and AWS_PROFILE, and run the same command again"
            raise EngineError(f"AWS does not answer: {error}", hint) from None
