"""The texts of specs: Jinja2 sources (`*.j2`), their translation to modules (`compiled/`), and their runtime."""
