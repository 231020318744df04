"""The folder with DAG files that an installation reads: on a disk, in a bucket, or in a working tree of git.

    /opt/airflow/dags         a folder that Airflow reads, or that is synchronized to it
    s3://BUCKET/dags          as Amazon MWAA has it
    gs://BUCKET/dags          as Cloud Composer has it
    git:/home/ada/pipelines   a folder in a working tree: a deploy commits the file, and pushes to the upstream branch

Files are written as a whole: no reader ever sees half of one.
"""

from __future__ import annotations

import os

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .dag_folder import Folder


def opened(url: str) -> Folder:
    """Returns the folder. Raises EngineError for one that cannot be there."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("s3", "gs") and separator:
        from .bucket_folder import BucketFolder

        return BucketFolder(url)
    if separator and scheme != "file":
        hint = "write a folder, s3://BUCKET/dags, gs://BUCKET/dags or git:FOLDER"
        raise EngineError(f"the folder of DAG files {url} cannot be opened", hint)
    path = rest if separator else url
    if path.startswith("git:"):
        from .git_folder import GitFolder

        return GitFolder(os.path.abspath(os.path.expanduser(path[4:])))
    from .local_folder import LocalFolder

    return LocalFolder(os.path.abspath(os.path.expanduser(path)))
