#!/usr/bin/env bash
# Makes a notebook of the clone that this file lies in run on Colab, or on any rented machine:
#     !git clone --depth 1 URL && bash colorkit/binder/colab.sh
# The machine's own PyTorch stays if it is new enough. Restart the runtime afterwards, since some
# packages were loaded already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python3 -m pip install --quiet .
colorkit check
