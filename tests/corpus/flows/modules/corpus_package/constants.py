PREFIX = "model"
RETRIES = 1
