"""Every form in which Python binds an attribute."""
import contextlib
from dataclasses import dataclass, field

import metaflow as mf


@dataclass
class Point:
    x: int
    y: int = 2
    more: list = field(default_factory=list)


class BindingForms(mf.FlowSpec):
    size: int = 3
    table = {"a": [1, 2]}

    @mf.step
    def start(self):
        self.a: int = 1
        self.b, (self.c, *self.d) = 2, (3, 4, 5)
        self.a += 10
        for self.i in range(3):
            pass
        with contextlib.nullcontext("inside") as self.e:
            pass
        if (n := len(self.d)) > 1:
            self.n = n
        [setattr(self, f"s{k}", k * k) for k in range(3)]
        self.__dict__["direct"] = "by dict"
        vars(self)["direct_too"] = "by vars"
        self.point = Point(1, more=[self.table])
        self.point.x = 7
        match self.d:
            case [first, *rest]:
                self.first, self.rest = first, rest
        try:
            raise ValueError("no")
        except ValueError as error:
            self.error = str(error)
        finally:
            self.finally_ran = True
        self.table2 = dict(self.table, b=self.size)
        self.x = self.y = []
        self.x.append(1)
        self.größe = 1.5
        self._one = "_"
        self.next(self.middle)

    @mf.step
    def middle(self):
        self.same = self.x is self.y
        self.y.append(2)
        self.seen = sorted(k for k in ("direct", "direct_too", "s1", "_one", "größe") if hasattr(self, k))
        self.mine = 1
        del self.mine
        self.has = hasattr(self, "mine")
        self.absent = getattr(self, "absent_name", "default")
        self.point.more.append("again")
        self.next(self.end)

    @mf.step
    def end(self):
        self.final = (self.x, self.y, self.point, self.i, self.e)


if __name__ == "__main__":
    BindingForms()
