"""Requests to a cluster's API server, through Kubernetes' own client.

The client finds the credentials as kubectl does. Each request here may be repeated: reads and applies have the same
effect twice, and other writes name the object that they are about.
"""

from __future__ import annotations

import json
import os
import time

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ARGO = "/apis/argoproj.io/v1alpha1/namespaces"
MANAGER = "flowc"  # owns the fields that a deploy writes
MERGE = "application/merge-patch+json"
# With a character set, the client sends the text as it is. It would write JSON with escapes for halves of surrogate
# pairs, which YAML does not have.
APPLY = "application/apply-patch+yaml; charset=utf-8"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TRIES, SECONDS = 5, 60.0


class Conflict(EngineError):
    """The object is not as the request expects: it exists, or it has changed."""


class Missing(EngineError):
    """There is no such object."""


class Cluster:
    """One namespace of one cluster."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        try:
            from kubernetes import client, config, dynamic
        except ImportError:
            raise EngineError("Kubernetes' client is not installed", "run `pip install 'flowc[argo]'`") from None
        configuration = client.Configuration()
        self.context, self.file = settings.get("kube-context", ""), settings.get("kubeconfig", "")
        file = self.file or None
        self.namespace = settings.get("namespace", "")
        try:
            # the client looks at KUBECONFIG only when it is imported, which may be long ago in a notebook
            place = file or os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
            config.load_kube_config(place, self.context or None, configuration)
            contexts, current = config.list_kube_config_contexts(place)
            chosen = next((one for one in contexts if one["name"] == self.context), current) or {}
            self.context = str(chosen.get("name", ""))
            self.namespace = self.namespace or chosen.get("context", {}).get("namespace", "")
        except config.ConfigException as error:
            if self.context or file:
                hint = "`kubectl config get-contexts` lists what there is"
                raise EngineError(f"the kubeconfig cannot be used: {error}", hint) from None
            self._inside(config, configuration, error)
        self.namespace = self.namespace or "default"
        self.server = str(configuration.host)
        if not configuration.verify_ssl:  # the kubeconfig says so, and kubectl does not repeat it for each request
            import urllib3

            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        configuration.retries = False  # `_call` repeats what may be repeated
        # without discovery, which takes a request for each group of the API: the paths are known
        self._client = dynamic.DynamicClient(client.ApiClient(configuration), discoverer=lambda *_: None)

    def _inside(self, config: Any, configuration: Any, error: Exception) -> None:
        """Takes the service account of the pod that flowc runs in. Raises EngineError outside of a pod."""
        try:
            config.load_incluster_config(configuration)
        except config.ConfigException:
            hint = "name a context of the kubeconfig with `--kube-context`, or set KUBECONFIG"
            raise EngineError(f"no cluster is configured: {error}", hint) from None
        try:
            with open("/var/run/secrets/kubernetes.io/serviceaccount/namespace", encoding="utf-8") as file:
                self.namespace = self.namespace or file.read().strip()
        except OSError:
            pass

    # ── objects ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def path(self, plural: str, name: str = "", namespace: str = "") -> str:
        """Returns the path of an object of Argo's, or of all of a kind; by default in the namespace of the settings."""
        return f"{ARGO}/{namespace or self.namespace}/{plural}" + (f"/{name}" if name else "")

    def get(self, path: str, **query: str) -> Any:
        """Returns the object, or None."""
        try:
            return self._call("GET", path, query)
        except Missing:
            return None

    def metadata(self, path: str) -> Any:
        """Returns the object's metadata alone. Raises Missing."""
        return json.loads(self._send("GET", path, {}, None, "", METADATA.replace("MetadataList", "Metadata")).data)

    def list(self, path: str, selector: str = "", metadata_only: bool = False) -> list[Any]:
        """Returns the objects; with `metadata_only`, without what may be a hundred times as much."""
        query = {"labelSelector": selector, "limit": "500"} if selector else {"limit": "500"}
        items: list[Any] = []
        while True:
            answer = json.loads(self._send("GET", path, query, None, "", METADATA if metadata_only else "").data)
            items += answer.get("items") or []
            query["continue"] = (answer.get("metadata") or {}).get("continue", "")
            if not query["continue"]:
                return items

    def apply(
        self, path: str, manifest: Mapping[str, Any], dry_run: bool = False, manager: str = MANAGER, force: bool = True
    ) -> Any:
        """Writes the fields of the manifest, and no other (server-side apply)."""
        query = {"fieldManager": manager, "force": "true" if force else "false", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return self._call("PATCH", path, query, manifest, APPLY)

    def merge(self, path: str, patch: Mapping[str, Any], manager: str = MANAGER) -> Any:
        return self._call("PATCH", path, {"fieldManager": manager}, patch, MERGE)

    def create(self, path: str, manifest: Mapping[str, Any]) -> Any:
        return self._call("POST", path, {"fieldManager": MANAGER}, manifest)

    def delete(self, path: str, uid: str, orphan: bool = False) -> None:
        """Deletes the object with this uid; one that is gone, or has made way for another, counts as deleted."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Orphan" if orphan else "Background"}
        try:
            self._call("DELETE", path, {}, body)
        except (Missing, Conflict):
            pass

    def allowed(self, verb: str, resource: str, group: str) -> bool:
        """Returns True if this identity may do that in the namespace."""
        resource, _, below = resource.partition("/")
        attributes = {
            "namespace": self.namespace, "verb": verb, "resource": resource, "subresource": below, "group": group,
        }  # fmt: skip
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }  # fmt: skip
        answer = self._call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, body)
        return bool(answer.get("status", {}).get("allowed"))

    def may(self, subject: str, verb: str, resource: str, group: str) -> bool:
        """Returns True if somebody else may do that in the namespace. Raises EngineError if that may not be asked."""
        attributes = {"namespace": self.namespace, "verb": verb, "resource": resource, "group": group}
        namespace = subject.split(":")[2] if subject.startswith("system:serviceaccount:") else ""
        groups = ["system:authenticated"]
        if namespace:
            groups += ["system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": subject, "groups": groups, "resourceAttributes": attributes},
        }  # fmt: skip
        answer = self._call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {}, body)
        return bool(answer.get("status", {}).get("allowed"))

    def user(self) -> str:
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        try:
            answer = self._call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, body)
        except EngineError:  # clusters before 1.28 do not have it
            return ""
        return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))

    def text(self, path: str, **query: str) -> bytes:
        """Returns an answer that is not JSON, such as a log; empty if there is no such object."""
        try:
            return bytes(self._send("GET", path, query, None, "").data)
        except Missing:
            return b""

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _call(
        self, method: str, path: str, query: Mapping[str, str], body: Any = None, content: str = "application/json"
    ) -> Any:
        return json.loads(self._send(method, path, query, body, content).data)

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Any, content: str, accept: str = ""
    ) -> Any:  # fmt: skip
        """Sends a request, again if the server is busy or the network fails. Raises EngineError."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import DynamicApiError
        from urllib3.exceptions import HTTPError

        data = json.dumps(body, ensure_ascii=False).encode() if content == APPLY else body
        for attempt in range(TRIES):
            is_last = attempt == TRIES - 1
            try:
                return self._client.request(
                    method, path, data, query_params=list(query.items()), content_type=content or None,
                    header_params={"Accept": accept} if accept else {},
                    serialize=False, _request_timeout=SECONDS,
                )  # fmt: skip
            except (ApiException, DynamicApiError) as error:
                if is_last or not (error.status == 429 or (error.status >= 500 and not _is_final(error))):
                    raise self._refused(error, method, path) from None
            except (HTTPError, OSError) as error:
                if is_last:
                    hint = "check the network and the kubeconfig's server, and run the same command again"
                    raise EngineError(f"the cluster {self.server} does not answer: {error}", hint) from None
            time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    def _refused(self, error: Any, method: str, path: str) -> EngineError:
        message = _message(error)
        if error.status == 404:
            return Missing(message or f"there is no {path}")
        if error.status == 409:
            return Conflict(message, is_outdated=True)
        if error.status == 401:
            hint = "sign in to the cluster again, as for kubectl, and run the same command again"
            return EngineError(f"the cluster {self.server} does not accept the credentials", hint)
        if error.status == 403:
            return EngineError(message, "docs/deploying.md has the roles that flowc needs")
        return EngineError(f"the API server refuses {method} {path} ({error.status}): {message}")


def _is_final(error: Any) -> bool:
    """Returns True for an error that would come again: the answer to a field that the schema does not know is 500."""
    return "typed patch object" in str(error.body)


def _message(error: Any) -> str:
    body = error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        return str(json.loads(body).get("message", "")) or body
    except (ValueError, AttributeError):
        return body or str(error.reason)
