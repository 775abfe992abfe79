#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second implementation of the handshake and of records, which prints the entries of link.hpp. Needs the package cryptography.
It follows the Noise specification and the byte pictures in overlay/link/handshake.hpp and link.hpp, and shares no code with them."""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NETWORK = bytes([7] * 32)


def key(n):
    return bytes((n * 31 + i * 7 + 1) & 255 for i in range(32))


def raw_public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public(secret):
    return raw_public(X25519PrivateKey.from_private_bytes(secret))


def dh(secret, theirs):
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(theirs))


def seal(k, nonce, ad, plain):
    return ChaCha20Poly1305(k).encrypt(bytes(4) + struct.pack("<Q", nonce), plain, ad)


def hkdf(ck, data, count):
    temp, out, previous = hmac.new(ck, data, hashlib.blake2b).digest(), [], b""
    for i in range(count):
        previous = hmac.new(temp, previous + bytes([i + 1]), hashlib.blake2b).digest()
        out.append(previous)
    return out


class Symmetric:
    def __init__(self, name, prologue):
        self.h = self.ck = name.ljust(64, b"\0")
        self.k, self.n = None, 0
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = hashlib.blake2b(self.h + data).digest()

    def mix_key(self, data):
        self.ck, k = hkdf(self.ck, data, 2)
        self.k, self.n = k[:32], 0

    def mix_key_and_hash(self, data):
        self.ck, h, k = hkdf(self.ck, data, 3)
        self.mix_hash(h)
        self.k, self.n = k[:32], 0

    def encrypt(self, plain):
        cipher = plain if self.k is None else seal(self.k, self.n, self.h, plain)
        self.n += 1
        self.mix_hash(cipher)
        return cipher


def link(closed):
    identity = [Ed25519PrivateKey.from_private_bytes(key(n)) for n in (1, 2)]
    static, ephemeral = [key(101), key(102)], [key(50), key(51)]
    record = [b"first", b"second record"]
    preface = b"BOAT" + bytes([1, 1, int(closed), 0])
    psk = [hashlib.blake2b(label + b"\x01", digest_size=32, key=key(40)).digest() for label in (b"boato/1 psk0", b"boato/1 psk3")]
    name = b"Noise_XXpsk0+psk3_25519_ChaChaPoly_BLAKE2b" if closed else b"Noise_XX_25519_ChaChaPoly_BLAKE2b"
    noise = Symmetric(name, b"boato-link-v1" + preface + NETWORK)

    def payload(role):
        claim = b"boato/1 link\0" + bytes([role]) + NETWORK + public(static[role]) + noise.h
        fixed = struct.pack(">QQHH", role + 1, 3 * (role + 1), 0, len(record[role]))
        return b"\x01" + raw_public(identity[role]) + identity[role].sign(claim) + fixed + record[role]

    def mix_ephemeral(role):
        noise.mix_hash(public(ephemeral[role]))
        if closed:
            noise.mix_key(public(ephemeral[role]))

    if closed:
        noise.mix_key_and_hash(psk[0])
    mix_ephemeral(0)
    first = public(ephemeral[0]) + noise.encrypt(b"")

    mix_ephemeral(1)
    noise.mix_key(dh(ephemeral[0], public(ephemeral[1])))
    second = public(ephemeral[1]) + noise.encrypt(public(static[1]))
    noise.mix_key(dh(ephemeral[0], public(static[1])))
    second += noise.encrypt(payload(1))

    third = noise.encrypt(public(static[0]))
    noise.mix_key(dh(static[0], public(ephemeral[1])))
    if closed:
        noise.mix_key_and_hash(psk[1])
    third += noise.encrypt(payload(0))

    from_dialler, from_listener = (k[:32] for k in hkdf(noise.ck, b"", 2))
    confirm = seal(from_listener, 0, b"", b"\x05" + raw_public(identity[0]))
    frame = seal(from_dialler, 0, b"", b"\x01" + struct.pack(">I", 5) + b"hello")

    def with_length(message):
        return struct.pack(">H", len(message)) + message

    return [preface + with_length(first)] + [with_length(m) for m in (second, third, confirm, frame)] + [noise.h[:16]]


def literal(data):
    text = data.hex()
    return "\n     ".join('"%s"' % text[i : i + 96] for i in range(0, len(text), 96))


for closed in (True, False):
    entry = ",\n     ".join(literal(part) for part in link(closed))
    print("    {%s,\n     %s}," % ("true" if closed else "false", entry))
