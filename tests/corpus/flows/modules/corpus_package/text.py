from . import constants


def describe(model):
    from .models.linear import Linear

    kind = "linear" if isinstance(model, Linear) else "other"
    return f"{constants.PREFIX}: {kind}"
