REGION = "eu"


class Limits:
    CPU = 2
    HOURS = 3


def hours(n):
    return n * 60
