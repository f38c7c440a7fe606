# The builder: the tools that a build pod copies into its base image's container, and the steps
# that run here: `plan` and `publish`.
# For Docker's classic builder: no heredoc, no --mount.
ARG BASE

# git for bases that have none: with its libraries and their loader, it needs a shell and nothing else.
FROM ${BASE} AS git
# ca.crt is there only where the network has certificate authorities of its own; no such file
# leaves a stage.
COPY LICENSE ca.cr[t] /build/
RUN set -e; \
    if [ -f /build/ca.crt ]; then \
      echo 'Acquire::https::CAInfo "/build/ca.crt";' > /etc/apt/apt.conf.d/90falapp; \
    fi; \
    apt-get -qq update; \
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends git > /dev/null
COPY operator/falapp_builder/tools/git.sh /falapp/tools/git/core/git
RUN set -e; \
    from=$(git --exec-path); to=/falapp/tools/git; \
    mkdir -p /falapp/tools/bin $to/real $to/lib $to/templates; \
    cp -L $(command -v git) $from/git-remote-http $from/git-remote-https \
      $from/git-sh-i18n--envsubst $to/real/; \
    cp -L $from/git-submodule $from/git-sh-setup $from/git-sh-i18n $to/core/; \
    ldd $to/real/* | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | xargs cp -L -t $to/lib; \
    cp -L "$(ldd $to/real/git | sed -n 's/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p')" $to/lib/ld.so; \
    chmod -R a+rX $to; \
    chmod a+x $to/core/git $to/lib/ld.so; \
    for name in remote-http remote-https upload-pack sh-i18n--envsubst; do \
      ln -s git $to/core/git-$name; \
    done; \
    printf '#!/bin/sh\nexec "${0%%/*}/../git/core/git" "$@"\n' > /falapp/tools/bin/git; \
    chmod a+x /falapp/tools/bin/git; \
    /falapp/tools/bin/git --version

FROM ${BASE} AS build
ARG PYTHON_VERSION
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
    rm -f /opt/falapp/bin/uvx /opt/falapp/bin/pip*; \
    mv /opt/falapp/lib/python*/site-packages/pip /falapp/tools/pip; \
    rm -r /opt/falapp/lib/python*/site-packages/pip-*.dist-info; \
    cp "$(/opt/falapp/bin/python -m certifi)" /falapp/tools/cacert.pem
COPY operator/falapp_builder /falapp/tools/falapp_builder
COPY operator/falapp_requirements /falapp/tools/falapp_requirements
COPY operator/falapp_registry /build/falapp_registry
RUN set -e; \
    find /falapp/tools/falapp_* /build/falapp_* -name __pycache__ -prune -exec rm -r {} +; \
    mv /falapp/tools/falapp_builder/tools/*.py /falapp/tools/; \
    rm /falapp/tools/falapp_builder/tools/git.sh; \
    rmdir /falapp/tools/falapp_builder/tools; \
    cp -r /falapp/tools/falapp_* /build/falapp_registry \
      "$(/opt/falapp/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/"; \
    chmod -R a+rX /falapp /opt/falapp; \
    for folder in /falapp/tools/falapp_* /opt/falapp/lib/python*/site-packages/falapp_*; do \
      python3 -m compileall -q --invalidation-mode unchecked-hash "$folder"; \
    done; \
    python3 /falapp/tools/pip --version; \
    for module in plan.__main__ publish.__main__ publish.dockerfile relay.application source.__main__; do \
      /opt/falapp/bin/python -c "import falapp_builder.$module"; \
    done

FROM ${BASE}
COPY --from=build /opt/falapp /opt/falapp
COPY --from=build /falapp /falapp
COPY --from=git /falapp /falapp
USER 65532:65532
ENTRYPOINT ["/opt/falapp/bin/python", "-m", "falapp_builder.publish"]
