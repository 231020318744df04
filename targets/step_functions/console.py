"""Addresses of pages in AWS's console."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .account import Account

_HOSTS = {
    "aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com",
}  # fmt: skip


def machine_page(account: Account, arn: str) -> str:
    """Returns the address of a state machine's page; "" in a partition whose console is unknown."""
    return _page(account, f"statemachines/view/{arn}")


def execution_page(account: Account, arn: str) -> str:
    """Returns the address of an execution's page; "" in a partition whose console is unknown."""
    return _page(account, f"v2/executions/details/{arn}")


def _page(account: Account, path: str) -> str:
    host = _HOSTS.get(account.partition, "")
    return f"https://{account.region}.{host}/states/home?region={account.region}#/{path}" if host else ""
