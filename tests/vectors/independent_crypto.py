"""A second implementation of what the vault's formats rest on, used only to build the vectors.

Written from the standards and sharing no line with `vault.crypto`: HKDF (RFC 5869), HPKE base mode (RFC 9180)
with a chosen ephemeral key, ML-KEM-768 encapsulation with chosen randomness (FIPS 203), the X-Wing combiner,
and the field of GCM. AES-GCM, X25519 and ML-KEM key generation are borrowed. Slow, not constant time: never
for real keys.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    block, out, counter = b"", b"", 1
    while len(out) < length:
        block = mac(prk, block + info + bytes([counter]))
        out, counter = out + block, counter + 1
    return out[:length]


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int = 32) -> bytes:
    return expand(mac(salt or bytes(32), ikm), info, length)


def lp(*parts: bytes | str | int) -> bytes:
    out = b""
    for part in parts:
        data = struct.pack(">I", part) if isinstance(part, int) else part
        data = data.encode() if isinstance(data, str) else data
        out += struct.pack(">I", len(data)) + data
    return out


def gcm(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, plaintext, aad)


# --- ML-KEM-768 encapsulation (FIPS 203, algorithms 9, 10, 11, 7, 8, 14, 17) ---
Q = 3329


def _reversed7(i: int) -> int:
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, _reversed7(i), Q) for i in range(128)]
Poly = list[int]


def _ntt(f: Poly) -> Poly:
    f, i, size = f[:], 1, 128
    while size >= 2:
        for start in range(0, 256, 2 * size):
            for j in range(start, start + size):
                t = ZETAS[i] * f[j + size] % Q
                f[j + size], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
            i += 1
        size //= 2
    return f


def _inverse_ntt(f: Poly) -> Poly:
    f, i, size = f[:], 127, 2
    while size <= 128:
        for start in range(0, 256, 2 * size):
            for j in range(start, start + size):
                t = f[j]
                f[j] = (t + f[j + size]) % Q
                f[j + size] = ZETAS[i] * (f[j + size] - t) % Q
            i -= 1
        size *= 2
    return [x * 3303 % Q for x in f]


def _times(a: Poly, b: Poly) -> Poly:
    c: Poly = []
    for i in range(128):
        gamma = pow(17, 2 * _reversed7(i) + 1, Q)
        a0, a1, b0, b1 = a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]
        c += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return c


def _plus(*polys: Poly) -> Poly:
    return [sum(column) % Q for column in zip(*polys, strict=True)]


def _uniform(seed: bytes) -> Poly:
    stream, out = hashlib.shake_128(seed).digest(2000), []
    for a, b, c in zip(stream[0::3], stream[1::3], stream[2::3], strict=False):
        out += [d for d in (a + 256 * (b % 16), b // 16 + 16 * c) if d < Q]
    return out[:256]


def _bits(data: bytes) -> list[int]:
    return [byte >> i & 1 for byte in data for i in range(8)]


def _centred(seed: bytes, counter: int) -> Poly:
    b = _bits(hashlib.shake_256(seed + bytes([counter])).digest(128))
    return [(b[4 * i] + b[4 * i + 1] - b[4 * i + 2] - b[4 * i + 3]) % Q for i in range(256)]


def _packed(f: Poly, width: int) -> bytes:
    total = sum(x << width * i for i, x in enumerate(f))
    return total.to_bytes(32 * width, "little")


def _unpacked(data: bytes, width: int) -> Poly:
    total = int.from_bytes(data, "little")
    return [(total >> width * i) % (1 << width) for i in range(256)]


def _compressed(f: Poly, width: int) -> bytes:
    return _packed([((x << width) + Q // 2) // Q % (1 << width) for x in f], width)


def mlkem768_encapsulate(public: bytes, m: bytes) -> tuple[bytes, bytes]:
    """(shared secret, ciphertext) for the 32 chosen random bytes m."""
    digest = hashlib.sha3_512(m + hashlib.sha3_256(public).digest()).digest()
    shared, r = digest[:32], digest[32:]
    t, rho = [_unpacked(public[384 * i : 384 * (i + 1)], 12) for i in range(3)], public[1152:]
    y = [_ntt(_centred(r, i)) for i in range(3)]
    u = [
        _plus(
            _inverse_ntt(_plus(*(_times(_uniform(rho + bytes([i, j])), y[j]) for j in range(3)))),
            _centred(r, 3 + i),
        )
        for i in range(3)
    ]
    message = [bit * ((Q + 1) // 2) for bit in _bits(m)]
    v = _plus(_inverse_ntt(_plus(*(_times(t[i], y[i]) for i in range(3)))), _centred(r, 6), message)
    return shared, b"".join(_compressed(f, 10) for f in u) + _compressed(v, 4)


# --- HPKE (RFC 9180) ---
def _labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return mac(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(prk, struct.pack(">H", length) + b"HPKE-v1" + suite + label + info, length)


def _seal(kem_id: int, shared: bytes, enc: bytes, info: bytes, plaintext: bytes) -> bytes:
    suite = b"HPKE" + struct.pack(">HHH", kem_id, 1, 2)
    context = b"\0" + b"".join(
        _labeled_extract(suite, b"", label, value)
        for label, value in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    secret = _labeled_extract(suite, shared, b"secret", b"")
    key = _labeled_expand(suite, secret, b"key", context, 32)
    nonce = _labeled_expand(suite, secret, b"base_nonce", context, 12)
    return enc + gcm(key, nonce, b"", plaintext)


def _diffie_hellman(ephemeral: bytes, public: bytes) -> tuple[bytes, bytes]:
    private = X25519PrivateKey.from_private_bytes(ephemeral)
    return private.exchange(
        X25519PublicKey.from_public_bytes(public)
    ), private.public_key().public_bytes_raw()


def hpke_x25519(public: bytes, ephemeral: bytes, info: bytes, plaintext: bytes) -> bytes:
    dh, enc = _diffie_hellman(ephemeral, public)
    suite = b"KEM" + struct.pack(">H", 0x20)
    prk = _labeled_extract(suite, b"", b"eae_prk", dh)
    shared = _labeled_expand(suite, prk, b"shared_secret", enc + public, 32)
    return _seal(0x20, shared, enc, info, plaintext)


def hpke_hybrid(public: bytes, m: bytes, ephemeral: bytes, info: bytes, plaintext: bytes) -> bytes:
    shared_m, ct_m = mlkem768_encapsulate(public[:1184], m)
    shared_x, ct_x = _diffie_hellman(ephemeral, public[1184:])
    shared = hashlib.sha3_256(shared_m + shared_x + ct_x + public[1184:] + b"\\.//^\\").digest()
    return _seal(0x647A, shared, ct_m + ct_x, info, plaintext)


def public_of_seed(seed: bytes) -> bytes:
    x25519 = X25519PrivateKey.from_private_bytes(seed[-32:]).public_key().public_bytes_raw()
    if len(seed) == 32:
        return x25519
    return MLKEM768PrivateKey.from_seed_bytes(seed[:64]).public_key().public_bytes_raw() + x25519


# --- One ciphertext for two GCM keys ---
def _gf_times(a: int, b: int) -> int:
    product = 0
    for i in range(127, -1, -1):
        if b >> i & 1:
            product ^= a
        a = a >> 1 ^ (0xE1 << 120 if a & 1 else 0)
    return product


def _gf_power(a: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = _gf_times(result, a)
        a, exponent = _gf_times(a, a), exponent >> 1
    return result


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _hash_key_and_mask(key: bytes) -> tuple[int, int]:
    """H = E(0), and E(J0) for a nonce of twelve zero bytes: the raw blocks GCM is made of."""
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - two known blocks, no message
    return _int(block.update(bytes(16))), _int(block.update(bytes(15) + b"\1"))


def _ghash(h: int, data: bytes) -> int:
    y = 0
    for i in range(0, len(data), 16):
        y = _gf_times(y ^ _int(data[i : i + 16]), h)
    return y


def two_key_ciphertext(key1: bytes, key2: bytes, aad: bytes, ciphertext: bytes, free: int) -> bytes:
    """The ciphertext with its 16-byte block number `free` replaced, then a tag, that AES-GCM accepts under
    both keys with the zero nonce (the construction of Dodis, Grubbs, Ristenpart and Woodage, CRYPTO 2018)."""
    (h1, mask1), (h2, mask2) = _hash_key_and_mask(key1), _hash_key_and_mask(key2)
    start = 16 * free
    blank = ciphertext[:start] + bytes(16) + ciphertext[start + 16 :]

    def tag(h: int, mask: int, data: bytes) -> int:
        lengths = struct.pack(">QQ", 8 * len(aad), 8 * len(data))
        return _ghash(h, aad + bytes(-len(aad) % 16) + data + bytes(-len(data) % 16) + lengths) ^ mask

    difference = tag(h1, mask1, blank) ^ tag(h2, mask2, blank)
    rank = (len(ciphertext) + 15) // 16 - free + 1  # the power of H that multiplies the free block
    coefficient = _gf_power(h1, rank) ^ _gf_power(h2, rank)
    block = _gf_times(difference, _gf_power(coefficient, 2**128 - 2))
    data = ciphertext[:start] + block.to_bytes(16, "big") + ciphertext[start + 16 :]
    return data + tag(h1, mask1, data).to_bytes(16, "big")
