"""The exceptions of cards (`metaflow.plugins.cards.exception`)."""

from __future__ import annotations

from ..exceptions import MetaflowException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

_MODULE = "metaflow.plugins.cards.exception"
TYPE_CHECK_REGEX = "^[a-zA-Z0-9_]+$"


class CardClassFoundException(MetaflowException):
    headline = "MetaflowCard not found"
    _home = _MODULE

    def __init__(self, card_name: str) -> None:
        super().__init__(f"MetaflowCard named {card_name} not found. Check the `type` attribute in @card")


class TypeRequiredException(MetaflowException):
    headline = "Card type missing exception"
    _home = _MODULE

    def __init__(self) -> None:
        super().__init__("if IDENTIFIER is a pathspec than --type is required")


class CardNotPresentException(MetaflowException):
    headline = "Card not found in datastore"
    _home = _MODULE

    def __init__(
        self,
        pathspec: str,
        card_type: Optional[str] = None,
        card_hash: Optional[str] = None,
        card_id: Optional[str] = None,
    ) -> None:
        what, more = "Card", ""
        if card_id is not None:
            what = f"Card with id '{card_id}'"
        if card_type is not None:
            what = f"Card with type '{card_type}'"
        if card_hash is not None:
            what = f"Card with hash '{card_hash}'"
            more = ". When using `--hash` always ensure you have full hash or first five characters of the hash."
        super().__init__(f"{what} not found for pathspec {pathspec}{more}")


class TaskNotFoundException(MetaflowException):
    headline = "Cannot resolve task for pathspec"
    _home = _MODULE

    def __init__(self, pathspec_query: str, resolved_from: str, run_id: Optional[str] = None) -> None:
        message = "Cannot resolve task to find card."
        if resolved_from == "task_pathspec":
            message = f"Task pathspec {pathspec_query} not found."
        elif resolved_from == "step_pathspec":
            message = f"Step pathspec {pathspec_query} not found."
        elif resolved_from == "stepname":
            message = f"Step {pathspec_query} not found"
            if run_id is not None:
                message = f"Step {pathspec_query} not found for Run('{run_id}')."
        super().__init__(message)


class IncorrectCardArgsException(MetaflowException):
    headline = "Incorrect arguments to @card decorator"
    _home = _MODULE

    def __init__(self, card_type: str, args: Any) -> None:
        super().__init__(f"Card of type {card_type} cannot support arguments {args}")


class UnrenderableCardException(MetaflowException):
    headline = "Unable to render @card"
    _home = _MODULE

    def __init__(self, card_type: str, args: Any) -> None:
        import traceback

        super().__init__(
            f"Card of type {card_type} is unable to be rendered with arguments {args}.\nStack trace :  "
            f"{traceback.format_exc()}"
        )


class UnresolvableDatastoreException(MetaflowException):
    headline = "Cannot resolve datastore type from `Task.metadata`"
    _home = _MODULE

    def __init__(self, task: Any) -> None:
        super().__init__(f"Cannot resolve the metadata `ds-type` from task with pathspec : {task.pathspec} ")


class IncorrectArgumentException(MetaflowException):
    headline = "`get_cards` function requires a `Task` object or pathspec as an argument"
    _home = _MODULE

    def __init__(self, obj_type: Any) -> None:
        super().__init__(f"{self.headline}. `task` argument cannot be of type {obj_type}.")


class IncorrectPathspecException(MetaflowException):
    headline = "Pathspec is required of form `flowname/runid/stepname/taskid`"
    _home = _MODULE

    def __init__(self, pthspec: str) -> None:
        super().__init__(f"Pathspec {pthspec} is invalid. {self.headline}")


class ComponentOverwriteNotSupportedException(MetaflowException):
    headline = "Component overwrite is not supported"
    _home = _MODULE

    def __init__(self, component_id: str, card_id: Optional[str], card_type: str) -> None:
        id_text = "" if card_id is None else f"id='{card_id}'"
        super().__init__(
            f"Card component overwrite is not supported. Component with id {component_id} already exists "
            f"in the @card(type='{card_type}', {id_text}). "
            "\nInstead of calling `current.card.components[ID] = MyComponent`. "
            "You can overwrite the entire component Array by calling `current.card.components = [MyComponent]`"
        )
