"""The exceptions that flows see, under Metaflow's names (`metaflow.exception`)."""

from __future__ import annotations

from .contract.semantics import NO_OTHER_ATTEMPT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List, Optional, Tuple

METAFLOW_EXIT_DISALLOW_RETRY = NO_OTHER_ATTEMPT  # for `sys.exit`


class MetaflowException(Exception):
    headline = "Flow failed"
    _home = "metaflow.exception"  # Metaflow's module for the class, which `@catch` writes into `.type`

    def __init__(self, msg: str = "", lineno: Optional[int] = None, source_file: Optional[str] = None) -> None:
        self.message = msg
        self.line_no = lineno
        self.source_file = source_file
        super().__init__(msg)


class InvalidNextException(MetaflowException):
    headline = "Invalid self.next() transition"
    _home = "metaflow.flowspec"


class TimeoutException(MetaflowException):
    headline = "@timeout"
    _home = "metaflow.plugins.timeout_decorator"


class UnpicklableArtifactException(MetaflowException):
    headline = "Cannot pickle artifact"
    _home = "metaflow.datastore.exceptions"


class MetaflowDataMissing(MetaflowException):
    headline = "Data missing"


class MetaflowNotFound(MetaflowException):
    headline = "Object not found"


class MetaflowInvalidPathspec(MetaflowException):
    headline = "Invalid pathspec"


class MetaflowNamespaceMismatch(MetaflowException):
    headline = "Object not in the current namespace"

    def __init__(self, namespace: Optional[str]) -> None:
        super().__init__(f"Object not in namespace '{namespace}'; `namespace(None)` shows the runs of everybody")


class MetaflowTaggingError(MetaflowException):
    headline = "Tagging error"


class MetaflowInternalError(MetaflowException):
    headline = "Internal error"


class MetaflowUnknownUser(MetaflowException):
    headline = "Unknown user"

    def __init__(self) -> None:
        super().__init__("the user's name is unknown: set METAFLOW_USER")


class ParameterFieldFailed(MetaflowException):
    headline = "Parameter field failed"

    def __init__(self, name: str, field: str = "") -> None:
        super().__init__(f"field {field!r} of parameter {name!r} cannot be evaluated" if field else name)


class ParameterFieldTypeMismatch(MetaflowException):
    headline = "Parameter field with a mismatching type"


class InvalidDecoratorAttribute(MetaflowException):
    headline = "Unknown decorator attribute"

    def __init__(self, deconame: str, attr: str, defaults: Iterable[str]) -> None:
        super().__init__(f"@{deconame} has no attribute {attr!r}; it has {', '.join(defaults)}")


class DuplicateFlowDecoratorException(MetaflowException):
    headline = "Duplicate decorators"
    _home = "metaflow.decorators"

    def __init__(self, deco: str) -> None:
        super().__init__(f"Flow already has a decorator '{deco}'. You can specify each decorator only once.")


class DuplicateStepDecoratorException(MetaflowException):
    headline = "Duplicate decorators"
    _home = "metaflow.decorators"

    def __init__(self, deco: str, step: str) -> None:
        super().__init__(f"Step '{step}' already has a decorator '{deco}'. You can specify this decorator only once.")


class CommandException(MetaflowException):
    headline = "Invalid command"


class ExternalCommandFailed(MetaflowException):
    headline = "External command failed"


class MulticoreException(Exception):
    _home = "metaflow.multicore_utils"


class FailureHandledByCatch(MetaflowException):
    headline = "Task execution failed but @catch handled it"
    _home = "metaflow.plugins.catch_decorator"

    def __init__(self, retry_count: int) -> None:
        super().__init__(
            f"{retry_count} attempts ended without an exception from the step: its process was stopped or died"
        )


class UnhandledInMergeArtifactsException(MetaflowException):
    headline = "Unhandled artifacts in merge"

    def __init__(self, msg: str, unhandled: List[str]) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled


class MissingInMergeArtifactsException(MetaflowException):
    headline = "Missing artifacts in merge"

    def __init__(self, msg: str, unhandled: List[str]) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled


class MetaflowExceptionWrapper(Exception):
    """The artifact of `@catch(var=…)`: the exception as text, which later steps can read without the user's modules."""

    def __init__(self, exc: Optional[BaseException] = None, main: str = "") -> None:
        """Converts the exception to text.

        `main` is the module of the flow's file, which Metaflow runs as `__main__`.
        """
        super().__init__(str(exc))
        self.exception = str(exc)
        home = getattr(type(exc), "_home", "") if type(exc).__module__ == __name__ else type(exc).__module__
        self.type = f"{'__main__' if home == main else home}.{type(exc).__name__}"
        import traceback

        self.stacktrace = (
            "".join(traceback.format_exception(type(exc), exc, exc.__traceback__)) if exc is not None else None
        )
        if self.stacktrace and type(exc).__module__ == __name__:
            self.stacktrace = self.stacktrace.replace(f"\n{__name__}.{type(exc).__name__}", f"\n{self.type}")
        elif self.stacktrace and main:
            self.stacktrace = self.stacktrace.replace(f"\n{main}.", "\n")  # as Python names a class of `__main__`

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuilt, (self.exception, self.type, self.stacktrace)

    def __str__(self) -> str:
        return self.stacktrace or f"[no stacktrace]\n{self.type}: {self.exception}"

    __repr__ = __str__


def _rebuilt(exception: str, kind: str, stacktrace: Optional[str]) -> MetaflowExceptionWrapper:
    wrapper = MetaflowExceptionWrapper.__new__(MetaflowExceptionWrapper)
    wrapper.exception, wrapper.type, wrapper.stacktrace = exception, kind, stacktrace
    wrapper.args = (exception,)
    return wrapper
