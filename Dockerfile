# The image whose init container brings the shim into a step's container: `docker build -t flowc/runtime:0.1 .`
FROM python:3.12-slim AS bundle
COPY . /source
RUN pip install --no-cache-dir /source && python -m flowc.runtime_bundle /runtime

FROM busybox:1.36-uclibc
COPY --from=bundle /runtime /runtime
