# The runtime: fal, what `import fal` needs, and the runner, for one Python minor version.
# An init container copies it into each runner's pod, beside the packages that the app's user chose.
ARG BASE
FROM ${BASE} AS build
COPY LICENSE ca.cr[t] /build/
COPY tools/uv /build/uv
COPY requirements/runtime.txt /build/runtime.txt
# The script's folder is first on sys.path: `--target` leaves console scripts that nobody starts.
RUN if [ -f /build/ca.crt ]; then export SSL_CERT_FILE=/build/ca.crt; fi; \
    /build/uv pip install --python "$(command -v python3)" --target /opt/falapp/runtime \
        --no-deps --require-hashes --no-cache --link-mode copy -r /build/runtime.txt \
    && rm -rf /opt/falapp/runtime/bin
COPY operator/falapp_runner /opt/falapp/runtime/falapp_runner
# unchecked-hash: bytecode that is dated by its source would be stale as soon as `cp -r` copies both
RUN cp /opt/falapp/runtime/falapp_runner/boot.py /opt/falapp/runtime/boot.py \
    && find /opt/falapp/runtime -name __pycache__ -prune -exec rm -rf {} + \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/falapp/runtime \
    && chmod -R a+rX /opt/falapp/runtime

FROM ${BASE}
ARG PYTHON_VERSION
COPY LICENSE /opt/falapp/LICENSE
COPY --from=build /opt/falapp/runtime /opt/falapp/runtime
RUN python3 -c "import sys; v = '%d.%d' % sys.version_info[:2]; \
    sys.exit(v != '${PYTHON_VERSION}' and f'BASE has Python {v}, and PYTHON_VERSION is ${PYTHON_VERSION}')" \
    && cd / && PYTHONPATH=/opt/falapp/runtime python3 -B -c "import falapp_runner.serve, falapp_runner.stores, obstore"
USER 65532:65532
