def clean(rows):
    return [row.strip() for row in rows]
