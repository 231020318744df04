"""What of Metaflow can be imported in a flow: the names of its documentation. `tests/compiler/names/test_metaflow_api.py` holds it to the shim's.

An import of anything else would fail where the flow runs, so it is said when the flow is read (FLOW153).
"""

from __future__ import annotations

from ..report.diagnostics import WARNING, Diagnostic, nearest
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from .resolver import Module

NAMES = frozenset(
    (
        "Config ConfigValue DataArtifact DeployedFlow Deployer Flow FlowMutator FlowSpec IncludeFile JSONType JSONTypeClass Metaflow MutableFlow "
        "MutableStep NBDeployer NBRunner Parameter Run Runner S3 Step StepMutator Task USER_SKIP_STEP UserStepDecorator airflow_external_task_sensor "
        "airflow_s3_key_sensor batch card cards catch conda conda_base conda_environment_yml_parser config_expr current default_metadata "
        "default_namespace environment exit_hook get_metadata get_namespace inspect_spin kubernetes metadata metaflow_version namespace "
        "namespaced_event_name "
        "package_sources parallel parallel_imap_unordered parallel_map profile project pypi pypi_base pyproject_toml_parser pytorch_parallel "
        "requirements_txt_parser resources retry schedule secrets step timeout trigger trigger_on_finish user_step_decorator yaml_parser"
    ).split()
)
MODULES = frozenset(
    (
        "metaflow metaflow.cards metaflow.client metaflow.current metaflow.datatools metaflow.datatools.s3 "
        "metaflow.decorators metaflow.events metaflow.exception metaflow.flowspec "
        "metaflow.integrations metaflow.metaflow_current metaflow.metaflow_profile metaflow.metaflow_version "
        "metaflow.multicore_utils metaflow.packaging_sys metaflow.parameters metaflow.plugins "
        "metaflow.plugins.cards metaflow.plugins.cards.card_client metaflow.plugins.cards.card_modules "
        "metaflow.plugins.cards.card_modules.basic metaflow.plugins.cards.card_modules.card metaflow.plugins.cards.card_modules.chevron "
        "metaflow.plugins.cards.card_modules.chevron.renderer metaflow.plugins.cards.card_modules.components "
        "metaflow.plugins.cards.card_modules.convert_to_native_type metaflow.plugins.cards.card_modules.renderer_tools "
        "metaflow.plugins.cards.card_modules.test_cards metaflow.plugins.cards.component_serializer metaflow.plugins.cards.exception "
        "metaflow.plugins.catch_decorator metaflow.plugins.datatools "
        "metaflow.plugins.datatools.s3 metaflow.plugins.timeout_decorator "
        "metaflow.runner metaflow.unbounded_foreach metaflow.user_configs "
        "metaflow.user_configs.config_parameters metaflow.user_decorators metaflow.user_decorators.user_flow_decorator "
        "metaflow.user_decorators.user_step_decorator"
    ).split()
)
_WHY = "flowc has the names of Metaflow's documentation, and none of its internals"


def is_foreign(decorator: str) -> bool:
    """True for the qualified name of a decorator that flowc does not know, one of Metaflow's extensions too: it may set artifacts."""
    return not decorator.startswith("metaflow.") or decorator.removeprefix("metaflow.") not in NAMES


def unknown_imports(module: Module) -> Iterator[Diagnostic]:
    """Yields each import of what flowc does not have of Metaflow: an error at the top of the module, a warning where it may never be reached."""
    if "metaflow" not in module.source.text:
        return
    for kind in ("import_statement", "import_from_statement"):
        for statement in module.source.root.find_all(kind=kind):
            for what, node in _imported(statement, module.source.root):
                top = statement.parent()
                certain = top is not None and top.kind() == "module"
                yield Diagnostic(
                    "FLOW153", f"`{what}` cannot be imported here", span(module.source, node), _WHY,
                    _how(what), *(() if certain else (WARNING,)),
                )  # fmt: skip


_DOCUMENTED = {  # internals that published flows import, and where the documentation has the same
    "metaflow.plugins.argo.argo_events": "metaflow.integrations",
    "metaflow.user_configs.config_decorators": "metaflow",
}


def _how(what: str) -> str:
    if what in _DOCUMENTED:
        return f"import the name from `{_DOCUMENTED[what]}`, as the documentation does"
    home, _, name = what.rpartition(".")
    close = nearest(name, NAMES) if home == "metaflow" else None
    return f"did you mean `{close}`?" if close else "use what the documentation has in its place, or do without it"


def _imported(statement: SgNode, root: SgNode) -> Iterator[tuple[str, SgNode]]:
    """The names of Metaflow that the statement imports and flowc does not have, each with its place."""
    home = statement.field("module_name")
    if home is None:  # import a.b, c as d
        for each in statement.named_children():
            name = each.field("name") if each.kind() == "aliased_import" else each
            if name is not None and name.text().partition(".")[0] == "metaflow" and name.text() not in MODULES:
                yield name.text(), name
        return
    module = home.text()
    if module.partition(".")[0] != "metaflow":
        return
    if module not in MODULES:
        yield module, home
        return
    for each in statement.named_children():
        name = each.field("name") if each.kind() == "aliased_import" else each
        if each.range() != home.range() and name is not None and name.kind() == "dotted_name":
            full = f"{module}.{name.text()}"
            if module == "metaflow" and name.text() not in NAMES and full not in MODULES and not name.text().startswith("__"):
                local = each.field("alias") or name
                if f"@{local.text()}" not in root.text():  # a decorator that nobody knows is spoken of where it is used
                    yield full, name
