"""The names that flows may import from `metaflow` or `flowc`, as in Metaflow's documentation.

The decorators among them are `decorator_names.NAMES`. This file lists the others.
"""

from __future__ import annotations

from . import decorator_names

OTHERS = (
    "Checkpoint TorchrunSingleNodeMultiGPU artifact_store_from delete_model load_model "  # of extensions
    "Config ConfigValue DataArtifact DeployedFlow Deployer Flow FlowMutator FlowSpec IncludeFile JSONType "
    "JSONTypeClass Metaflow MutableFlow "
    "MutableStep NBDeployer NBRunner Parameter Run Runner S3 Step StepMutator Task USER_SKIP_STEP UserStepDecorator "
    "cards "
    "conda_environment_yml_parser config_expr current default_metadata default_namespace get_metadata get_namespace "
    "inspect_spin metadata "
    "metaflow_version namespace namespaced_event_name package_sources parallel_imap_unordered parallel_map profile "
    "pyproject_toml_parser "
    "requirements_txt_parser step user_step_decorator yaml_parser"
).split()
# Metaflow's modules, and folders of modules, below `metaflow`; what flowc has of them, `api/metaflow_alias.py` knows.
INTERNAL = frozenset(
    (
        "R cards cli cli_args cli_components client clone_util cmd cmd_with_io datastore datatools debug "
        "decorators event_logger events exception extension_support flowspec graph includefile integrations "
        "lint meta_files metadata_provider metaflow_config metaflow_config_funcs metaflow_current "
        "metaflow_environment metaflow_git metaflow_profile metaflow_version mflog monitor multicore_utils "
        "package packaging_sys parameters plugins procpoll profilers pylint_wrapper runner runtime sidecar "
        "system system_context tagging_util task tracing tuple_util unbounded_foreach user_configs "
        "user_decorators util vendor version _vendor"
    ).split()
)
NAMES = frozenset((*OTHERS, *decorator_names.NAMES))
