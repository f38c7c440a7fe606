# The builder: the tools that a build pod copies into its base image's container, and `publish`.
# For Docker's classic builder: no heredoc, no --mount.
ARG BASE
FROM ${BASE} AS build
ARG PYTHON_VERSION
# ca.crt is there only where the network has certificate authorities of its own; no such file
# leaves this stage.
COPY LICENSE ca.cr[t] /build/
COPY tools/uv /build/uv
COPY requirements/builder.txt /build/builder.txt
# Bytecode by hash: it stays valid whatever a copy does to time stamps.
RUN set -e; \
    if [ -f /build/ca.crt ]; then export SSL_CERT_FILE=/build/ca.crt; fi; \
    export PYC_INVALIDATION_MODE=UNCHECKED_HASH; \
    python3 -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '${PYTHON_VERSION}' and 'BASE is not Python ${PYTHON_VERSION}')"; \
    python3 -m venv --without-pip /opt/falapp; \
    /build/uv pip install --no-cache --no-config --link-mode=copy --compile-bytecode --no-deps \
      --require-hashes --python /opt/falapp/bin/python -r /build/builder.txt; \
    mkdir -p /falapp/tools; \
    mv /opt/falapp/bin/uv /falapp/tools/uv; \
    rm -f /opt/falapp/bin/uvx; \
    cp "$(/opt/falapp/bin/python -m certifi)" /falapp/tools/cacert.pem
COPY operator/falapp_builder /falapp/tools/falapp_builder
COPY operator/falapp_requirements /falapp/tools/falapp_requirements
RUN set -e; \
    find /falapp/tools/falapp_* -name __pycache__ -prune -exec rm -r {} +; \
    mv /falapp/tools/falapp_builder/tools/*.py /falapp/tools/; \
    rmdir /falapp/tools/falapp_builder/tools; \
    cp -r /falapp/tools/falapp_* \
      "$(/opt/falapp/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/"; \
    chmod -R a+rX /falapp /opt/falapp; \
    for folder in /falapp/tools/falapp_* /opt/falapp/lib/python*/site-packages/falapp_*; do \
      python3 -m compileall -q --invalidation-mode unchecked-hash "$folder"; \
    done; \
    /opt/falapp/bin/python -c 'import falapp_builder.publish'

FROM ${BASE}
COPY --from=build /opt/falapp /opt/falapp
COPY --from=build /falapp /falapp
USER 65532:65532
ENTRYPOINT ["/opt/falapp/bin/python", "-m", "falapp_builder.publish"]
