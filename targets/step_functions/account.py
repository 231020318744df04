"""Requests to one account and region of AWS, through AWS's own client (boto3).

The client finds credentials as AWS's command line does, and repeats requests that were throttled or lost. Each write
here may be repeated: it names the object that it is about, or has a token of the client's.
"""

from __future__ import annotations

import os
import threading

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    A = TypeVar("A")
    B = TypeVar("B")

TRIES = 6  # of a request that is throttled or lost, unless AWS_MAX_ATTEMPTS says otherwise
AT_ONCE = 8  # reads
POLICIES = "docs/deploying.md has the policies that flowc needs"
_GONE = frozenset(
    {
        "StateMachineDoesNotExist", "ExecutionDoesNotExist", "ResourceNotFound", "ResourceNotFoundException",
        "NoSuchEntity", "NoSuchEntityException", "NoSuchKey", "404",
    }
)  # fmt: skip
_THERE = frozenset(
    {"StateMachineAlreadyExists", "ExecutionAlreadyExists", "ConflictException", "PreconditionFailed", "412"}
)
_STALE = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "InvalidToken",
        "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
        "IncompleteSignatureException", "MissingAuthenticationTokenException", "AuthFailure", "InvalidAccessKeyId",
    }
)  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "403"})
_BUSY = frozenset(
    {
        "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
        "RequestThrottled", "RequestThrottledException", "SlowDown", "ProvisionedThroughputExceededException",
        "ServerException", "InternalFailure", "InternalServerException", "ServiceUnavailable", "503",
    }
)  # fmt: skip
# How boto3 calls the sources that `runtime_shim/store/credentials.py` has, too.
_KNOWN_TO_STORE = frozenset(
    {"env", "shared-credentials-file", "assume-role-with-web-identity", "container-role", "iam-role"}
)


class Missing(EngineError):
    """There is no such object."""


class Conflict(EngineError):
    """There is an object already, or something uses it."""


class Denied(EngineError):
    """AWS does not allow it."""


class Account:
    """One region of one account."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise EngineError("AWS's client is not installed", "run `pip install 'flowc[aws]'`") from None
        self.profile = settings.get("aws-profile", "")
        region = settings.get("aws-region") or settings.get("region") or os.environ.get("AWS_REGION")
        try:
            self._session = boto3.Session(profile_name=self.profile or None, region_name=region or None)
        except BotoCoreError as error:
            hint = "`aws configure list-profiles` lists what there is"
            raise EngineError(f"the profile cannot be used: {error}", hint) from None
        self.region = str(self._session.region_name or "")
        if not self.region:
            raise EngineError(
                "the AWS region is missing", "give `--aws-region REGION`, write it into the context, or set AWS_REGION"
            )
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        identity = self.call("sts", "GetCallerIdentity")
        self.arn, self.id = str(identity["Arn"]), str(identity["Account"])
        self.partition = self.arn.split(":")[1]
        self._lend()

    def _lend(self) -> None:
        """Lets the datastore's client, which knows fewer sources of credentials, use those of this one.

        They are variables of this process, and are written nowhere. It looks for a bucket in this region, too.
        """
        if not os.environ.get("AWS_REGION") and not os.environ.get("AWS_DEFAULT_REGION"):
            os.environ["AWS_REGION"] = self.region
        credentials = self._session.get_credentials()
        if credentials is None or (not self.profile and credentials.method in _KNOWN_TO_STORE):
            return
        frozen = credentials.get_frozen_credentials()
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = frozen.access_key, frozen.secret_key
        os.environ.pop("AWS_SESSION_TOKEN", None)
        if frozen.token:
            os.environ["AWS_SESSION_TOKEN"] = frozen.token

    def name_of(self, service: str, resource: str, region: bool = True) -> str:
        """Returns the ARN of a resource in this account."""
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.id}:{resource}"

    def role(self, name: str) -> str:
        """Returns the ARN of a role that is given by its name, its path and name, or its ARN."""
        return name if name.startswith("arn:") else self.name_of("iam", f"role/{name.removeprefix('role/')}", False)

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Sends a request, such as ("batch", "DescribeJobs"). Raises EngineError: Missing, Conflict, Denied."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            return dict(getattr(self._client(service), xform_name(operation))(**arguments))
        except ClientError as error:
            raise self._refused(service, operation, error) from None
        except BotoCoreError as error:
            raise self._unsent(service, error) from None
        except ResponseParserError as error:
            hint = "check that nothing between here and AWS, such as a proxy, answers for it"
            raise EngineError(f"the answer to {operation} is not AWS's: {error}", hint) from None

    def find(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """Returns the answer, or None if there is no such object."""
        try:
            return self.call(service, operation, **arguments)
        except Missing:
            return None

    def listed(
        self, service: str, operation: str, key: str, token: str = "nextToken", most: int = 0, **arguments: Any
    ) -> list[Any]:  # fmt: skip
        """Returns the items under `key` of all pages, or of as many as have `most` items."""
        items: list[Any] = []
        while True:
            answer = self.call(service, operation, **arguments)
            items += answer.get(key) or []
            if not answer.get(token) or (most and len(items) >= most):
                return items
            arguments[token] = answer[token]

    def each(self, ask: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Returns the answers for all items, in their order; several requests are under way at a time."""
        if len(items) < 2:
            return [ask(item) for item in items]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(ask, items))

    def _client(self, service: str) -> Any:
        from botocore.config import Config
        from flowc.runtime_shim.contract.version import VERSION

        with self._making:
            if service not in self._clients:
                retries: dict[str, Any] = {"mode": "standard"}
                if not os.environ.get("AWS_MAX_ATTEMPTS"):
                    retries["total_max_attempts"] = TRIES
                config = Config(
                    retries=retries, connect_timeout=10, read_timeout=60, user_agent_extra=f"flowc/{VERSION}",
                    max_pool_connections=2 * AT_ONCE,
                )  # fmt: skip
                try:
                    self._clients[service] = self._session.client(service, config=config)
                except Exception as error:  # whatever the configuration files may hold
                    raise EngineError(f"AWS's client cannot be used: {error}", "check ~/.aws/config") from None
            return self._clients[service]

    def _refused(self, service: str, operation: str, error: Any) -> EngineError:
        answer = error.response.get("Error", {})
        code, message = str(answer.get("Code", "")), " ".join(str(answer.get("Message", "")).split())
        if code in _GONE:
            return Missing(message or f"there is no such object ({operation})")
        if code in _THERE:
            return Conflict(message, is_outdated=True)
        if code in _STALE:
            return EngineError(f"AWS does not accept the credentials ({code}): {message}", self._sign_in())
        if code in _DENIED:
            return Denied(message or f"AWS does not allow {service}:{operation}", POLICIES)
        if code in _BUSY:
            hint = "wait a minute, and run the same command again"
            return EngineError(f"AWS is too busy for {operation} ({code}): {message}", hint)
        return EngineError(f"AWS refuses {operation} ({code}): {message}")

    def _unsent(self, service: str, error: Exception) -> EngineError:
        from botocore import exceptions

        without = (
            exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError,
            exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.UnauthorizedSSOTokenError,
        )  # fmt: skip
        if isinstance(error, without):
            return EngineError(f"there are no AWS credentials: {error}", self._sign_in())
        if isinstance(error, exceptions.ParamValidationError):
            return EngineError(f"AWS's client refuses the request: {error}")
        if isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)):
            hint = f"check the network and the region, {self.region}, and run the same command again"
            return EngineError(f"{service} of AWS does not answer: {error}", hint)
        return EngineError(f"AWS's client failed: {error}")

    def _sign_in(self) -> str:
        profile = f" --profile {self.profile}" if self.profile else ""
        return f"sign in again, as for the AWS CLI (`aws sso login{profile}`), and run the same command again"
