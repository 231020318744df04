"""Templates translated to Python by `python -m flowc.templates.build`; generated, not to be edited."""
