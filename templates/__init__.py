"""The text of every target's spec: Jinja2 sources (`*.j2`), their translation to modules (`compiled/`), and what renders them."""
