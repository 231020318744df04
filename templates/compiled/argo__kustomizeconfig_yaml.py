# Translated from argo/kustomizeconfig.yaml.j2 by `python -m flowc.templates.build`; not to be edited.
from flowc.templates.runtime import Undefined, missing

environment = None
name = 'argo/kustomizeconfig.yaml'

def root(context, missing=missing, environment=environment):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    pass
    yield "# The fields of Argo's objects that Kustomize changes with `namePrefix`, `nameSuffix`, generators and `images`.\nnameReference:\n- kind: WorkflowTemplate\n  group: argoproj.io\n  fieldSpecs:\n  - {group: argoproj.io, kind: CronWorkflow, path: spec/workflowSpec/workflowTemplateRef/name}\n- kind: Secret\n  version: v1\n  fieldSpecs:\n  - {group: argoproj.io, kind: WorkflowTemplate, path: spec/templateDefaults/container/envFrom/secretRef/name}\n  - {group: argoproj.io, kind: WorkflowTemplate, path: spec/templates/container/envFrom/secretRef/name}\n- kind: ServiceAccount\n  version: v1\n  fieldSpecs:\n  - {group: argoproj.io, kind: WorkflowTemplate, path: spec/serviceAccountName}\n  - {group: argoproj.io, kind: WorkflowTemplate, path: spec/templates/serviceAccountName}\n- kind: PersistentVolumeClaim\n  version: v1\n  fieldSpecs:\n  - {group: argoproj.io, kind: WorkflowTemplate, path: spec/templates/volumes/persistentVolumeClaim/claimName}\nimages:\n- {group: argoproj.io, kind: WorkflowTemplate, path: spec/templateDefaults/container/image}\n- {group: argoproj.io, kind: WorkflowTemplate, path: spec/templates/container/image}\n"

blocks = {}
