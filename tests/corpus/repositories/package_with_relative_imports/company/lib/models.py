LIMIT = 2


class Doubling:
    def predict(self, rows):
        return [2 * row for row in rows]
