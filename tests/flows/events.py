"""Events start the flow: one that sets parameters, one of the project's branch, and the end of another flow."""

from metaflow import FlowSpec, Parameter, current, namespaced_event_name, project, step, trigger, trigger_on_finish


@project(name="shop")
@trigger(
    events=[
        {"name": "prices.ready", "parameters": {"table": "table_name", "day": "day"}},
        namespaced_event_name("approved"),
    ],
    options={"reset_at": {"cron": "0 0 * * *", "timezone": "Europe/Berlin"}},
)
@trigger_on_finish(flows=["Cleaning", "billing.prod.Invoices"])
class Events(FlowSpec):
    table = Parameter("table", default="prices")
    day = Parameter("day", default=1)

    @step
    def start(self):
        self.read = (self.table, self.day)
        self.by = [event.name for event in current.trigger] if current.get("trigger") else []
        self.next(self.end)

    @step
    def end(self):
        self.still = [event.name for event in current.trigger] if current.get("trigger") else []


if __name__ == "__main__":
    Events()
