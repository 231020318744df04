# Translated from step_functions/jobs.batch.json.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import LoopContext, Macro, Undefined, escape, missing

environment = None
name = 'step_functions/jobs.batch.json'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_jobs = resolve('jobs')
    l_0_volume_of = missing
    pass
    def macro(l_1_volume):
        t_1 = []
        if l_1_volume is missing:
            l_1_volume = undefined("parameter 'volume' was not provided", name='volume')
        pass
        if environment.getattr(l_1_volume, 'host_path'):
            pass
            t_1.extend((
                '{"name": ',
                escape(environment.finalize(environment.getattr(l_1_volume, 'name'))),
                ', "host": {"sourcePath": ',
                escape(environment.finalize(environment.getattr(l_1_volume, 'host_path'))),
                '}}',
            ))
        else:
            pass
            t_1.extend((
                '{"name": ',
                escape(environment.finalize(environment.getattr(l_1_volume, 'name'))),
                ', "efsVolumeConfiguration": {"fileSystemId": ',
                escape(environment.finalize(environment.getattr(l_1_volume, 'file_system'))),
                ', "transitEncryption": "ENABLED"}}',
            ))
        return concat(t_1)
    context.exported_vars.add('volume_of')
    context.vars['volume_of'] = l_0_volume_of = Macro(environment, macro, 'volume_of', ('volume',), False, False, False, context.eval_ctx.autoescape)
    yield '[\n'
    l_1_loop = missing
    for l_1_job, l_1_loop in LoopContext((undefined(name='jobs') if l_0_jobs is missing else l_0_jobs), undefined):
        _loop_vars = {}
        pass
        yield '  {\n    "jobDefinitionName": '
        yield escape(environment.finalize(environment.getattr(l_1_job, 'name')))
        yield ',\n    "type": "container",\n    "parameters": {"path": "-"},\n    "containerProperties": {\n      "image": '
        yield escape(environment.finalize(environment.getattr(l_1_job, 'image')))
        yield ',\n      "command": '
        yield escape(environment.finalize(environment.getattr(l_1_job, 'command')))
        yield ',\n      "environment": [\n'
        l_2_loop = missing
        for (l_2_name, l_2_value), l_2_loop in LoopContext(environment.getattr(l_1_job, 'environment'), undefined):
            _loop_vars = {}
            pass
            yield '        {"name": '
            yield escape(environment.finalize(l_2_name))
            yield ', "value": '
            yield escape(environment.finalize(l_2_value))
            yield '}'
            if (not environment.getattr(l_2_loop, 'last')):
                pass
                yield ','
            yield '\n'
        l_2_loop = l_2_name = l_2_value = missing
        yield '      ],\n'
        if environment.getattr(l_1_job, 'job_role'):
            pass
            yield '      "jobRoleArn": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'job_role')))
            yield ',\n'
        if environment.getattr(l_1_job, 'execution_role'):
            pass
            yield '      "executionRoleArn": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'execution_role')))
            yield ',\n'
        if environment.getattr(l_1_job, 'privileged'):
            pass
            yield '      "privileged": true,\n'
        if environment.getattr(l_1_job, 'linux'):
            pass
            yield '      "linuxParameters": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'linux')))
            yield ',\n'
        if environment.getattr(l_1_job, 'volumes'):
            pass
            yield '      "volumes": [\n'
            l_2_loop = missing
            for l_2_volume, l_2_loop in LoopContext(environment.getattr(l_1_job, 'volumes'), undefined):
                _loop_vars = {}
                pass
                yield '        '
                yield escape(environment.finalize(context.call((undefined(name='volume_of') if l_0_volume_of is missing else l_0_volume_of), l_2_volume, _loop_vars=_loop_vars)))
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ','
                yield '\n'
            l_2_loop = l_2_volume = missing
            yield '      ],\n      "mountPoints": [\n'
            l_2_loop = missing
            for l_2_volume, l_2_loop in LoopContext(environment.getattr(l_1_job, 'volumes'), undefined):
                _loop_vars = {}
                pass
                yield '        {"sourceVolume": '
                yield escape(environment.finalize(environment.getattr(l_2_volume, 'name')))
                yield ', "containerPath": '
                yield escape(environment.finalize(environment.getattr(l_2_volume, 'path')))
                yield '}'
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ','
                yield '\n'
            l_2_loop = l_2_volume = missing
            yield '      ],\n'
        if environment.getattr(l_1_job, 'log_driver'):
            pass
            yield '      "logConfiguration": {"logDriver": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'log_driver')))
            yield ', "options": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'log_options')))
            yield '},\n'
        yield '      "resourceRequirements": [\n'
        if environment.getattr(l_1_job, 'gpus'):
            pass
            yield '        {"type": "GPU", "value": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'gpus')))
            yield '},\n'
        yield '        {"type": "VCPU", "value": '
        yield escape(environment.finalize(environment.getattr(l_1_job, 'vcpus')))
        yield '},\n        {"type": "MEMORY", "value": '
        yield escape(environment.finalize(environment.getattr(l_1_job, 'memory')))
        yield '}\n      ]\n    },\n'
        if environment.getattr(l_1_job, 'timeout'):
            pass
            yield '    "timeout": {"attemptDurationSeconds": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'timeout')))
            yield '},\n'
        if environment.getattr(l_1_job, 'final_exit_code'):
            pass
            yield '    "retryStrategy": {\n      "attempts": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'attempts')))
            yield ',\n      "evaluateOnExit": [{"onExitCode": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'final_exit_code')))
            yield ', "action": "EXIT"}]\n    }\n'
        else:
            pass
            yield '    "retryStrategy": {"attempts": '
            yield escape(environment.finalize(environment.getattr(l_1_job, 'attempts')))
            yield '}\n'
        yield '  }'
        if (not environment.getattr(l_1_loop, 'last')):
            pass
            yield ','
        yield '\n'
    l_1_loop = l_1_job = missing
    yield ']\n'

blocks = {}
