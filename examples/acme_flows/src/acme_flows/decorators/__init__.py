"""Plug-ins of flowc: one decorator a file, and beside it the file of what runs around its steps."""
