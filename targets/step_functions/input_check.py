"""The rules for the input of an execution, which the machine checks before it starts a job.

One state holds the parameters that the flow declares, as plain data. The next one compares them with the input, in
JSONata, since JSONPath cannot list the keys of an object. Its expression is the same for every flow. The first job
checks what only the shim can judge, such as whether a text is a number or the address of a file (docs/shim.md,
Parameters). Sources: AWS Step Functions Developer Guide, Transforming data with JSONata (2.0.6); AWS Batch,
SubmitJob, whose container overrides have at most 8,192 characters (`rules/services.py`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.compiler.ir.nodes import Flow, Parameter

# Characters of all given parameters, as JSON within JSON. The overrides of the first job also hold the run's id, the
# execution's ARN (both contain names of up to 80 characters), and the variable that Step Functions itself adds.
MAX_SIZE = 7_500
_KINDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "json": "any value",
    "file": "a file, as text",
}  # fmt: skip


def declared(flow: Flow) -> dict[str, Any]:
    """Returns the declared parameters, with which `CHECK` compares the input."""
    return {"flow": flow.name, "parameters": {parameter.name: _rule(parameter) for parameter in flow.parameters}}


def _rule(parameter: Parameter) -> dict[str, Any]:
    rule: dict[str, Any] = {"type": parameter.type, "means": _KINDS[parameter.type], "required": parameter.required}
    form = parameter.form
    if form is not None and not form.items:
        if form.choices and not form.any_case:
            rule["choices"] = list(form.choices)
        if not form.is_clamped:
            limits = {"least": form.least, "most": form.most}
            rule.update({name: limit for name, limit in limits.items() if limit is not None})
    return rule


# An expression: the problem with `$states.context.Execution.Input`, in at most 2,000 characters; "" for a valid input.
# The input of its state is the result of `declared`.
CHECK = f"""{{% (
$given := $states.context.Execution.Input;
$declared := $states.input.parameters;
$known := $keys($declared);
$listed := function($names) {{ $join($map($names, function($name) {{ '`' & $name & '`' }}), ', ') }};
$size := function($value) {{ $length($replace($string({{'': $value}}), /[\\\\"]/, '__')) - 7 }};
$problem := function($name) {{(
  $rule := $lookup($declared, $name);
  $value := $lookup($given, $name);
  $kind := $exists($value) ? $type($value) : 'null';
  $wrong := $rule.type = 'json' ? false
    : $kind = 'object' ? $rule.type != 'file'
    : $kind = 'array' ? true
    : $kind = 'boolean' ? $rule.type in ['int', 'float', 'file']
    : $kind = 'number' ? $rule.type = 'file' or ($rule.type = 'int' and $floor($value) != $value)
    : false;
  $kind = 'null' ? ($rule.required ? 'parameter `' & $name & '` is required' : '')
    : $wrong ? 'parameter `' & $name & '` must be ' & $rule.means
    : $exists($rule.choices) and $not($value in $rule.choices)
      ? 'parameter `' & $name & '` must be one of ' & $listed($rule.choices)
    : $kind = 'number' and $exists($rule.least) and $value < $rule.least
      ? 'parameter `' & $name & '` must be at least ' & $rule.least
    : $kind = 'number' and $exists($rule.most) and $value > $rule.most
      ? 'parameter `' & $name & '` must be at most ' & $rule.most : ''
)}};
$found := function() {{(
  $unknown := $filter($keys($given), function($name) {{ $not($name in $known) }});
  $wrong := $filter($map($known, $problem), function($text) {{ $text != '' }});
  $longest := $sort($keys($given), function($left, $right) {{
    $size($lookup($given, $left)) < $size($lookup($given, $right))
  }})[0];
  $count($unknown) > 0
    ? 'there is no parameter ' & $listed($unknown) & ': flow ' & $states.input.flow & ' has '
      & ($count($known) > 0 ? $listed($known) : 'no parameters')
    : $count($wrong) > 0 ? $join($wrong, '; ')
    : $size($given) > {MAX_SIZE}
      ? 'the parameters have ' & $size($given) & ' characters, and a Batch job can be given {MAX_SIZE}: '
        & 'the longest is `' & $longest & '`, with ' & $size($lookup($given, $longest))
        & '. Put large values into S3 and give their address, or use IncludeFile'
    : ''
)}};
$substring($type($given) = 'object' ? $found() : 'the input must be an object of parameters', 0, 2000)
) %}}"""
