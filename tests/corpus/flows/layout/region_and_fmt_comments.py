# idiom: editors' comments between decorators and definitions
# expect: compiles
from metaflow import FlowSpec, retry, step

# %% [markdown]
# # A flow from an editor with cells

# %%
# fmt: off
class Celled(FlowSpec):
    # region start
    @retry(times=0)
    # the decorator above is for later
    @step
    # pylint: disable=attribute-defined-outside-init
    def start(self):
        self.matrix = [[1,0],
                       [0,1]]
        self.next(self.end)
    # endregion

    @step
    def end(self): pass
# fmt: on

# %%
if __name__ == "__main__":
    Celled()
