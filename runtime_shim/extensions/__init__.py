"""The decorators of public Metaflow extensions, as they run in a task: checkpoints, models, gangs with launchers.

    of_task.py          what runs around the step: start reading here
    saved_files.py      files and folders as objects of the datastore, and back
    references.py       references to what was saved, and `load_model`, `delete_model`
    checkpoints.py      where the checkpoints of a task are: writing, listing, the latest one
    checkpoint.py       `@checkpoint`: `current.checkpoint`, and the class `Checkpoint`
    model.py            `@model`: `current.model`
    huggingface.py      `@huggingface_hub`: `current.huggingface_hub`
    gpu_profile.py      `@gpu_profile`
    nodes.py            how the nodes of a gang find each other
    commands.py         the commands that launchers are started with
    torchrun.py, deepspeed.py, mpi.py, ray.py, tensorflow.py    one launcher each
    exceptions.py       the exceptions that users see

Everything here is imported only by tasks of steps with such a decorator. docs/extensions.md is the page for users.
"""
