# llms-meet-ner in a container (docs/install.md). EXTRAS=onnx makes an image without torch, which runs exported students.
#   docker build --tag llms-meet-ner .
#   docker run --rm --gpus all --user "$(id -u):$(id -g)" -v "$PWD:/home/lmn" llms-meet-ner lmn-train recipes/qwen25_conll.yaml

FROM python:3.11-slim AS installed
ARG EXTRAS=train,tag
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/llms-meet-ner
COPY . .
RUN PIP_NO_CACHE_DIR=1 make install EXTRAS="$EXTRAS"

FROM python:3.11-slim
COPY --from=installed /opt/llms-meet-ner /opt/llms-meet-ner
RUN useradd --create-home --home-dir /home/lmn --uid 1000 lmn \
    && mkdir /home/lmn/models \
    && chown -R lmn:lmn /home/lmn
ENV PATH=/opt/llms-meet-ner/.venv/bin:$PATH \
    HF_HOME=/home/lmn/models/hub \
    PYTHONUNBUFFERED=1
USER lmn
WORKDIR /home/lmn
VOLUME /home/lmn
CMD ["lmn-tag", "--help"]
