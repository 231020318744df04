# idiom: the last step tags the run
# expect: compiles
from metaflow import FlowSpec, Run, current, step


class Tagging(FlowSpec):
    @step
    def start(self):
        self.good = True
        self.next(self.end)

    @step
    def end(self):
        run = Run(current.flow_name + "/" + current.run_id)
        run.add_tag("reviewed")
        if self.good:
            run.add_tags(["good", "candidate"])
            run.replace_tag("candidate", "released")
        self.tags = sorted(run.user_tags)


if __name__ == "__main__":
    Tagging()
