# Translated from argo/workflow_template.yaml.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import Macro, TemplateRuntimeError, Undefined, escape, internalcode, markup_join, missing

environment = None
name = 'argo/workflow_template.yaml'

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
    l_0_code = resolve('code')
    l_0_inputs = resolve('inputs')
    l_0_annotations = resolve('annotations')
    l_0_description = resolve('description')
    l_0_entrypoint = resolve('entrypoint')
    l_0_exit = resolve('exit')
    l_0_arguments = resolve('arguments')
    l_0_service_account = resolve('service_account')
    l_0_workers = resolve('workers')
    l_0_timeout = resolve('timeout')
    l_0_init = resolve('init')
    l_0_volume = resolve('volume')
    l_0_image = resolve('image')
    l_0_command = resolve('command')
    l_0_env = resolve('env')
    l_0_secret = resolve('secret')
    l_0_mount = resolve('mount')
    l_0_dags = resolve('dags')
    l_0_pods = resolve('pods')
    l_0_pairs = l_0_dag = l_0_pod = missing
    try:
        t_1 = environment.filters['comment']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'comment' found.")
    try:
        t_2 = environment.filters['indent']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'indent' found.")
    try:
        t_3 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    def macro(l_1_values):
        t_4 = []
        if l_1_values is missing:
            l_1_values = undefined("parameter 'values' was not provided", name='values')
        pass
        for (l_2_name, l_2_value) in l_1_values:
            _loop_vars = {}
            pass
            t_4.extend((
                '- {name: ',
                escape(environment.finalize(l_2_name)),
                ', value: ',
                escape(environment.finalize(l_2_value)),
                '}\n',
            ))
        l_2_name = l_2_value = missing
        return concat(t_4)
    context.exported_vars.add('pairs')
    context.vars['pairs'] = l_0_pairs = Macro(environment, macro, 'pairs', ('values',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_each):
        t_5 = []
        if l_1_each is missing:
            l_1_each = undefined("parameter 'each' was not provided", name='each')
        pass
        t_5.extend((
            '- name: ',
            escape(environment.finalize(environment.getattr(l_1_each, 'name'))),
            '\n',
        ))
        if environment.getattr(l_1_each, 'path'):
            pass
            t_5.append(
                '  inputs:\n    parameters: [{name: path}]\n',
            )
        t_5.append(
            '  dag:\n    tasks:\n',
        )
        for l_2_task in environment.getattr(l_1_each, 'tasks'):
            _loop_vars = {}
            pass
            t_5.extend((
                '    - name: ',
                escape(environment.finalize(environment.getattr(l_2_task, 'name'))),
                '\n      template: ',
                escape(environment.finalize(environment.getattr(l_2_task, 'template'))),
                '\n',
            ))
            if environment.getattr(l_2_task, 'depends'):
                pass
                t_5.extend((
                    '      depends: ',
                    escape(environment.finalize(environment.getattr(l_2_task, 'depends'))),
                    '\n',
                ))
            if environment.getattr(l_2_task, 'when'):
                pass
                t_5.extend((
                    '      when: ',
                    escape(environment.finalize(environment.getattr(l_2_task, 'when'))),
                    '\n',
                ))
            if environment.getattr(l_2_task, 'count'):
                pass
                t_5.extend((
                    '      withSequence: {count: ',
                    escape(environment.finalize(environment.getattr(l_2_task, 'count'))),
                    '}\n',
                ))
            if environment.getattr(l_2_task, 'items'):
                pass
                t_5.extend((
                    '      withParam: ',
                    escape(environment.finalize(environment.getattr(l_2_task, 'items'))),
                    '\n',
                ))
            if environment.getattr(l_2_task, 'path'):
                pass
                t_5.extend((
                    '      arguments: {parameters: [{name: path, value: ',
                    escape(environment.finalize(environment.getattr(l_2_task, 'path'))),
                    '}]}\n',
                ))
        l_2_task = missing
        if environment.getattr(l_1_each, 'next'):
            pass
            t_5.extend((
                '  outputs:\n    parameters:\n    - name: next\n      valueFrom: {expression: ',
                escape(environment.finalize(environment.getattr(l_1_each, 'next'))),
                ', default: ""}\n',
            ))
        return concat(t_5)
    context.exported_vars.add('dag')
    context.vars['dag'] = l_0_dag = Macro(environment, macro, 'dag', ('each',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_each):
        t_6 = []
        if l_1_each is missing:
            l_1_each = undefined("parameter 'each' was not provided", name='each')
        pass
        if environment.getattr(l_1_each, 'comment'):
            pass
            t_6.extend((
                '# ',
                escape(environment.finalize(t_1(environment.getattr(l_1_each, 'comment')))),
                '\n',
            ))
        if environment.getattr(l_1_each, 'inside'):
            pass
            t_6.extend((
                '# ',
                escape(environment.finalize(t_1(environment.getattr(l_1_each, 'inside')))),
                '\n',
            ))
        t_6.extend((
            '- name: ',
            escape(environment.finalize(environment.getattr(l_1_each, 'name'))),
            '\n',
        ))
        if environment.getattr(l_1_each, 'metadata'):
            pass
            t_6.extend((
                '  metadata: ',
                escape(environment.finalize(environment.getattr(l_1_each, 'metadata'))),
                '\n',
            ))
        if environment.getattr(l_1_each, 'path'):
            pass
            t_6.append(
                '  inputs:\n    parameters: [{name: path}]\n',
            )
        if environment.getattr(l_1_each, 'limit'):
            pass
            t_6.extend((
                '  retryStrategy:\n    limit: ',
                escape(environment.finalize(environment.getattr(l_1_each, 'limit'))),
                '\n    retryPolicy: Always\n    expression: ',
                escape(environment.finalize(environment.getattr(l_1_each, 'retried'))),
                '\n',
            ))
            if environment.getattr(l_1_each, 'pause'):
                pass
                t_6.extend((
                    '    backoff: {duration: ',
                    escape(environment.finalize(environment.getattr(l_1_each, 'pause'))),
                    '}\n',
                ))
        if environment.getattr(l_1_each, 'deadline'):
            pass
            t_6.extend((
                '  activeDeadlineSeconds: ',
                escape(environment.finalize(environment.getattr(l_1_each, 'deadline'))),
                '\n',
            ))
        if environment.getattr(l_1_each, 'volumes'):
            pass
            t_6.append(
                '  volumes:\n',
            )
            for l_2_volume in environment.getattr(l_1_each, 'volumes'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '  - ',
                    escape(environment.finalize(l_2_volume)),
                    '\n',
                ))
            l_2_volume = missing
        for l_2_field in environment.getattr(l_1_each, 'spec'):
            _loop_vars = {}
            pass
            t_6.extend((
                '  ',
                escape(environment.finalize(l_2_field)),
                ': ',
                escape(environment.finalize(environment.getitem(environment.getattr(l_1_each, 'spec'), l_2_field))),
                '\n',
            ))
        l_2_field = missing
        if environment.getattr(l_1_each, 'init'):
            pass
            t_6.extend((
                '  initContainers:\n  - ',
                escape(environment.finalize(environment.getattr(l_1_each, 'init'))),
                '\n',
            ))
        t_6.extend((
            '  container:\n    image: ',
            escape(environment.finalize(environment.getattr(l_1_each, 'image'))),
            '\n    args: ',
            escape(environment.finalize(environment.getattr(l_1_each, 'args'))),
            '\n',
        ))
        if environment.getattr(l_1_each, 'env'):
            pass
            t_6.extend((
                '    env:\n    ',
                escape(environment.finalize(t_2(context.call((undefined(name='pairs') if l_0_pairs is missing else l_0_pairs), environment.getattr(l_1_each, 'env')), 4))),
                '\n',
            ))
        if environment.getattr(l_1_each, 'secrets'):
            pass
            t_6.append(
                '    envFrom:\n',
            )
            for l_2_secret in environment.getattr(l_1_each, 'secrets'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '    - {secretRef: {name: ',
                    escape(environment.finalize(l_2_secret)),
                    '}}\n',
                ))
            l_2_secret = missing
        if environment.getattr(l_1_each, 'mounts'):
            pass
            t_6.append(
                '    volumeMounts:\n',
            )
            for l_2_mount in environment.getattr(l_1_each, 'mounts'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '    - ',
                    escape(environment.finalize(l_2_mount)),
                    '\n',
                ))
            l_2_mount = missing
        for l_2_field in environment.getattr(l_1_each, 'container'):
            _loop_vars = {}
            pass
            t_6.extend((
                '    ',
                escape(environment.finalize(l_2_field)),
                ': ',
                escape(environment.finalize(environment.getitem(environment.getattr(l_1_each, 'container'), l_2_field))),
                '\n',
            ))
        l_2_field = missing
        if environment.getattr(l_1_each, 'outputs'):
            pass
            t_6.append(
                '  outputs:\n    parameters:\n',
            )
            for l_2_name in environment.getattr(l_1_each, 'outputs'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '    - {name: ',
                    escape(environment.finalize(l_2_name)),
                    ', valueFrom: {path: ',
                    escape(environment.finalize(markup_join((environment.getattr(l_1_each, 'folder'), '/', l_2_name, )))),
                ))
                if (l_2_name == 'next'):
                    pass
                    t_6.append(
                        ', default: ""',
                    )
                t_6.append(
                    '}}\n',
                )
            l_2_name = missing
        return concat(t_6)
    context.exported_vars.add('pod')
    context.vars['pod'] = l_0_pod = Macro(environment, macro, 'pod', ('each',), False, False, False, context.eval_ctx.autoescape)
    yield 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: '
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
    yield '\n    flowc/code: '
    yield escape(environment.finalize((undefined(name='code') if l_0_code is missing else l_0_code)))
    yield '\n'
    if (undefined(name='inputs') if l_0_inputs is missing else l_0_inputs):
        pass
        yield '    flowc/inputs: '
        yield escape(environment.finalize((undefined(name='inputs') if l_0_inputs is missing else l_0_inputs)))
        yield '\n'
    for l_1_key in (undefined(name='annotations') if l_0_annotations is missing else l_0_annotations):
        _loop_vars = {}
        pass
        yield '    '
        yield escape(environment.finalize(l_1_key))
        yield ': '
        yield escape(environment.finalize(environment.getitem((undefined(name='annotations') if l_0_annotations is missing else l_0_annotations), l_1_key)))
        yield '\n'
    l_1_key = missing
    if (undefined(name='description') if l_0_description is missing else l_0_description):
        pass
        yield '    workflows.argoproj.io/description: '
        yield escape(environment.finalize((undefined(name='description') if l_0_description is missing else l_0_description)))
        yield '\n'
    yield 'spec:\n  entrypoint: '
    yield escape(environment.finalize((undefined(name='entrypoint') if l_0_entrypoint is missing else l_0_entrypoint)))
    yield '\n'
    if (undefined(name='exit') if l_0_exit is missing else l_0_exit):
        pass
        yield '  onExit: '
        yield escape(environment.finalize(environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'name')))
        yield '\n'
    if (undefined(name='arguments') if l_0_arguments is missing else l_0_arguments):
        pass
        yield '  arguments:\n    parameters:\n'
        for l_1_each in (undefined(name='arguments') if l_0_arguments is missing else l_0_arguments):
            _loop_vars = {}
            pass
            yield '    - name: '
            yield escape(environment.finalize(environment.getattr(l_1_each, 'name')))
            yield '\n'
            if (not t_3(environment.getattr(l_1_each, 'value'))):
                pass
                yield '      value: '
                yield escape(environment.finalize(environment.getattr(l_1_each, 'value')))
                yield '\n'
            if environment.getattr(l_1_each, 'enum'):
                pass
                yield '      enum: '
                yield escape(environment.finalize(environment.getattr(l_1_each, 'enum')))
                yield '\n'
            if environment.getattr(l_1_each, 'description'):
                pass
                yield '      description: '
                yield escape(environment.finalize(environment.getattr(l_1_each, 'description')))
                yield '\n'
        l_1_each = missing
    if (undefined(name='service_account') if l_0_service_account is missing else l_0_service_account):
        pass
        yield '  serviceAccountName: '
        yield escape(environment.finalize((undefined(name='service_account') if l_0_service_account is missing else l_0_service_account)))
        yield '\n'
    if (undefined(name='workers') if l_0_workers is missing else l_0_workers):
        pass
        yield '  parallelism: '
        yield escape(environment.finalize((undefined(name='workers') if l_0_workers is missing else l_0_workers)))
        yield '\n'
    if (undefined(name='timeout') if l_0_timeout is missing else l_0_timeout):
        pass
        yield '  activeDeadlineSeconds: '
        yield escape(environment.finalize((undefined(name='timeout') if l_0_timeout is missing else l_0_timeout)))
        yield '\n'
    yield '  podGC:\n    strategy: OnPodSuccess\n  templateDefaults:\n'
    if (undefined(name='init') if l_0_init is missing else l_0_init):
        pass
        yield '    volumes:\n    - '
        yield escape(environment.finalize((undefined(name='volume') if l_0_volume is missing else l_0_volume)))
        yield '\n    initContainers:\n    - '
        yield escape(environment.finalize((undefined(name='init') if l_0_init is missing else l_0_init)))
        yield '\n'
    yield '    container:\n      image: '
    yield escape(environment.finalize((undefined(name='image') if l_0_image is missing else l_0_image)))
    yield '\n      command: '
    yield escape(environment.finalize((undefined(name='command') if l_0_command is missing else l_0_command)))
    yield '\n      terminationMessagePolicy: FallbackToLogsOnError\n      env:\n      '
    yield escape(environment.finalize(t_2(context.call((undefined(name='pairs') if l_0_pairs is missing else l_0_pairs), (undefined(name='env') if l_0_env is missing else l_0_env)), 6)))
    yield '\n      - {name: FLOWC_TASK, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n      - {name: FLOWC_START, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}\n'
    if (undefined(name='secret') if l_0_secret is missing else l_0_secret):
        pass
        yield '      envFrom:\n      - {secretRef: {name: '
        yield escape(environment.finalize((undefined(name='secret') if l_0_secret is missing else l_0_secret)))
        yield '}}\n'
    if (undefined(name='init') if l_0_init is missing else l_0_init):
        pass
        yield '      volumeMounts:\n      - '
        yield escape(environment.finalize((undefined(name='mount') if l_0_mount is missing else l_0_mount)))
        yield '\n'
    yield '  templates:\n'
    for l_1_each in (undefined(name='dags') if l_0_dags is missing else l_0_dags):
        _loop_vars = {}
        pass
        yield '  '
        yield escape(environment.finalize(t_2(context.call((undefined(name='dag') if l_0_dag is missing else l_0_dag), l_1_each, _loop_vars=_loop_vars), 2)))
        yield '\n'
    l_1_each = missing
    for l_1_each in (undefined(name='pods') if l_0_pods is missing else l_0_pods):
        _loop_vars = {}
        pass
        yield '  '
        yield escape(environment.finalize(t_2(context.call((undefined(name='pod') if l_0_pod is missing else l_0_pod), l_1_each, _loop_vars=_loop_vars), 2)))
        yield '\n'
    l_1_each = missing
    if (undefined(name='exit') if l_0_exit is missing else l_0_exit):
        pass
        yield '  - name: '
        yield escape(environment.finalize(environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'name')))
        yield '\n    dag:\n      tasks:\n      - name: '
        yield escape(environment.finalize(environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'task')))
        yield '\n        template: '
        yield escape(environment.finalize(environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'task')))
        yield '\n'
        if environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'when'):
            pass
            yield '        when: '
            yield escape(environment.finalize(environment.getattr((undefined(name='exit') if l_0_exit is missing else l_0_exit), 'when')))
            yield '\n'
        yield '        continueOn: {failed: true, error: true}\n'

blocks = {}
