# Translated from step_functions/schedule.json.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import Undefined, escape, missing

environment = None
name = 'step_functions/schedule.json'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_name = resolve('name')
    l_0_description = resolve('description')
    l_0_expression = resolve('expression')
    l_0_timezone = resolve('timezone')
    pass
    yield '{\n  "Name": '
    yield escape(environment.finalize((undefined(name='name') if l_0_name is missing else l_0_name)))
    yield ',\n  "Description": '
    yield escape(environment.finalize((undefined(name='description') if l_0_description is missing else l_0_description)))
    yield ',\n  "ScheduleExpression": '
    yield escape(environment.finalize((undefined(name='expression') if l_0_expression is missing else l_0_expression)))
    yield ',\n  "ScheduleExpressionTimezone": '
    yield escape(environment.finalize((undefined(name='timezone') if l_0_timezone is missing else l_0_timezone)))
    yield ',\n  "State": "ENABLED",\n  "FlexibleTimeWindow": {"Mode": "OFF"},\n  "Target": {\n    "Arn": "${StateMachineArn}",\n    "RoleArn": "${SchedulerRoleArn}",\n    "Input": "{}"\n  }\n}\n'

blocks = {}
