raise SystemExit("this is not the library")
