"""Run by Metaflow's interpreter: prints what every finished task of a run left, as JSON.

    python metaflow_side.py FLOW.py FLOW_NAME RUN DATASTORE

{"step index.index~visit": {"artifact": "text of its value"}}
"""

import importlib.util
import json
import os
import sys

INTERNAL = {  # what Metaflow itself keeps beside the user's artifacts (surface.md has the list of what a client may see)
    "name", "_graph_info", "_foreach_stack", "_foreach_num_splits", "_foreach_var", "_foreach_values", "_transition", "_success", "_task_ok",
    "_exception", "_catch_exception", "_current_step", "_iteration_stack", "_configs_processed", "_parallel_ubf_iter", "_control_mapper_tasks",
    "_control_task_is_mapper_zero", "_unbounded_foreach", "_cached_input",
}  # fmt: skip


def main(flow_file: str, flow: str, run: str, root: str) -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(os.path.abspath(flow_file)))
    spec = importlib.util.spec_from_file_location("values", os.path.join(here, "values.py"))
    values = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(values)
    spec = importlib.util.spec_from_file_location("the_flow", flow_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(sys.modules["__main__"]).update(
        {name: value for name, value in vars(module).items() if not name.startswith("__")}
    )  # what was pickled

    from metaflow.datastore import FlowDataStore
    from metaflow.plugins.datastores.local_storage import LocalStorage

    store = FlowDataStore(flow, None, storage_impl=LocalStorage, ds_root=os.path.join(root, ".metaflow"))
    tasks_of = {}
    for task in store.get_task_datastores(run_id=run, allow_not_done=False):
        if task.step_name == "_parameters":
            continue
        indices = [str(frame.index) for frame in task["_foreach_stack"]] if "_foreach_stack" in task else []
        key = (task.step_name, ".".join(indices) or "-")
        tasks_of.setdefault(key, []).append((_number(task.task_id), task))
    told = {}
    for (step, path), tasks in sorted(tasks_of.items()):
        for visit, (_, task) in enumerate(sorted(tasks, key=lambda pair: pair[0])):
            names = [name for name, _ in task.items() if name not in INTERNAL]
            told[f"{step} {path}{f'~{visit}' if visit else ''}"] = {
                name: values.text(_value(task, name)) for name in sorted(names)
            }
    print("\n" + json.dumps(told))


def _value(task, name):
    value = task[name]
    return value.decode(name) if type(value).__name__ == "IncludedFile" else value  # it says where the content is


def _number(task_id):
    return [int(word) if word.isdigit() else 0 for word in str(task_id).split("_")]


if __name__ == "__main__":
    main(*sys.argv[1:])
