"""The names of Metaflow that a flow can import: those of its documentation.

`tests/compiler/names/test_metaflow_api.py` compares them with the shim's.
"""

from __future__ import annotations

from flowc.runtime_shim.contract.public_names import INTERNAL as INTERNAL
from flowc.runtime_shim.contract.public_names import NAMES as NAMES

MODULES = frozenset(
    (
        "metaflow metaflow._vendor metaflow.cards metaflow.client metaflow.client.core metaflow.current "
        "metaflow.datatools metaflow.datatools.s3 metaflow.decorators metaflow.events metaflow.exception "
        "metaflow.flowspec "
        "metaflow.includefile metaflow.integrations metaflow.metaflow_config "
        "metaflow.metaflow_config_funcs metaflow.metaflow_current "
        "metaflow.metaflow_profile metaflow.metaflow_version metaflow.multicore_utils metaflow.packaging_sys "
        "metaflow.parameters metaflow.plugins metaflow.plugins.argo metaflow.plugins.argo.argo_events "
        "metaflow.plugins.aws metaflow.plugins.aws.aws_client metaflow.plugins.parsers metaflow.profilers "
        "metaflow.plugins.parallel_decorator metaflow.util "
        "metaflow.plugins.cards metaflow.plugins.cards.card_client metaflow.plugins.cards.card_decorator "
        "metaflow.plugins.cards.card_modules metaflow.plugins.cards.card_modules.json_viewer "
        "metaflow.plugins.cards.card_modules.basic metaflow.plugins.cards.card_modules.card "
        "metaflow.plugins.cards.card_modules.chevron metaflow.plugins.cards.card_modules.chevron.renderer "
        "metaflow.plugins.cards.card_modules.components metaflow.plugins.cards.card_modules.convert_to_native_type "
        "metaflow.plugins.cards.card_modules.renderer_tools metaflow.plugins.cards.card_modules.test_cards "
        "metaflow.plugins.cards.component_serializer metaflow.plugins.cards.exception "
        "metaflow.plugins.catch_decorator metaflow.plugins.datatools metaflow.plugins.datatools.s3 "
        "metaflow.plugins.datatools.s3.s3 metaflow.plugins.timeout_decorator metaflow.plugins.torchrun_libs "
        "metaflow.plugins.torchrun_libs.executor metaflow.profilers metaflow.runner "
        "metaflow.runner.deployer metaflow.runner.metaflow_runner metaflow.runner.nbrun metaflow.unbounded_foreach "
        "metaflow.user_configs metaflow.user_configs.config_decorators metaflow.user_configs.config_parameters "
        "metaflow.user_decorators metaflow.user_decorators.user_flow_decorator "
        "metaflow.user_decorators.user_step_decorator"
    ).split()
)


def is_foreign(decorator: str) -> bool:
    """Returns True for the qualified name of a decorator that flowc does not know.

    Those of Metaflow's extensions count too. Such a decorator may set artifacts.
    """
    return not decorator.startswith("metaflow.") or decorator.removeprefix("metaflow.") not in NAMES
