# Translated from step_functions/machine.asl.json.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import LoopContext, Macro, TemplateRuntimeError, Undefined, escape, internalcode, missing

environment = None
name = 'step_functions/machine.asl.json'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_comment = resolve('comment')
    l_0_timeout = resolve('timeout')
    l_0_declared = resolve('declared')
    l_0_check = resolve('check')
    l_0_start = resolve('start')
    l_0_outermost = resolve('outermost')
    l_0_job = l_0_read = l_0_choice = l_0_each = l_0_parallel = l_0_text = l_0_states = missing
    try:
        t_1 = environment.filters['indent']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'indent' found.")
    pass
    def macro(l_1_state):
        t_2 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        t_2.append(
            '{\n',
        )
        if environment.getattr(l_1_state, 'comment'):
            pass
            t_2.extend((
                '  "Comment": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'comment'))),
                ',\n',
            ))
        t_2.extend((
            '  "Type": "Task",\n  "Resource": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'resource'))),
            ',\n  "Parameters": {\n    "JobName": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'job_name'))),
            ',\n    "JobDefinition": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'definition'))),
            ',\n    "JobQueue": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'queue'))),
            ',\n    "Parameters": {"path.$": "$.path"},\n    "ContainerOverrides": {\n',
        ))
        if environment.getattr(l_1_state, 'first'):
            pass
            t_2.append(
                '      "Environment": [\n        {"Name": "FLOWC_RUN", "Value.$": "$.run"},\n        {"Name": "FLOWC_OWNER", "Value.$": "$.owner"},\n        {"Name": "FLOWC_REQUEST", "Value.$": "States.Format(\'{}\', $$.Execution.RedriveCount)"},\n        {"Name": "FLOWC_PARAMETERS", "Value.$": "States.JsonToString($$.Execution.Input)"}\n      ]\n',
            )
        else:
            pass
            t_2.append(
                '      "Environment": [\n        {"Name": "FLOWC_RUN", "Value.$": "$.run"},\n        {"Name": "FLOWC_OWNER", "Value.$": "$.owner"},\n        {"Name": "FLOWC_REQUEST", "Value.$": "States.Format(\'{}\', $$.Execution.RedriveCount)"}\n      ]\n',
            )
        t_2.append(
            '    }\n  },\n  "Retry": [\n    {\n      "ErrorEquals": ["Batch.AWSBatchException", "Batch.TooManyRequestsException", "Batch.ServerException"],\n      "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 10, "MaxDelaySeconds": 120, "JitterStrategy": "FULL"\n    }\n  ],\n',
        )
        if environment.getattr(l_1_state, 'nested'):
            pass
            t_2.append(
                '  "OutputPath": null,\n',
            )
        else:
            pass
            t_2.append(
                '  "ResultPath": null,\n',
            )
        if environment.getattr(l_1_state, 'next'):
            pass
            t_2.extend((
                '  "Next": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'next'))),
                '\n',
            ))
        else:
            pass
            t_2.append(
                '  "End": true\n',
            )
        t_2.append(
            '}',
        )
        return concat(t_2)
    context.exported_vars.add('job')
    context.vars['job'] = l_0_job = Macro(environment, macro, 'job', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_state):
        t_3 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        t_3.extend((
            '{\n  "Type": "Task",\n  "Resource": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'resource'))),
            ',\n  "Parameters": {\n    "Bucket": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'bucket'))),
            ',\n    "Key.$": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'key'))),
            '\n  },\n',
        ))
        if (environment.getattr(l_1_state, 'kind') == 'items'):
            pass
            t_3.append(
                '  "ResultSelector": {"paths.$": "States.StringToJson($.Body)"},\n  "ResultPath": "$.items",\n',
            )
        else:
            pass
            t_3.append(
                '  "ResultSelector": {"outcome.$": "States.StringToJson($.Body)"},\n  "ResultPath": "$.switch",\n',
            )
        t_3.extend((
            '  "Retry": [\n    {\n      "ErrorEquals": ["S3.S3Exception", "S3.SdkClientException"],\n      "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 5, "JitterStrategy": "FULL"\n    }\n  ],\n  "Next": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'next'))),
            '\n}',
        ))
        return concat(t_3)
    context.exported_vars.add('read')
    context.vars['read'] = l_0_read = Macro(environment, macro, 'read', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_state):
        t_4 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        t_4.append(
            '{\n  "Type": "Choice",\n  "Choices": [\n',
        )
        l_2_loop = missing
        for l_2_case, l_2_loop in LoopContext(environment.getattr(l_1_state, 'cases'), undefined):
            _loop_vars = {}
            pass
            t_4.extend((
                '    {"Variable": "$.switch.outcome.next", "StringEquals": ',
                escape(environment.finalize(environment.getattr(l_2_case, 'step'))),
                ', "Next": ',
                escape(environment.finalize(environment.getattr(l_2_case, 'next'))),
                '}',
            ))
            if (not environment.getattr(l_2_loop, 'last')):
                pass
                t_4.append(
                    ',',
                )
            t_4.append(
                '\n',
            )
        l_2_loop = l_2_case = missing
        t_4.extend((
            '  ],\n  "Default": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'default'))),
            '\n}',
        ))
        return concat(t_4)
    context.exported_vars.add('choice')
    context.vars['choice'] = l_0_choice = Macro(environment, macro, 'choice', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_state):
        t_5 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        t_5.append(
            '{\n  "Type": "Map",\n',
        )
        if (environment.getattr(l_1_state, 'kind') == 'distributed'):
            pass
            t_5.extend((
                '  "ItemReader": {\n    "Resource": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'resource'))),
                ',\n    "ReaderConfig": {"InputType": "JSON"},\n    "Parameters": {\n      "Bucket": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'bucket'))),
                ',\n      "Key.$": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'key'))),
                '\n    }\n  },\n',
            ))
        else:
            pass
            t_5.append(
                '  "ItemsPath": "$.items.paths",\n',
            )
        t_5.extend((
            '  "ItemSelector": {"run.$": "$.run", "owner.$": "$.owner", "path.$": "$$.Map.Item.Value"},\n  "MaxConcurrency": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'workers'))),
            ',\n  "ItemProcessor": {\n',
        ))
        if (environment.getattr(l_1_state, 'kind') == 'distributed'):
            pass
            t_5.append(
                '    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},\n',
            )
        else:
            pass
            t_5.append(
                '    "ProcessorConfig": {"Mode": "INLINE"},\n',
            )
        t_5.extend((
            '    "StartAt": ',
            escape(environment.finalize(environment.getattr(environment.getattr(l_1_state, 'body'), 'start'))),
            ',\n    "States": ',
            escape(environment.finalize(t_1(context.call((undefined(name='states') if l_0_states is missing else l_0_states), environment.getattr(environment.getattr(l_1_state, 'body'), 'states')), 4))),
            '\n  },\n',
        ))
        if (environment.getattr(l_1_state, 'kind') == 'distributed'):
            pass
            t_5.extend((
                '  "ResultWriter": {\n    "Resource": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'writer'))),
                ',\n    "Parameters": {\n      "Bucket": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'bucket'))),
                ',\n      "Prefix": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'prefix'))),
                '\n    }\n  },\n  "ResultPath": null,\n',
            ))
        else:
            pass
            t_5.append(
                '  "ResultSelector": {"joined.$": "States.ArrayLength($)"},\n  "ResultPath": "$.items",\n',
            )
        t_5.extend((
            '  "Next": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'next'))),
            '\n}',
        ))
        return concat(t_5)
    context.exported_vars.add('each')
    context.vars['each'] = l_0_each = Macro(environment, macro, 'each', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_state):
        t_6 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        t_6.append(
            '{\n  "Type": "Parallel",\n  "Branches": [\n',
        )
        l_2_loop = missing
        for l_2_branch, l_2_loop in LoopContext(environment.getattr(l_1_state, 'branches'), undefined):
            _loop_vars = {}
            pass
            t_6.extend((
                '    {\n      "StartAt": ',
                escape(environment.finalize(environment.getattr(l_2_branch, 'start'))),
                ',\n      "States": ',
                escape(environment.finalize(t_1(context.call((undefined(name='states') if l_0_states is missing else l_0_states), environment.getattr(l_2_branch, 'states'), _loop_vars=_loop_vars), 6))),
                '\n    }',
            ))
            if (not environment.getattr(l_2_loop, 'last')):
                pass
                t_6.append(
                    ',',
                )
            t_6.append(
                '\n',
            )
        l_2_loop = l_2_branch = missing
        t_6.extend((
            '  ],\n  "ResultPath": null,\n  "Next": ',
            escape(environment.finalize(environment.getattr(l_1_state, 'next'))),
            '\n}',
        ))
        return concat(t_6)
    context.exported_vars.add('parallel')
    context.vars['parallel'] = l_0_parallel = Macro(environment, macro, 'parallel', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_state):
        t_7 = []
        if l_1_state is missing:
            l_1_state = undefined("parameter 'state' was not provided", name='state')
        pass
        if (environment.getattr(l_1_state, 'kind') == 'job'):
            pass
            t_7.append(
                escape(environment.finalize(context.call((undefined(name='job') if l_0_job is missing else l_0_job), l_1_state))),
            )
        elif ((environment.getattr(l_1_state, 'kind') == 'items') or (environment.getattr(l_1_state, 'kind') == 'outcome')):
            pass
            t_7.append(
                escape(environment.finalize(context.call((undefined(name='read') if l_0_read is missing else l_0_read), l_1_state))),
            )
        elif (environment.getattr(l_1_state, 'kind') == 'path'):
            pass
            t_7.extend((
                '{"Type": "Pass", "InputPath": "$.switch.outcome.path", "ResultPath": "$.path", "Next": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'next'))),
                '}',
            ))
        elif (environment.getattr(l_1_state, 'kind') == 'choice'):
            pass
            t_7.append(
                escape(environment.finalize(context.call((undefined(name='choice') if l_0_choice is missing else l_0_choice), l_1_state))),
            )
        elif (environment.getattr(l_1_state, 'kind') == 'done'):
            pass
            t_7.append(
                '{"Type": "Succeed", "OutputPath": null}',
            )
        elif (environment.getattr(l_1_state, 'kind') == 'unknown'):
            pass
            t_7.extend((
                '{"Type": "Fail", "Error": "Flowc.UnknownCase", "Cause": ',
                escape(environment.finalize(environment.getattr(l_1_state, 'cause'))),
                '}',
            ))
        elif (environment.getattr(l_1_state, 'kind') == 'parallel'):
            pass
            t_7.append(
                escape(environment.finalize(context.call((undefined(name='parallel') if l_0_parallel is missing else l_0_parallel), l_1_state))),
            )
        else:
            pass
            t_7.append(
                escape(environment.finalize(context.call((undefined(name='each') if l_0_each is missing else l_0_each), l_1_state))),
            )
        return concat(t_7)
    context.exported_vars.add('text')
    context.vars['text'] = l_0_text = Macro(environment, macro, 'text', ('state',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_several):
        t_8 = []
        if l_1_several is missing:
            l_1_several = undefined("parameter 'several' was not provided", name='several')
        pass
        t_8.append(
            '{\n',
        )
        l_2_loop = missing
        for l_2_state, l_2_loop in LoopContext(l_1_several, undefined):
            _loop_vars = {}
            pass
            t_8.extend((
                '  ',
                escape(environment.finalize(environment.getattr(l_2_state, 'name'))),
                ': ',
                escape(environment.finalize(t_1(context.call((undefined(name='text') if l_0_text is missing else l_0_text), l_2_state, _loop_vars=_loop_vars), 2))),
            ))
            if (not environment.getattr(l_2_loop, 'last')):
                pass
                t_8.append(
                    ',',
                )
            t_8.append(
                '\n',
            )
        l_2_loop = l_2_state = missing
        t_8.append(
            '}',
        )
        return concat(t_8)
    context.exported_vars.add('states')
    context.vars['states'] = l_0_states = Macro(environment, macro, 'states', ('several',), False, False, False, context.eval_ctx.autoescape)
    yield '{\n  "Comment": '
    yield escape(environment.finalize((undefined(name='comment') if l_0_comment is missing else l_0_comment)))
    yield ',\n'
    if (undefined(name='timeout') if l_0_timeout is missing else l_0_timeout):
        pass
        yield '  "TimeoutSeconds": '
        yield escape(environment.finalize((undefined(name='timeout') if l_0_timeout is missing else l_0_timeout)))
        yield ',\n'
    yield '  "StartAt": "declared parameters",\n  "States": {\n    "declared parameters": {\n      "Comment": "What the input may hold",\n      "Type": "Pass",\n      "Result": '
    yield escape(environment.finalize((undefined(name='declared') if l_0_declared is missing else l_0_declared)))
    yield ',\n      "Next": "check parameters"\n    },\n    "check parameters": {\n      "Comment": "Finds what is wrong with the input before a job is started",\n      "Type": "Pass",\n      "QueryLanguage": "JSONata",\n      "Output": {"problem": '
    yield escape(environment.finalize((undefined(name='check') if l_0_check is missing else l_0_check)))
    yield '},\n      "Next": "parameters checked"\n    },\n    "parameters checked": {\n      "Type": "Choice",\n      "Choices": [\n        {"Variable": "$.problem", "StringEquals": "", "Next": "new run"}\n      ],\n      "Default": "invalid parameters"\n    },\n    "invalid parameters": {\n      "Type": "Fail",\n      "Error": "Flowc.InvalidParameters",\n      "CausePath": "$.problem"\n    },\n    "new run": {\n      "Type": "Pass",\n      "Parameters": {\n        "run.$": "States.Format(\'{}.{}\', $$.StateMachine.Name, $$.Execution.Name)",\n        "owner.$": "$$.Execution.Id",\n        "path": "-"\n      },\n      "Next": '
    yield escape(environment.finalize((undefined(name='start') if l_0_start is missing else l_0_start)))
    yield '\n    },\n'
    l_1_loop = missing
    for l_1_state, l_1_loop in LoopContext((undefined(name='outermost') if l_0_outermost is missing else l_0_outermost), undefined):
        _loop_vars = {}
        pass
        yield '    '
        yield escape(environment.finalize(environment.getattr(l_1_state, 'name')))
        yield ': '
        yield escape(environment.finalize(t_1(context.call((undefined(name='text') if l_0_text is missing else l_0_text), l_1_state, _loop_vars=_loop_vars), 4)))
        if (not environment.getattr(l_1_loop, 'last')):
            pass
            yield ','
        yield '\n'
    l_1_loop = l_1_state = missing
    yield '  }\n}\n'

blocks = {}
