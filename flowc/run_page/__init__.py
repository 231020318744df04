"""The page of a run: one self-contained HTML file (`flowc report`).

`collect` reads the run from the datastore, `page` writes the file. What a browser runs is in `ui/`, as it is written,
and in `dist/`, as `make ui` builds it.
"""
