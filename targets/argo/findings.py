"""What a cluster must have for flowc's deployments and their runs, for `flowc doctor`.

Every question is a read, or a review of permissions that the API server answers without writing. A question that this
identity may not ask is a finding of its own.
"""

from __future__ import annotations

from flowc.targets.operating import FINE, MISSING, UNKNOWN, EngineError, Finding

from .cluster import Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from .cluster import Cluster

LEAST = (3, 7)  # the oldest line of Argo that specs are for
VERBS = ("deploy", "trigger", "status", "logs", "terminate", "delete", "pause")
KINDS = {"workflows": "Workflow", "workflowtemplates": "WorkflowTemplate", "cronworkflows": "CronWorkflow"}
CONTROLLERS = ("argo", "argo-workflows")  # namespaces that Argo's manifests and its chart use
REPORTS = ("create", "patch")  # what each pod of a run does with `workflowtaskresults` (Argo, Workflow RBAC)
INSTALL = (
    "kubectl create namespace argo\n"
    "kubectl apply --server-side --namespace argo --filename \\\n"
    "  https://github.com/argoproj/argo-workflows/releases/download/v3.7.3/install.yaml"
)
_PULL = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName")


def findings(
    cluster: Cluster, missing: Callable[[Sequence[str]], tuple[str, ...]], options: Mapping[str, str]
) -> Iterator[Finding]:
    """Yields the findings; `missing` returns the permissions that this identity lacks for names of commands."""
    yield from _answered(f"cluster {cluster.context or cluster.server}", lambda: _server(cluster))
    yield from _answered("Argo's kinds", lambda: _kinds(cluster))
    yield from _answered("Argo's controller", lambda: _controller(cluster))
    yield from _answered(f"namespace {cluster.namespace}", lambda: _namespace(cluster))
    yield from _answered("your permissions", lambda: _permissions(cluster, missing))
    account = options.get("service-account", "") or "default"
    yield from _answered(f"service account {account}", lambda: _account(cluster, account))
    yield from _answered(f"permissions of service account {account}", lambda: _reports(cluster, account))
    for name in dict.fromkeys([options.get("env-secret", "")]):
        if name:
            yield from _answered(f"secret {name}", lambda: _secret(cluster, name))  # noqa: B023 (called at once)
    yield from _answered("images", lambda: _images(cluster))


def _answered(what: str, question: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from question()
    except EngineError as error:
        yield Finding(UNKNOWN, what, error.message, error.hint)


def _server(cluster: Cluster) -> Iterator[Finding]:
    version = cluster.get("/version") or {}
    who = cluster.user()
    as_whom = f", as {who}" if who else ""
    yield Finding(FINE, f"cluster {cluster.context or cluster.server}", f"{version.get('gitVersion', '')}{as_whom}")


def _kinds(cluster: Cluster) -> Iterator[Finding]:
    served = cluster.get("/apis/argoproj.io/v1alpha1")
    names = {one["name"] for one in (served or {}).get("resources", [])}
    absent = [kind for plural, kind in KINDS.items() if plural not in names]
    if absent:
        yield Finding(MISSING, "Argo's kinds", f"the cluster does not know {', '.join(absent)}", INSTALL)
        return
    yield Finding(FINE, "Argo's kinds", ", ".join(KINDS.values()))
    try:
        definition = cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cronworkflows.argoproj.io")
    except EngineError:  # only few may read definitions
        return
    if definition is not None and _is_old(definition):
        text = "they are of an Argo before 3.6: a CronWorkflow has no `schedules`"
        yield Finding(MISSING, "version of Argo's kinds", text, INSTALL)


def _is_old(definition: Mapping[str, Any]) -> bool:
    for version in definition.get("spec", {}).get("versions", []):
        schema = version.get("schema", {}).get("openAPIV3Schema", {}).get("properties", {}).get("spec", {})
        known = schema.get("properties", {})
        if known:  # minimal definitions have no fields
            return "schedules" not in known
    return False


def _controller(cluster: Cluster) -> Iterator[Finding]:
    what = "Argo's controller"
    for namespace in dict.fromkeys((cluster.namespace, *CONTROLLERS)):
        for name in ("workflow-controller", "argo-workflows-workflow-controller"):
            try:
                live = cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
            except EngineError:  # not allowed there
                continue
            if live is None:
                continue
            containers = live["spec"]["template"]["spec"].get("containers") or [{}]
            image = str(containers[0].get("image", ""))
            ready = int(live.get("status", {}).get("readyReplicas") or 0)
            if not ready:
                command = f"kubectl --namespace {namespace} describe deployment {name}"
                yield Finding(MISSING, what, f"Deployment {namespace}/{name} has no pod that is ready", command)
            version = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
            numbers = tuple(int(part) for part in version.lstrip("v").split(".")[:2] if part.isdigit())
            if len(numbers) == 2 and numbers < LEAST:
                least = ".".join(map(str, LEAST))
                yield Finding(MISSING, what, f"it is {version}, and specs are for Argo {least} and later", INSTALL)
            elif ready:
                yield Finding(FINE, what, f"{version or image} in namespace {namespace}")
            return
    runs = cluster.list(cluster.path("workflows"), metadata_only=True)
    phase = "workflows.argoproj.io/phase"
    seen = [one["metadata"] for one in runs if phase in one["metadata"].get("labels", {})]
    if seen:
        last = max(str(one["creationTimestamp"]) for one in seen)
        yield Finding(FINE, what, f"it serves this namespace: it has begun a run of {last}; its version is not visible")
        return
    yield Finding(
        UNKNOWN, what, "no Deployment of it is visible, and no run in this namespace has begun",
        "kubectl get deployments --all-namespaces --selector app=workflow-controller --output wide",
    )  # fmt: skip


def _namespace(cluster: Cluster) -> Iterator[Finding]:
    what, name = f"namespace {cluster.namespace}", cluster.namespace
    live = cluster.get(f"/api/v1/namespaces/{name}")
    if live is None:
        yield Finding(MISSING, what, "it does not exist", f"kubectl create namespace {name}")
    elif live.get("status", {}).get("phase") == "Terminating":
        yield Finding(MISSING, what, "it is being deleted", f"kubectl get namespace {name} --output yaml")
    else:
        yield Finding(FINE, what)


def _permissions(
    cluster: Cluster, missing: Callable[[Sequence[str]], tuple[str, ...]]
) -> Iterator[Finding]:  # fmt: skip
    lacking = missing(VERBS)
    if not lacking:
        yield Finding(FINE, "your permissions", f"all that {', '.join(VERBS)} need")
        return
    for verb in VERBS:
        own = missing((verb,))
        if own:
            yield Finding(MISSING, f"permissions for `flowc {verb}`", f"you may not {', '.join(own)}")
    user = cluster.user() or "YOU"
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}
    _, _, account = user.partition("system:serviceaccount:")
    if account:
        namespace, _, name = account.partition(":")
        subject = {"kind": "ServiceAccount", "namespace": namespace, "name": name}
    rules = _rules(lacking)
    yield Finding(MISSING, "your role", f"{user} needs it", _role("flowc-user", cluster.namespace, rules, subject))


def _rules(lacking: Sequence[str]) -> dict[str, list[str]]:
    """Returns resource → verbs of `verb resource` texts."""
    rules: dict[str, list[str]] = {}
    for one in lacking:
        verb, _, resource = one.partition(" ")
        rules.setdefault(resource, []).append(verb)
    return rules


def _role(name: str, namespace: str, rules: Mapping[str, Sequence[str]], subject: Mapping[str, str]) -> str:
    """Returns a manifest of a role and its binding."""
    lines = [
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: Role",
        f"metadata: {{name: {name}, namespace: {namespace}}}",
        "rules:",
    ]
    for resource, verbs in rules.items():
        group = '""' if resource.partition("/")[0] in ("pods", "secrets", "serviceaccounts") else "argoproj.io"
        lines.append(f"- {{apiGroups: [{group}], resources: [{resource}], verbs: [{', '.join(verbs)}]}}")
    lines += [
        "---",
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: RoleBinding",
        f"metadata: {{name: {name}, namespace: {namespace}}}",
        f"roleRef: {{kind: Role, apiGroup: rbac.authorization.k8s.io, name: {name}}}",
        f"subjects: [{{{', '.join(f'{key}: {_quoted(value)}' for key, value in subject.items())}}}]",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    import json

    return text if text.replace("-", "").replace(".", "").isalnum() else json.dumps(text)


def _account(cluster: Cluster, name: str) -> Iterator[Finding]:
    what = f"service account {name}"
    live = cluster.get(f"/api/v1/namespaces/{cluster.namespace}/serviceaccounts/{name}")
    if live is None:
        command = f"kubectl --namespace {cluster.namespace} create serviceaccount {name}"
        yield Finding(MISSING, what, "the pods of runs need it", command)
        return
    yield Finding(FINE, what)
    for secret in live.get("imagePullSecrets") or []:
        path = f"/api/v1/namespaces/{cluster.namespace}/secrets/{secret['name']}"
        if not _exists(cluster, path):
            command = (
                f"kubectl --namespace {cluster.namespace} create secret docker-registry {secret['name']} "
                "--docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD"
            )
            text = f"service account {name} pulls images with it"
            yield Finding(MISSING, f"secret {secret['name']}", text, command)


def _exists(cluster: Cluster, path: str) -> bool:
    """Returns True if the object exists; asks for its metadata alone, since its content may be secret."""
    try:
        cluster.metadata(path)
    except Missing:
        return False
    return True


def _reports(cluster: Cluster, account: str) -> Iterator[Finding]:
    what = f"permissions of service account {account}"
    subject = f"system:serviceaccount:{cluster.namespace}:{account}"
    lacking = [verb for verb in REPORTS if not cluster.may(subject, verb, "workflowtaskresults", "argoproj.io")]
    if lacking:
        bound = {"kind": "ServiceAccount", "namespace": cluster.namespace, "name": account}
        rules = {"workflowtaskresults": REPORTS}
        text = f"it may not {' or '.join(lacking)} workflowtaskresults: Argo would not learn what tasks report"
        yield Finding(MISSING, what, text, _role(f"{account}-reports", cluster.namespace, rules, bound))
    else:
        yield Finding(FINE, what, "its pods may report to Argo")


def _secret(cluster: Cluster, name: str) -> Iterator[Finding]:
    if _exists(cluster, f"/api/v1/namespaces/{cluster.namespace}/secrets/{name}"):
        yield Finding(FINE, f"secret {name}")
        return
    command = (
        f"kubectl --namespace {cluster.namespace} create secret generic {name} \\\n"
        "  --from-literal=AWS_ACCESS_KEY_ID=… --from-literal=AWS_SECRET_ACCESS_KEY=…"
    )
    yield Finding(MISSING, f"secret {name}", "tasks get their environment variables from it", command)


def _images(cluster: Cluster) -> Iterator[Finding]:
    pods = cluster.list(f"/api/v1/namespaces/{cluster.namespace}/pods", "workflows.argoproj.io/workflow")
    failed: dict[str, str] = {}
    for pod in pods:
        status = pod.get("status", {})
        for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
            waiting = (one.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") in _PULL:
                failed.setdefault(one.get("image", ""), waiting.get("message", "") or waiting["reason"])
    for image, message in failed.items():
        yield Finding(
            MISSING, f"image {image}", f"a node cannot pull it: {message}",
            "check its name, and give the nodes or the service account (`imagePullSecrets`) access to its registry",
        )  # fmt: skip
    if not failed:
        yield Finding(FINE, "images", "no pod of a run waits for its image")
