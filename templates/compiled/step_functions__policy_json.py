# Translated from step_functions/policy.json.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import LoopContext, Macro, Undefined, escape, missing

environment = None
name = 'step_functions/policy.json'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_jobs = resolve('jobs')
    l_0_submitted = resolve('submitted')
    l_0_reports = resolve('reports')
    l_0_machine = resolve('machine')
    l_0_results = resolve('results')
    l_0_items = resolve('items')
    l_0_rule = resolve('rule')
    l_0_listed = missing
    pass
    def macro(l_1_several):
        t_1 = []
        if l_1_several is missing:
            l_1_several = undefined("parameter 'several' was not provided", name='several')
        pass
        t_1.append(
            '[\n',
        )
        l_2_loop = missing
        for l_2_each, l_2_loop in LoopContext(l_1_several, undefined):
            _loop_vars = {}
            pass
            t_1.extend((
                '        ',
                escape(environment.finalize(l_2_each)),
            ))
            if (not environment.getattr(l_2_loop, 'last')):
                pass
                t_1.append(
                    ',',
                )
            t_1.append(
                '\n',
            )
        l_2_loop = l_2_each = missing
        t_1.append(
            '      ]',
        )
        return concat(t_1)
    context.exported_vars.add('listed')
    context.vars['listed'] = l_0_listed = Macro(environment, macro, 'listed', ('several',), False, False, False, context.eval_ctx.autoescape)
    yield '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "SubmitJobs",\n      "Effect": "Allow",\n      "Action": "batch:SubmitJob",\n      "Resource": '
    yield escape(environment.finalize(context.call((undefined(name='listed') if l_0_listed is missing else l_0_listed), (undefined(name='jobs') if l_0_jobs is missing else l_0_jobs))))
    yield '\n    },\n    {\n      "Sid": "FollowJobs",\n      "Effect": "Allow",\n      "Action": "batch:DescribeJobs",\n      "Resource": "*"\n    },\n    {\n      "Sid": "EndJobs",\n      "Effect": "Allow",\n      "Action": "batch:TerminateJob",\n      "Resource": '
    yield escape(environment.finalize((undefined(name='submitted') if l_0_submitted is missing else l_0_submitted)))
    yield '\n    },\n'
    if (undefined(name='reports') if l_0_reports is missing else l_0_reports):
        pass
        yield '    {\n      "Sid": "ReadReports",\n      "Effect": "Allow",\n      "Action": "s3:GetObject",\n      "Resource": '
        yield escape(environment.finalize(context.call((undefined(name='listed') if l_0_listed is missing else l_0_listed), (undefined(name='reports') if l_0_reports is missing else l_0_reports))))
        yield '\n    },\n'
    if (undefined(name='machine') if l_0_machine is missing else l_0_machine):
        pass
        yield '    {\n      "Sid": "WriteResultsOfMaps",\n      "Effect": "Allow",\n      "Action": ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],\n      "Resource": '
        yield escape(environment.finalize((undefined(name='results') if l_0_results is missing else l_0_results)))
        yield '\n    },\n    {\n      "Sid": "StartItems",\n      "Effect": "Allow",\n      "Action": "states:StartExecution",\n      "Resource": '
        yield escape(environment.finalize((undefined(name='machine') if l_0_machine is missing else l_0_machine)))
        yield '\n    },\n    {\n      "Sid": "FollowItems",\n      "Effect": "Allow",\n      "Action": ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],\n      "Resource": '
        yield escape(environment.finalize(context.call((undefined(name='listed') if l_0_listed is missing else l_0_listed), (undefined(name='items') if l_0_items is missing else l_0_items))))
        yield '\n    },\n'
    yield '    {\n      "Sid": "HearOfFinishedJobs",\n      "Effect": "Allow",\n      "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],\n      "Resource": '
    yield escape(environment.finalize((undefined(name='rule') if l_0_rule is missing else l_0_rule)))
    yield '\n    }\n  ]\n}\n'

blocks = {}
