# Translated from argo/cron_workflow.yaml.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import Undefined, escape, missing

environment = None
name = 'argo/cron_workflow.yaml'

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
    l_0_cron = resolve('cron')
    l_0_timezone = resolve('timezone')
    l_0_concurrency = resolve('concurrency')
    l_0_deadline = resolve('deadline')
    l_0_history = resolve('history')
    l_0_suspended = resolve('suspended')
    pass
    yield '---\napiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata:\n  name: '
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
    yield '\nspec:\n  schedules: ['
    yield escape(environment.finalize((undefined(name='cron') if l_0_cron is missing else l_0_cron)))
    yield ']\n  timezone: '
    yield escape(environment.finalize((undefined(name='timezone') if l_0_timezone is missing else l_0_timezone)))
    yield '\n  concurrencyPolicy: '
    yield escape(environment.finalize((undefined(name='concurrency') if l_0_concurrency is missing else l_0_concurrency)))
    yield '\n  startingDeadlineSeconds: '
    yield escape(environment.finalize((undefined(name='deadline') if l_0_deadline is missing else l_0_deadline)))
    yield '\n  successfulJobsHistoryLimit: '
    yield escape(environment.finalize((undefined(name='history') if l_0_history is missing else l_0_history)))
    yield '\n  failedJobsHistoryLimit: '
    yield escape(environment.finalize((undefined(name='history') if l_0_history is missing else l_0_history)))
    yield '\n'
    if (undefined(name='suspended') if l_0_suspended is missing else l_0_suspended):
        pass
        yield '  suspend: true\n'
    yield '  workflowSpec:\n    workflowTemplateRef:\n      name: '
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield '\n'

blocks = {}
