"""`make vectors`: every vector again, from the independent implementations. `git diff` then says whether a
format changed."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    builders = ("crypto", "log", "receipt", "certificate")
    for builder in (f"build_{name}_vectors.py" for name in builders):
        subprocess.run([sys.executable, str(HERE / builder)], check=True)
