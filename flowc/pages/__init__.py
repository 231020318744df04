"""Pages for a browser: of a run (`flowc report`, `flowc ui`), and of a flow (`flowc show --format html`).

`run_data` reads a run from the datastore, `run_page` makes it one self-contained HTML file, and `server` serves the
same page live. What a browser runs is in `ui/`, as it is written, and in `dist/`, as `make ui` builds it.
"""
