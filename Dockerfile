# huebench in a container: docker build --tag huebench .
# For NVIDIA GPUs:         docker build --build-arg DEVICE=cuda --tag huebench:cuda .
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
ARG DEVICE=cpu
ARG EXTRAS=perceptual,external,colorize,study
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY . .
# The torch of PyPI brings CUDA's libraries, 5 GB; for the CPU, PyTorch's index has one without them.
RUN case "$DEVICE" in \
        cpu) export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu ;; \
        cuda) ;; \
        *) echo "DEVICE is cpu or cuda, not '$DEVICE'"; exit 1 ;; \
    esac \
    && python -m venv /opt/huebench \
    && /opt/huebench/bin/pip install --constraint constraints.txt ".[$EXTRAS]"

FROM python:${PYTHON}-slim
COPY --from=build /opt/huebench /opt/huebench
# Any user may run it, with the root file system read-only: only /tmp and the working folder are written.
ENV PATH=/opt/huebench/bin:$PATH \
    HOME=/tmp \
    USER=huebench \
    HUEBENCH_CACHE=/tmp/huebench \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["bench"]
CMD ["--help"]
