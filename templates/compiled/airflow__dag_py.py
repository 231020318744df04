# Translated from airflow/dag.py.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import LoopContext, Macro, TemplateRuntimeError, Undefined, escape, internalcode, markup_join, missing

environment = None
name = 'airflow/dag.py'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_flow = resolve('flow')
    l_0_code = resolve('code')
    l_0_inputs = resolve('inputs')
    l_0_parameters = resolve('parameters')
    l_0_has_helpers = resolve('has_helpers')
    l_0_kubernetes = resolve('kubernetes')
    l_0_delays = resolve('delays')
    l_0_has_retries = resolve('has_retries')
    l_0_has_paths = resolve('has_paths')
    l_0_has_ways = resolve('has_ways')
    l_0_shared = resolve('shared')
    l_0_mapped = resolve('mapped')
    l_0_label = resolve('label')
    l_0_python = resolve('python')
    l_0_final = resolve('final')
    l_0_empty = resolve('empty')
    l_0_has_choice = resolve('has_choice')
    l_0_has_items = resolve('has_items')
    l_0_name = resolve('name')
    l_0_summary = resolve('summary')
    l_0_doc = resolve('doc')
    l_0_schedule = resolve('schedule')
    l_0_timezone = resolve('timezone')
    l_0_workers = resolve('workers')
    l_0_runs = resolve('runs')
    l_0_timeout = resolve('timeout')
    l_0_connection = resolve('connection')
    l_0_startup = resolve('startup')
    l_0_tasks = resolve('tasks')
    l_0_variables = l_0_settings = l_0_call = l_0_base = l_0_operator = l_0_field = missing
    try:
        t_1 = environment.filters['comment']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'comment' found.")
    try:
        t_2 = environment.filters['identifier']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'identifier' found.")
    try:
        t_3 = environment.filters['indent']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'indent' found.")
    try:
        t_4 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    pass
    def macro():
        t_5 = []
        pass
        if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
            pass
            t_5.append(
                'env_vars',
            )
        else:
            pass
            t_5.append(
                'env',
            )
        return concat(t_5)
    context.exported_vars.add('variables')
    context.vars['variables'] = l_0_variables = Macro(environment, macro, 'variables', (), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_each):
        t_6 = []
        if l_1_each is missing:
            l_1_each = undefined("parameter 'each' was not provided", name='each')
        pass
        t_6.extend((
            'task_id=',
            escape(environment.finalize(environment.getattr(l_1_each, 'id'))),
            ',\n',
        ))
        if environment.getattr(l_1_each, 'doc'):
            pass
            t_6.extend((
                'doc_md=',
                escape(environment.finalize(environment.getattr(l_1_each, 'doc'))),
                ',\n',
            ))
        if environment.getattr(l_1_each, 'image'):
            pass
            t_6.extend((
                'image=',
                escape(environment.finalize(environment.getattr(l_1_each, 'image'))),
                ',\n',
            ))
        if environment.getattr(l_1_each, 'namespace'):
            pass
            t_6.extend((
                'namespace=',
                escape(environment.finalize(environment.getattr(l_1_each, 'namespace'))),
                ',\n',
            ))
        if environment.getattr(l_1_each, 'command'):
            pass
            t_6.extend((
                'cmds=',
                escape(environment.finalize(environment.getattr(l_1_each, 'command'))),
                ',\n',
            ))
        if environment.getattr(l_1_each, 'environment'):
            pass
            t_6.extend((
                escape(environment.finalize(context.call((undefined(name='variables') if l_0_variables is missing else l_0_variables)))),
                '={**ENVIRONMENT, **',
                escape(environment.finalize(environment.getattr(l_1_each, 'environment'))),
                '},\n',
            ))
        if environment.getattr(l_1_each, 'pod'):
            pass
            t_6.append(
                'pod_template_dict=pod(\n',
            )
            for l_2_name in environment.getattr(l_1_each, 'pod'):
                _loop_vars = {}
                pass
                t_6.extend((
                    '    ',
                    escape(environment.finalize(t_2(l_2_name))),
                    '=',
                    escape(environment.finalize(environment.getitem(environment.getattr(l_1_each, 'pod'), l_2_name))),
                    ',\n',
                ))
            l_2_name = missing
            t_6.append(
                '),\n',
            )
        if environment.getattr(l_1_each, 'outcome'):
            pass
            t_6.append(
                'do_xcom_push=True,\n',
            )
        if environment.getattr(l_1_each, 'rule'):
            pass
            t_6.extend((
                'trigger_rule=',
                escape(environment.finalize(environment.getattr(l_1_each, 'rule'))),
                ',\n',
            ))
        if environment.getattr(l_1_each, 'retries'):
            pass
            t_6.extend((
                'retries=',
                escape(environment.finalize(environment.getattr(l_1_each, 'retries'))),
                ',\nretry_delay=timedelta(seconds=',
                escape(environment.finalize(environment.getattr(l_1_each, 'pause'))),
                '),\n',
            ))
        if environment.getattr(l_1_each, 'deadline'):
            pass
            t_6.extend((
                'execution_timeout=timedelta(seconds=',
                escape(environment.finalize(environment.getattr(l_1_each, 'deadline'))),
                '),\n',
            ))
        if environment.getattr(l_1_each, 'paths'):
            pass
            t_6.append(
                'map_index_template=PATH,\n',
            )
        return concat(t_6)
    context.exported_vars.add('settings')
    context.vars['settings'] = l_0_settings = Macro(environment, macro, 'settings', ('each',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_each):
        t_7 = []
        l_1_report = resolve('report')
        if l_1_each is missing:
            l_1_each = undefined("parameter 'each' was not provided", name='each')
        pass
        t_7.extend((
            'shim(',
            escape(environment.finalize(environment.getattr(l_1_each, 'step'))),
        ))
        for l_2_word in environment.getattr(l_1_each, 'arguments'):
            _loop_vars = {}
            pass
            t_7.extend((
                ', ',
                escape(environment.finalize(l_2_word)),
            ))
        l_2_word = missing
        if environment.getattr(l_1_each, 'outcome'):
            pass
            t_7.extend((
                ', "--report", ',
                escape(environment.finalize((undefined(name='report') if l_1_report is missing else l_1_report))),
            ))
        t_7.append(
            ')',
        )
        return concat(t_7)
    context.exported_vars.add('call')
    context.vars['call'] = l_0_call = Macro(environment, macro, 'call', ('each',), False, False, False, context.eval_ctx.autoescape)
    def macro():
        t_8 = []
        pass
        if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
            pass
            t_8.append(
                'KubernetesPodOperator',
            )
        else:
            pass
            t_8.append(
                'BashOperator',
            )
        return concat(t_8)
    context.exported_vars.add('base')
    context.vars['base'] = l_0_base = Macro(environment, macro, 'base', (), False, False, False, context.eval_ctx.autoescape)
    def macro():
        t_9 = []
        pass
        if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
            pass
            t_9.append(
                'StepOperator',
            )
        else:
            pass
            t_9.append(
                escape(environment.finalize(context.call((undefined(name='base') if l_0_base is missing else l_0_base)))),
            )
        return concat(t_9)
    context.exported_vars.add('operator')
    context.vars['operator'] = l_0_operator = Macro(environment, macro, 'operator', (), False, False, False, context.eval_ctx.autoescape)
    def macro():
        t_10 = []
        pass
        if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
            pass
            t_10.append(
                'arguments',
            )
        else:
            pass
            t_10.append(
                'bash_command',
            )
        return concat(t_10)
    context.exported_vars.add('field')
    context.vars['field'] = l_0_field = Macro(environment, macro, 'field', (), False, False, False, context.eval_ctx.autoescape)
    yield '# Flow '
    yield escape(environment.finalize(t_1((undefined(name='flow') if l_0_flow is missing else l_0_flow))))
    yield ', compiled by flowc. Code package: '
    yield escape(environment.finalize(t_1((undefined(name='code') if l_0_code is missing else l_0_code))))
    yield '\n'
    for l_1_each in (undefined(name='inputs') if l_0_inputs is missing else l_0_inputs):
        _loop_vars = {}
        pass
        yield '# Compiled with '
        yield escape(environment.finalize(t_1(l_1_each)))
        yield '\n'
    l_1_each = missing
    yield 'from __future__ import annotations\n\n'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        yield 'import base64\n'
    if ((undefined(name='parameters') if l_0_parameters is missing else l_0_parameters) or (undefined(name='has_helpers') if l_0_has_helpers is missing else l_0_has_helpers)):
        pass
        yield 'import json\n'
    if (not (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes)):
        pass
        yield 'import shlex\n'
    if ((undefined(name='delays') if l_0_delays is missing else l_0_delays) or (undefined(name='has_helpers') if l_0_has_helpers is missing else l_0_has_helpers)):
        pass
        yield 'from datetime import timedelta\n'
    yield '\nimport pendulum\n\ntry:\n    from airflow.sdk import DAG'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        yield ', Param'
    if (undefined(name='has_helpers') if l_0_has_helpers is missing else l_0_has_helpers):
        pass
        yield ', task'
    yield '\nexcept ImportError:  # Airflow 2\n    from airflow import DAG\n'
    if (undefined(name='has_helpers') if l_0_has_helpers is missing else l_0_has_helpers):
        pass
        yield '    from airflow.decorators import task\n'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        yield '    from airflow.models.param import Param\n'
    if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
        pass
        yield 'from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n'
    if ((undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries) or (undefined(name='has_paths') if l_0_has_paths is missing else l_0_has_paths)):
        pass
        yield '\ntry:\n    from airflow.sdk.exceptions import AirflowFailException'
        if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
            pass
            yield ', AirflowSkipException'
        yield '\nexcept ImportError:  # before Airflow 3.2\n    from airflow.exceptions import AirflowFailException'
        if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
            pass
            yield ', AirflowSkipException'
        yield '\n'
    if ((undefined(name='has_ways') if l_0_has_ways is missing else l_0_has_ways) or (not (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes))):
        pass
        yield '\ntry:\n'
        if (not (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes)):
            pass
            yield '    from airflow.providers.standard.operators.bash import BashOperator\n'
        if (undefined(name='has_ways') if l_0_has_ways is missing else l_0_has_ways):
            pass
            yield '    from airflow.providers.standard.operators.empty import EmptyOperator\n'
        yield 'except ImportError:  # Airflow 2\n'
        if (not (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes)):
            pass
            yield '    from airflow.operators.bash import BashOperator\n'
        if (undefined(name='has_ways') if l_0_has_ways is missing else l_0_has_ways):
            pass
            yield '    from airflow.operators.empty import EmptyOperator\n'
    yield '\nENVIRONMENT = {\n'
    for l_1_name in environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'environment'):
        _loop_vars = {}
        pass
        yield '    '
        yield escape(environment.finalize(l_1_name))
        yield ': '
        yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'environment'), l_1_name)))
        yield ',\n'
    l_1_name = missing
    yield '}\n'
    if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
        pass
        if (undefined(name='mapped') if l_0_mapped is missing else l_0_mapped):
            pass
            yield 'PATH = '
            yield escape(environment.finalize((undefined(name='label') if l_0_label is missing else l_0_label)))
            yield '  # what a mapped task is called\n'
        yield '\n\ndef pod(container=(), mounts=(), volumes=(), metadata=(), spec=()):\n    """The pod of a task: what all have, and what one step asks for."""\n    return {\n        "metadata": dict(metadata),\n        "spec": {\n'
        for l_1_name in environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'spec'):
            _loop_vars = {}
            pass
            yield '            '
            yield escape(environment.finalize(l_1_name))
            yield ': '
            yield escape(environment.finalize(environment.getitem(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'spec'), l_1_name)))
            yield ',\n'
        l_1_name = missing
        yield '            "containers": [{**'
        yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'container')))
        yield ', **dict(container), "volumeMounts": [*'
        yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'mounts')))
        yield ', *mounts]}],\n            "volumes": [*'
        yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'volumes')))
        yield ', *volumes],\n            **dict(spec),\n        },\n    }\n'
    else:
        pass
        if (undefined(name='mapped') if l_0_mapped is missing else l_0_mapped):
            pass
            yield 'PATH = '
            yield escape(environment.finalize((undefined(name='label') if l_0_label is missing else l_0_label)))
            yield '  # what a mapped task is called\n'
        yield 'SHIM = ['
        yield escape(environment.finalize((undefined(name='python') if l_0_python is missing else l_0_python)))
        yield ', "-m", "flowc.runtime_shim"]\n'
    yield '\n\ndef shim(step, *arguments):\n    """Returns a function from a path to what runs the step\'s task there."""\n\n    def command(path):\n        words = ["task", "--step", step, "--path", path, *arguments]\n'
    if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
        pass
        yield '        return words\n'
    else:
        pass
        yield '        return f"exec {shlex.join(SHIM + words)} "\n'
    yield '\n    return command\n\n\n'
    if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
        pass
        yield 'class StepOperator('
        yield escape(environment.finalize(context.call((undefined(name='base') if l_0_base is missing else l_0_base))))
        yield '):\n    """A task of the flow. A step that leaves with exit code '
        yield escape(environment.finalize((undefined(name='final') if l_0_final is missing else l_0_final)))
        yield ' asks not to be tried again."""\n\n'
        if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
            pass
            yield '    def cleanup(self, *arguments, **named):\n        try:\n            super().cleanup(*arguments, **named)\n'
        else:
            pass
            yield '    def execute(self, context):\n        try:\n            return super().execute(context)\n'
        yield '        except AirflowSkipException:  # what `skip_on_exit_code` makes of that exit code alone\n            raise AirflowFailException("the step asked not to be tried again (exit code '
        yield escape(environment.finalize((undefined(name='final') if l_0_final is missing else l_0_final)))
        yield ')") from None\n\n\n'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        if (undefined(name='empty') if l_0_empty is missing else l_0_empty):
            pass
            yield 'EMPTY = '
            yield escape(environment.finalize((undefined(name='empty') if l_0_empty is missing else l_0_empty)))
            yield '  # an empty text, which the form for starting a run sends as null\n\n\n'
        yield 'def encoded(params):\n    """The parameters of a run, so that nothing on the way to the task can be read into them."""\n'
        if (undefined(name='empty') if l_0_empty is missing else l_0_empty):
            pass
            yield '    given = {name: "" if value is None and name in EMPTY else value for name, value in dict(params).items()}\n    return base64.b64encode(json.dumps(given).encode()).decode()\n'
        else:
            pass
            yield '    return base64.b64encode(json.dumps(dict(params)).encode()).decode()\n'
        yield '\n\n'
    if (undefined(name='has_helpers') if l_0_has_helpers is missing else l_0_has_helpers):
        pass
        yield '# Of the small tasks below, which only read what others have said: they may be run again after whatever ended them.\nAGAIN = {"retries": 3, "retry_delay": timedelta(seconds=30)}\n\n\ndef reported(outcomes):\n    """What one task, or each task of a mapped one, has said; a slice is read with one request."""\n    several = [outcomes] if isinstance(outcomes, (str, dict)) else () if outcomes is None else outcomes[:]\n    return [json.loads(each) if isinstance(each, str) else each for each in several]\n\n\n'
    if (undefined(name='has_paths') if l_0_has_paths is missing else l_0_has_paths):
        pass
        yield 'def within_limit(paths):\n    """The paths, if Airflow can map a task over so many."""\n    from airflow.configuration import conf\n\n    limit = conf.getint("core", "max_map_length", fallback=1024)\n    if len(paths) > limit:\n        raise AirflowFailException(\n            f"this foreach has {len(paths)} tasks, but Airflow maps a task over at most {limit}: raise [core] max_map_length "\n            "(AIRFLOW__CORE__MAX_MAP_LENGTH) of the API server, scheduler and workers, then clear this task; or compile the flow "\n            "with --optimize, where a task runs several items, then clear the task before this one"\n        )\n    return paths\n\n\n@task(**AGAIN)\ndef paths(outcomes):\n    """The paths of the tasks of a foreach."""\n    return within_limit([path for each in reported(outcomes) for path in each["paths"]])\n\n\n'
    if (undefined(name='has_choice') if l_0_has_choice is missing else l_0_has_choice):
        pass
        yield '@task.branch(**AGAIN)\ndef choice(outcome, ways):\n    """The task that a switch has chosen."""\n    return ways[reported(outcome)[0]["next"]]\n\n\n'
    if (undefined(name='has_items') if l_0_has_items is missing else l_0_has_items):
        pass
        yield '@task(**AGAIN)\ndef items(step, switches, lists):\n    """The paths with which a step runs: those that switches have sent there, and all of other lists."""\n    sent = [each["path"] for outcomes in switches for each in reported(outcomes) if each["next"] == step]\n    return sent + [path for each in lists for path in each or ()]\n\n\n'
    yield 'with DAG(\n    dag_id='
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield ',\n'
    if (undefined(name='summary') if l_0_summary is missing else l_0_summary):
        pass
        yield '    description='
        yield escape(environment.finalize((undefined(name='summary') if l_0_summary is missing else l_0_summary)))
        yield ',\n'
    if (undefined(name='doc') if l_0_doc is missing else l_0_doc):
        pass
        yield '    doc_md='
        yield escape(environment.finalize(markup_join(((undefined(name='doc') if l_0_doc is missing else l_0_doc), '\n', ))))
        yield ',\n'
    yield '    schedule='
    yield escape(environment.finalize((undefined(name='schedule') if l_0_schedule is missing else l_0_schedule)))
    yield ',\n    start_date=pendulum.datetime(2024, 1, 1, tz='
    yield escape(environment.finalize((undefined(name='timezone') if l_0_timezone is missing else l_0_timezone)))
    yield '),\n    catchup=False,\n    max_active_tasks='
    yield escape(environment.finalize((undefined(name='workers') if l_0_workers is missing else l_0_workers)))
    yield ',\n'
    if (undefined(name='runs') if l_0_runs is missing else l_0_runs):
        pass
        yield '    max_active_runs='
        yield escape(environment.finalize((undefined(name='runs') if l_0_runs is missing else l_0_runs)))
        yield ',\n'
    if (undefined(name='timeout') if l_0_timeout is missing else l_0_timeout):
        pass
        yield '    dagrun_timeout=timedelta(seconds='
        yield escape(environment.finalize((undefined(name='timeout') if l_0_timeout is missing else l_0_timeout)))
        yield '),\n'
    if (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
        pass
        yield '    params={\n'
        for l_1_each in (undefined(name='parameters') if l_0_parameters is missing else l_0_parameters):
            _loop_vars = {}
            pass
            yield '        '
            yield escape(environment.finalize(environment.getattr(l_1_each, 'name')))
            yield ': Param('
            if (not environment.getattr(l_1_each, 'required')):
                pass
                yield escape(environment.finalize(environment.getattr(l_1_each, 'default')))
                yield ', '
            yield '**'
            yield escape(environment.finalize(environment.getattr(l_1_each, 'schema')))
            yield '),\n'
        l_1_each = missing
        yield '    },\n    user_defined_macros={"encoded": encoded},\n'
    yield '    default_args={\n        "retries": 0,\n        "do_xcom_push": False,\n'
    if (undefined(name='kubernetes') if l_0_kubernetes is missing else l_0_kubernetes):
        pass
        yield '        "image": '
        yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'image')))
        yield ',\n'
        if environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'namespace'):
            pass
            yield '        "namespace": '
            yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'namespace')))
            yield ',\n'
        if (undefined(name='connection') if l_0_connection is missing else l_0_connection):
            pass
            yield '        "kubernetes_conn_id": '
            yield escape(environment.finalize((undefined(name='connection') if l_0_connection is missing else l_0_connection)))
            yield ',\n'
        yield '        "cmds": '
        yield escape(environment.finalize(environment.getattr((undefined(name='shared') if l_0_shared is missing else l_0_shared), 'command')))
        yield ',\n        "env_vars": ENVIRONMENT,\n        "pod_template_dict": pod(),\n        "startup_timeout_seconds": '
        yield escape(environment.finalize((undefined(name='startup') if l_0_startup is missing else l_0_startup)))
        yield ',\n'
        if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
            pass
            yield '        "skip_on_exit_code": '
            yield escape(environment.finalize((undefined(name='final') if l_0_final is missing else l_0_final)))
            yield ',\n'
    else:
        pass
        yield '        "env": ENVIRONMENT,\n        "append_env": True,\n        "skip_on_exit_code": '
        if (undefined(name='has_retries') if l_0_has_retries is missing else l_0_has_retries):
            pass
            yield escape(environment.finalize((undefined(name='final') if l_0_final is missing else l_0_final)))
        else:
            pass
            yield 'None'
        yield ',\n'
    yield '    },\n    tags=["flowc"],\n) as dag:\n'
    l_1_loop = missing
    for l_1_each, l_1_loop in LoopContext((undefined(name='tasks') if l_0_tasks is missing else l_0_tasks), undefined):
        _loop_vars = {}
        pass
        if (environment.getattr(l_1_each, 'kind') == 'step'):
            pass
            if environment.getattr(l_1_each, 'comment'):
                pass
                yield '    # '
                yield escape(environment.finalize(t_1(environment.getattr(l_1_each, 'comment'))))
                yield '\n'
            if environment.getattr(l_1_each, 'paths'):
                pass
                yield '    '
                yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
                yield ' = '
                yield escape(environment.finalize(context.call((undefined(name='operator') if l_0_operator is missing else l_0_operator), _loop_vars=_loop_vars)))
                yield '.partial(\n        '
                yield escape(environment.finalize(t_3(context.call((undefined(name='settings') if l_0_settings is missing else l_0_settings), l_1_each, _loop_vars=_loop_vars), 8)))
                yield '\n    ).expand('
                yield escape(environment.finalize(context.call((undefined(name='field') if l_0_field is missing else l_0_field), _loop_vars=_loop_vars)))
                yield '='
                yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'paths'))))
                yield '.map('
                yield escape(environment.finalize(context.call((undefined(name='call') if l_0_call is missing else l_0_call), l_1_each, _loop_vars=_loop_vars)))
                yield '))\n'
            else:
                pass
                yield '    '
                yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
                yield ' = '
                yield escape(environment.finalize(context.call((undefined(name='operator') if l_0_operator is missing else l_0_operator), _loop_vars=_loop_vars)))
                yield '(\n        '
                yield escape(environment.finalize(t_3(context.call((undefined(name='settings') if l_0_settings is missing else l_0_settings), l_1_each, _loop_vars=_loop_vars), 8)))
                yield '\n        '
                yield escape(environment.finalize(context.call((undefined(name='field') if l_0_field is missing else l_0_field), _loop_vars=_loop_vars)))
                yield '='
                yield escape(environment.finalize(context.call((undefined(name='call') if l_0_call is missing else l_0_call), l_1_each, _loop_vars=_loop_vars)))
                yield '("-"),\n    )\n'
            if (t_4(environment.getattr(l_1_each, 'after')) == 1):
                pass
                yield '    '
                yield escape(environment.finalize(t_2(environment.getitem(environment.getattr(l_1_each, 'after'), 0))))
                yield ' >> '
                yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
                yield '\n'
            elif environment.getattr(l_1_each, 'after'):
                pass
                yield '    ['
                l_2_loop = missing
                for l_2_before, l_2_loop in LoopContext(environment.getattr(l_1_each, 'after'), undefined):
                    _loop_vars = {}
                    pass
                    yield escape(environment.finalize(t_2(l_2_before)))
                    if (not environment.getattr(l_2_loop, 'last')):
                        pass
                        yield ', '
                l_2_loop = l_2_before = missing
                yield '] >> '
                yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
                yield '\n'
        elif (environment.getattr(l_1_each, 'kind') == 'paths'):
            pass
            yield '    '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
            yield ' = paths.override(task_id='
            yield escape(environment.finalize(environment.getattr(l_1_each, 'id')))
            yield ', do_xcom_push=True)('
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'of'))))
            yield '.output)\n'
        elif (environment.getattr(l_1_each, 'kind') == 'choice'):
            pass
            yield '    '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
            yield ' = choice.override(task_id='
            yield escape(environment.finalize(environment.getattr(l_1_each, 'id')))
            yield ')('
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'of'))))
            yield '.output, '
            yield escape(environment.finalize(environment.getattr(l_1_each, 'ways')))
            yield ')\n'
        elif (environment.getattr(l_1_each, 'kind') == 'way'):
            pass
            yield '    '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
            yield ' = EmptyOperator(task_id='
            yield escape(environment.finalize(environment.getattr(l_1_each, 'id')))
            yield ')\n    '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'after'))))
            yield ' >> '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
            yield '\n'
        else:
            pass
            yield '    '
            yield escape(environment.finalize(t_2(environment.getattr(l_1_each, 'variable'))))
            yield ' = items.override(task_id='
            yield escape(environment.finalize(environment.getattr(l_1_each, 'id')))
            yield ', do_xcom_push=True'
            if environment.getattr(l_1_each, 'rule'):
                pass
                yield ', trigger_rule='
                yield escape(environment.finalize(environment.getattr(l_1_each, 'rule')))
            yield ')(\n        '
            yield escape(environment.finalize(environment.getattr(l_1_each, 'step')))
            yield ',\n        switches=['
            l_2_loop = missing
            for l_2_one, l_2_loop in LoopContext(environment.getattr(l_1_each, 'switches'), undefined):
                _loop_vars = {}
                pass
                yield escape(environment.finalize(t_2(l_2_one)))
                yield '.output'
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ', '
            l_2_loop = l_2_one = missing
            yield '],\n        lists=['
            l_2_loop = missing
            for l_2_one, l_2_loop in LoopContext(environment.getattr(l_1_each, 'lists'), undefined):
                _loop_vars = {}
                pass
                yield escape(environment.finalize(t_2(l_2_one)))
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ', '
            l_2_loop = l_2_one = missing
            yield '],\n    )\n'
    l_1_loop = l_1_each = missing

blocks = {}
