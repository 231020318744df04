"""The names that flows may import from `metaflow` or `flowc`, as in Metaflow's documentation.

The decorators among them are `decorator_names.NAMES`. This file lists the others.
"""

from __future__ import annotations

from . import decorator_names

OTHERS = (
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
NAMES = frozenset((*OTHERS, *decorator_names.NAMES))
