# The course with all it needs:
#     docker build -t colorkit .
#     docker run -p 8888:8888 colorkit                  # Jupyter, with the notebooks
#     docker run -v "$PWD:/photos" colorkit colorkit colorize /photos -o /photos/colored
# With a GPU the same image serves: `docker run --gpus all …`; the lock's PyTorch carries CUDA.
ARG BASE=python:3.12-slim
FROM ${BASE}
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make chromium \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /colorkit
COPY requirements.lock pyproject.toml make.py README.md LICENSE ./
COPY colorkit ./colorkit
COPY notebooks ./notebooks
RUN python3 make.py install
COPY . .
ENV PATH=/colorkit/.venv/bin:$PATH
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--allow-root", "--no-browser", "notebooks"]
