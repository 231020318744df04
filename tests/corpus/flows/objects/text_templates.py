# idiom: prompts and queries are templates, filled in steps
# expect: compiles
import re
import string
import textwrap

from metaflow import FlowSpec, step

PROMPT = string.Template("Summarize $title in ${count} words; pay $$5.")
QUERY = textwrap.dedent(
    """\
    SELECT *
    FROM {table}
    WHERE name LIKE '%%%s%%'
    """
)


class Templates(FlowSpec):
    @step
    def start(self):
        self.prompt = PROMPT.substitute(title="a book", count=3)
        self.query = QUERY.format(table="t") % "x"
        self.next(self.end)

    @step
    def end(self):
        self.words = re.findall(r"(?P<word>\b[a-z]{4,}\b)", self.prompt)
        self.slug = re.sub(r"\W+", "-", self.prompt.lower()).strip("-")


if __name__ == "__main__":
    Templates()
