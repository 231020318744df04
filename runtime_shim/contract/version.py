"""The version of flowc."""

VERSION = "0.1.0"
