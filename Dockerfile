# The image whose init container brings the shim into a step's container: `docker build -t flowc/runtime:0.1 .`
FROM python:3.12-slim AS bundle
COPY . /source
RUN pip install --no-cache-dir /source && python -m flowc.runtime_bundle /runtime
# the client of gs:// and az:// (docs/shim.md, Stores): for containers with Python 3.11 or newer and glibc
RUN pip install --no-cache-dir --only-binary :all: --target /runtime/clients "obstore>=0.6,<0.20" typing-extensions

# compiled for each Python that a step's image may have, whatever times `cp` gives the files: the first import is then a read
FROM python:3.9-slim AS compiled39
COPY --from=bundle /runtime/flowc /runtime/flowc
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file
FROM python:3.10-slim AS compiled310
COPY --from=compiled39 /runtime /runtime
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file
FROM python:3.11-slim AS compiled311
COPY --from=compiled310 /runtime /runtime
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file
FROM python:3.12-slim AS compiled312
COPY --from=compiled311 /runtime /runtime
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file
FROM python:3.13-slim AS compiled313
COPY --from=compiled312 /runtime /runtime
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file
FROM python:3.14-slim AS compiled314
COPY --from=compiled313 /runtime /runtime
RUN cd /runtime && python -m flowc.runtime_shim.fast_start.one_file

FROM busybox:1.36-uclibc
COPY --from=bundle /runtime /runtime
COPY --from=compiled314 /runtime /runtime
