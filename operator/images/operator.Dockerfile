# The operator. For Docker's classic builder: no heredoc, no --mount.
ARG BASE
FROM ${BASE} AS build
ARG PYTHON_VERSION
# ca.crt is there only where the network has certificate authorities of its own; no such file
# leaves this stage.
COPY LICENSE ca.cr[t] /build/
COPY tools/uv /build/uv
COPY requirements/operator.txt /build/operator.txt
# Bytecode by hash: it stays valid whatever a copy does to time stamps.
RUN set -e; \
    if [ -f /build/ca.crt ]; then export SSL_CERT_FILE=/build/ca.crt; fi; \
    export PYC_INVALIDATION_MODE=UNCHECKED_HASH; \
    python3 -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '${PYTHON_VERSION}' and 'BASE is not Python ${PYTHON_VERSION}')"; \
    python3 -m venv --without-pip /opt/falapp; \
    /build/uv pip install --no-cache --no-config --link-mode=copy --compile-bytecode --no-deps \
      --require-hashes --python /opt/falapp/bin/python -r /build/operator.txt
COPY operator/falapp_operator /build/packages/falapp_operator
COPY operator/falapp_registry /build/packages/falapp_registry
COPY operator/falapp_requirements /build/packages/falapp_requirements
COPY operator/falapp_runner /build/packages/falapp_runner
RUN set -e; \
    find /build/packages -name __pycache__ -prune -exec rm -r {} +; \
    packages="$(/opt/falapp/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; \
    cp -r /build/packages/. "$packages/"; \
    chmod -R a+rX /opt/falapp; \
    for package in falapp_operator falapp_registry falapp_requirements falapp_runner; do \
      python3 -m compileall -q --invalidation-mode unchecked-hash "$packages/$package"; \
    done; \
    /opt/falapp/bin/python -c 'import falapp_operator, falapp_runner.contract'

FROM ${BASE}
COPY --from=build /opt/falapp /opt/falapp
USER 65532:65532
ENTRYPOINT ["/opt/falapp/bin/python", "-m", "falapp_operator"]
