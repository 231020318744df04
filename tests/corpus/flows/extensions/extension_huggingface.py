# idiom: a repository of Hugging Face that one step keeps and the tasks of a foreach load
# expect: compiles
# metaflow: needs metaflow-checkpoint and a network
# run: huggingface_hub is not installed here
from metaflow import FlowSpec, Parameter, current, huggingface_hub, kubernetes, model, step


class Questions(FlowSpec):
    repository = Parameter("repository", default="org/small-model")

    @huggingface_hub(cache_scope="flow")
    @step
    def start(self):
        self.language_model = current.huggingface_hub.snapshot_download(
            repo_id=self.repository, allow_patterns=["*.safetensors", "*.json"]
        )
        self.questions = ["who", "what"]
        self.next(self.answer, foreach="questions")

    @kubernetes(gpu=1, image="registry.example/llm:1")
    @model(load=[("language_model", "/tmp/model")])
    @step
    def answer(self):
        self.text = f"{self.input} from {current.model.loaded['language_model']}"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.answers = [one.text for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.answers)


if __name__ == "__main__":
    Questions()
