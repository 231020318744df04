import ring.base
GREETING = "good morning"
