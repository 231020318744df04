# idiom: ids are hashes of rows, and addresses are put together
# expect: compiles
import hashlib
import json
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from metaflow import FlowSpec, step


def fingerprint(row):
    return hashlib.md5(json.dumps(row, sort_keys=True).encode("utf-8")).hexdigest()[:6]


class Hashes(FlowSpec):
    @step
    def start(self):
        self.rows = {fingerprint(row): row for row in ({"a": 1}, {"a": 2})}
        self.url = urljoin("https://example.org/api/", "rows?" + urlencode({"limit": 2, "q": "a b"}))
        self.next(self.end)

    @step
    def end(self):
        self.query = parse_qs(urlsplit(self.url).query)


if __name__ == "__main__":
    Hashes()
