"""`make vectors`: every vector again, from the independent implementations. `git diff` then says whether a
format changed."""

from tests.vectors import build_crypto_vectors, build_log_vectors

if __name__ == "__main__":
    build_crypto_vectors.build(build_crypto_vectors.HERE)
    build_log_vectors.build(build_log_vectors.HERE)
