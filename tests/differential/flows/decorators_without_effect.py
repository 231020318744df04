from metaflow import FlowSpec, card, current, kubernetes, resources, schedule, step, trigger


@schedule(daily=True)
@trigger(event="something")
class DecoratorsWithoutEffect(FlowSpec):
    @resources(cpu=2, memory=5000)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.trigger = current.get("trigger")


if __name__ == "__main__":
    DecoratorsWithoutEffect()
