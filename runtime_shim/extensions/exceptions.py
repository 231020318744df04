"""The exceptions of the decorators of extensions. All are Metaflow's own exceptions too."""

from __future__ import annotations

from ..exceptions import MetaflowException


class CheckpointException(MetaflowException):
    """Raised if a checkpoint cannot be saved or listed here."""

    headline = "@checkpoint"


class LoadingException(MetaflowException):
    """Raised if a saved checkpoint or model cannot be loaded."""

    headline = "Loading a model or a checkpoint"


class TorchrunException(MetaflowException):
    """Raised if `torchrun` cannot be started, or fails."""

    headline = "@torchrun"


class DeepspeedException(MetaflowException):
    """Raised if `deepspeed` cannot be started, or fails."""

    headline = "@deepspeed"


class MPIException(MetaflowException):
    """Raised if a command of MPI cannot be started, or fails."""

    headline = "@mpi"


class RayException(MetaflowException):
    """Raised if a cluster of Ray does not start."""

    headline = "@metaflow_ray"


class GangException(MetaflowException):
    """Raised if the nodes of a gang do not find each other."""

    headline = "Starting the nodes of a gang"
