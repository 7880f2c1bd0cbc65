"""`make vectors`: every vector again, from the independent implementations. `git diff` then says whether a
format changed."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    for builder in ("build_crypto_vectors.py", "build_log_vectors.py", "build_receipt_vectors.py"):
        subprocess.run([sys.executable, str(HERE / builder)], check=True)
