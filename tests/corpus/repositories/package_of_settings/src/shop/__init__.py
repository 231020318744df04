from . import limits
from .settings import SETTINGS

TEAM = "shop"
__all__ = ["SETTINGS", "TEAM", "limits"]
