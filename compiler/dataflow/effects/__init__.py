"""Effects: what running one function may and must do to the flow object.

Start reading at `records.py`, which defines them.

functions.py   which function a call reaches, and the effects of each, found once
statement.py   a function's body, as Python would run it
expression.py  expressions; calls.py: calls; binding.py: targets of assignments
reader.py      what the reading of one body has found so far
"""
