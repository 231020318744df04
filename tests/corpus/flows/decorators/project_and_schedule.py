# idiom: `@project` and `@schedule` on the class, and `current` in a step
# expect: compiles
from metaflow import FlowSpec, current, project, schedule, step


@schedule(cron="0 6 * * ?")
@project(name="corpus_demo")
class Scheduled(FlowSpec):
    @step
    def start(self):
        self.project = current.project_name
        self.production = current.is_production
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Scheduled()
