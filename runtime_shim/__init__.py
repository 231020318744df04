"""The part of flowc that runs in a task's container, and what the other parts share with it.

Standard library only; nothing here imports another part of flowc.

    __main__.py     one task, started by an engine: start reading here, then at task/run_task.py
    contract/       what all parts agree on (addresses, records, graph, parameters, reports):
                    the only folder that the compiler and the targets may import
    task/           one attempt at one task, from its inputs to its record
    user_code/      the flow's module and what it holds: flow class, parameters, decorators, mutators
    artifacts/      values as bytes in the datastore, and back
    store/          datastores: a folder, S3, Google Cloud Storage, Azure
    api/            the names that flows import, `current`, and `import metaflow`
    client/         flows, runs, tasks and artifacts as objects (docs/client.md)
    extensions/     decorators of Metaflow's extensions: checkpoints, models, launchers (docs/extensions.md)
    local/          runs on this machine: the supervisor, and the processes of its tasks
    fast_start/     tricks for speed: each file says what the plain version is, and what the trick saves
    hooks.py        what the package `flowc` adds, where all of it is installed
    exceptions.py, config.py, cards.py, gang.py     Metaflow's exceptions, configs, cards, and `@parallel`

Pickles of artifacts name the contents of exceptions.py, config.py, cards.py, gang.py and client/ by their modules. So
these modules must stay where they are. The contract with engines is docs/shim.md.
"""
