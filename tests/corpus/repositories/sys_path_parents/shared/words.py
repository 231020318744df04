GREETING = "good morning"
