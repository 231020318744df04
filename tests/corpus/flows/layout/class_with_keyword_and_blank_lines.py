# idiom: blank lines and comments between `@step` and `def`, and a class with empty parentheses around its base
# expect: compiles


from metaflow import (FlowSpec,
                      step)



class Blank(
    FlowSpec,
):

    @step

    # the first

    def start(
        self,
    ):

        self.rows = (
            [1]
            + [2]
        )

        self.next(
            self.end,
        )


    @step
    def end(self):

        """Nothing."""



if __name__ == "__main__":
    Blank()
