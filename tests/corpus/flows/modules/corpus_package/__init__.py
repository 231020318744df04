from .text import describe

__all__ = ["describe"]
