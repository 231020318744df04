"""The blocks of the default card: the user's components, and the facts about the task."""

from __future__ import annotations

from .basic import (
    ArtifactsComponent,
    DagComponent,
    ImageComponent,
    MarkdownComponent,
    PageComponent,
    PythonCodeComponent,
    SectionComponent,
    TableComponent,
    TitleComponent,
)
from .native_types import TIME_FORMAT, TaskToDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence


class Facts:
    """The facts about a task, without its artifacts."""

    def __init__(
        self, pathspec: str, created: Optional[str] = None, finished: Optional[str] = None,
        duration: Optional[str] = None, tags: Sequence[str] = (), attempt: int = 0, stdout: str = "", stderr: str = "",
        graph: Any = None,
    ) -> None:  # fmt: skip
        self.pathspec, self.created, self.finished, self.duration = pathspec, created, finished, duration
        self.tags, self.attempt, self.stdout, self.stderr, self.graph = tags, attempt, stdout, stderr, graph

    @property
    def user(self) -> str:
        return next((tag.split("user:")[1] for tag in self.tags if tag.startswith("user:")), "")


def facts_of(task: Any, graph: Any = None, is_running: bool = False) -> Facts:
    """Returns the facts that the client has of a task."""
    begun, ended = task.created_at, None if is_running else task.finished_at
    duration = str(ended - begun).split(".")[0] if begun is not None and ended is not None else None
    return Facts(
        task.pathspec, begun and begun.strftime(TIME_FORMAT), ended and ended.strftime(TIME_FORMAT), duration,
        sorted(task.parent.parent.tags), task.current_attempt, task.stdout, task.stderr, graph,
    )  # fmt: skip


def default_page(
    facts: Facts, artifacts: Dict[str, Any], components: Sequence[Any], code: str, parameters: Sequence[str]
) -> Dict[str, Any]:
    """Returns the whole card as JSON: its `metadata` and its `components`.

    `artifacts` has `data`, `images` and `tables` (`TaskToDict.of_artifacts`), including the parameters, whose names are
    in `parameters`.
    """
    contents: List[Any] = list(components)
    contents.append(_about(facts))
    contents.append(
        SectionComponent("Task Code", contents=[TableComponent(data=[[PythonCodeComponent(code).render()]])])
    )
    entries = {name: entry for name, entry in artifacts["data"].items() if name != "name"}
    fixed = [entries[name] for name in parameters if name in entries]
    others = [entry for name, entry in entries.items() if name not in parameters]
    contents.append(SectionComponent("Flow Parameters", contents=[_list_of(fixed, "No Parameters")]))
    contents.append(SectionComponent("Artifacts", contents=[_list_of(others, "No Artifacts")]))
    if artifacts["tables"]:
        contents.append(
            SectionComponent(
                "Tabular Data", contents=[_table(name, table) for name, table in artifacts["tables"].items()]
            )
        )
    if artifacts["images"]:
        images = [ImageComponent(src, name) for name, src in artifacts["images"].items()]
        contents.append(SectionComponent("Image Data", columns=len(images), contents=images))
    contents.append(SectionComponent("DAG", contents=[DagComponent(data=facts.graph)]))
    metadata = {
        "version": 1, "template": "defaultCardTemplate", "stderr": facts.stderr, "stdout": facts.stdout,
        "created_at": facts.created, "finished_at": facts.finished, "pathspec": facts.pathspec,
    }  # fmt: skip
    version = next((tag.split("metaflow_version:")[1] for tag in facts.tags if tag.startswith("metaflow_version:")), "")
    if version:
        metadata["metaflow_version"] = version
    return {
        "metadata": metadata,
        "components": [TitleComponent(facts.pathspec).render(), PageComponent("Task Info", contents=contents).render()],
    }


def _about(facts: Facts) -> SectionComponent:
    rows: Dict[str, Any] = {
        "Task Created On": facts.created, "Task Finished On": facts.finished, "Tags": ", ".join(facts.tags),
        "Attempt": facts.attempt,
    }  # fmt: skip
    if facts.duration is not None:
        rows["Task Duration"] = facts.duration
    if facts.user:
        rows["User"] = facts.user
    return SectionComponent(
        "Task Metadata", contents=[TableComponent(headers=list(rows), data=[list(rows.values())], vertical=True)]
    )


def _list_of(entries: List[Any], none: str) -> Any:
    return ArtifactsComponent(data=entries) if entries else TitleComponent(none)


def _table(name: str, table: Dict[str, Any]) -> SectionComponent:
    title = f"Artifact Name: {name}"
    contents: List[Any] = [TableComponent(headers=table["headers"], data=table["data"])]
    if table["truncated"]:
        rows, columns = table["full_size"]
        title = f"{title} ({columns} columns and {rows} rows)"
        contents.append(MarkdownComponent(f"_Truncated - {rows - len(table['data'])} rows not shown_"))
    return SectionComponent(title, contents=contents)


def graph_of_card(graph: Any) -> Any:
    """Returns the flow's graph as the block `dag` has it, of `current.graph` or its `steps`."""
    if graph is None:
        return None
    steps, start, end = graph, "start" if "start" in graph else None, "end" if "end" in graph else None
    if all(key in graph for key in ("steps", "start_step", "end_step")):
        steps, start, end = graph["steps"], graph["start_step"], graph["end_step"]
    return {"steps": {name: _node(step) for name, step in steps.items()}, "start_step": start, "end_step": end}


_KINDS = {
    "linear": "linear", "start": "start", "end": "end", "join": "join", "split": "split", "split-static": "split",
    "split-parallel": "foreach", "split-foreach": "foreach", "split-switch": "switch",
}  # fmt: skip


def _node(step: Dict[str, Any]) -> Dict[str, Any]:
    kind = _KINDS.get(step["type"], "unknown")
    node = {
        "type": kind, "box_next": step["type"] not in ("linear", "join"), "box_ends": step.get("matching_join"),
        "next": step["next"], "doc": step["doc"],
    }  # fmt: skip
    if kind == "switch":
        node.update({key: step[key] for key in ("condition", "switch_cases") if key in step})
    return node


def whole_page(
    task: Any, graph: Any, components: Sequence[Any], flow: Any, only_repr: bool, size: Optional[int], is_running: bool
) -> Dict[str, Any]:
    """Returns the default card of a task that the client reads, for types that derive from the default one."""
    import inspect

    artifacts = TaskToDict(only_repr, is_running, size).of_artifacts(
        (artifact.id, artifact.size, artifact) for artifact in task
    )
    step = getattr(flow, task.parent.id, None)
    code = inspect.getsource(step) if step is not None else ""
    run = task.parent.parent
    parameters = (
        [artifact.id for artifact in run["_parameters"].task if artifact.id != "name"] if "_parameters" in run else []
    )
    return default_page(facts_of(task, graph, is_running), artifacts, components, code, parameters)
