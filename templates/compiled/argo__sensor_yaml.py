# Translated from argo/sensor.yaml.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import Undefined, escape, missing

environment = None
name = 'argo/sensor.yaml'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_name = resolve('name')
    l_0_namespace = resolve('namespace')
    l_0_labels = resolve('labels')
    l_0_flow = resolve('flow')
    l_0_bus = resolve('bus')
    l_0_account = resolve('account')
    l_0_dependencies = resolve('dependencies')
    l_0_condition = resolve('condition')
    l_0_resets = resolve('resets')
    l_0_prefix = resolve('prefix')
    l_0_target_namespace = resolve('target_namespace')
    l_0_parameters = resolve('parameters')
    l_0_sources = resolve('sources')
    pass
    yield '---\napiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata:\n  name: '
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield '\n'
    if (undefined(name='namespace') if l_0_namespace is missing else l_0_namespace):
        pass
        yield '  namespace: '
        yield escape(environment.finalize((undefined(name='namespace') if l_0_namespace is missing else l_0_namespace)))
        yield '\n'
    yield '  labels: '
    yield escape(environment.finalize((undefined(name='labels') if l_0_labels is missing else l_0_labels)))
    yield '\n  annotations:\n    flowc/flow: '
    yield escape(environment.finalize((undefined(name='flow') if l_0_flow is missing else l_0_flow)))
    yield '\nspec:\n  eventBusName: '
    yield escape(environment.finalize((undefined(name='bus') if l_0_bus is missing else l_0_bus)))
    yield '\n'
    if (undefined(name='account') if l_0_account is missing else l_0_account):
        pass
        yield '  template:\n    serviceAccountName: '
        yield escape(environment.finalize((undefined(name='account') if l_0_account is missing else l_0_account)))
        yield '\n'
    yield '  dependencies:\n'
    for l_1_each in (undefined(name='dependencies') if l_0_dependencies is missing else l_0_dependencies):
        l_1_source = resolve('source')
        l_1_event = resolve('event')
        _loop_vars = {}
        pass
        yield '  - name: '
        yield escape(environment.finalize(environment.getattr(l_1_each, 'name')))
        yield '\n    eventSourceName: '
        yield escape(environment.finalize((undefined(name='source') if l_1_source is missing else l_1_source)))
        yield '\n    eventName: '
        yield escape(environment.finalize((undefined(name='event') if l_1_event is missing else l_1_event)))
        yield '\n    filters:\n      exprs:\n'
        for l_2_filter in environment.getattr(l_1_each, 'exprs'):
            _loop_vars = {}
            pass
            yield '      - '
            yield escape(environment.finalize(l_2_filter))
            yield '\n'
        l_2_filter = missing
    l_1_each = l_1_source = l_1_event = missing
    yield '  triggers:\n  - template:\n      name: '
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield '\n      conditions: '
    yield escape(environment.finalize((undefined(name='condition') if l_0_condition is missing else l_0_condition)))
    yield '\n'
    if (undefined(name='resets') if l_0_resets is missing else l_0_resets):
        pass
        yield '      conditionsReset:\n'
        for l_1_reset in (undefined(name='resets') if l_0_resets is missing else l_0_resets):
            _loop_vars = {}
            pass
            yield '      - '
            yield escape(environment.finalize(l_1_reset))
            yield '\n'
        l_1_reset = missing
    yield '      k8s:\n        operation: create\n        source:\n          resource:\n            apiVersion: argoproj.io/v1alpha1\n            kind: Workflow\n            metadata:\n              generateName: '
    yield escape(environment.finalize((undefined(name='prefix') if l_0_prefix is missing else l_0_prefix)))
    yield '\n'
    if (undefined(name='target_namespace') if l_0_target_namespace is missing else l_0_target_namespace):
        pass
        yield '              namespace: '
        yield escape(environment.finalize((undefined(name='target_namespace') if l_0_target_namespace is missing else l_0_target_namespace)))
        yield '\n'
    yield '            spec:\n              workflowTemplateRef:\n                name: '
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield '\n              arguments:\n                parameters:\n'
    for l_1_parameter in (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        _loop_vars = {}
        pass
        yield '                - {name: '
        yield escape(environment.finalize(l_1_parameter))
        yield '}\n'
    l_1_parameter = missing
    yield '        parameters:\n'
    for l_1_each in (undefined(name='sources') if l_0_sources is missing else l_0_sources):
        _loop_vars = {}
        pass
        yield '        - '
        yield escape(environment.finalize(l_1_each))
        yield '\n'
    l_1_each = missing

blocks = {}
