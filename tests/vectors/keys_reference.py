#!/usr/bin/env python3
"""Write crypto.txt, keyring.txt and anchor.txt: the vectors of FORMAT.md sections 1, 2 and 11.

A second implementation, straight from the text of FORMAT.md and without
libsodium, so that the vectors do not merely repeat what the program does.
Needs Python 3.9 and, for Argon2id, the reference command `argon2`.
"""
import hashlib
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def noise(name, n):
    """Fixed bytes that look random."""
    return hashlib.shake_256(b"vector " + name.encode()).digest(n)


# ---- BLAKE2b with a purpose ------------------------------------------------

def tagged(tag, x):
    return b"saksi1\0" + tag.encode() + b"\0" + x


def h(tag, x):
    return hashlib.blake2b(tagged(tag, x), digest_size=32).digest()


def prf(key, tag, x, n=32):
    return hashlib.blake2b(tagged(tag, x), digest_size=n, key=key).digest()


# ---- XChaCha20-Poly1305 ----------------------------------------------------

def rotl(v, n):
    return ((v << n) | (v >> (32 - n))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & 0xFFFFFFFF
    s[d] = rotl(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & 0xFFFFFFFF
    s[b] = rotl(s[b] ^ s[c], 7)


def rounds(state):
    s = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(s, i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


CONST = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce12):
    state = CONST + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce12)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, rounds(state))))


def hchacha(key, nonce16):
    s = rounds(CONST + struct.unpack("<8I", key) + struct.unpack("<4I", nonce16))
    return struct.pack("<8I", *(s[:4] + s[12:]))


def chacha_xor(key, counter, nonce12, data):
    out = bytearray()
    for i in range(0, len(data), 64):
        block = chacha_block(key, counter + i // 64, nonce12)
        out += bytes(a ^ b for a, b in zip(data[i:i + 64], block))
    return bytes(out)


def poly1305(key, msg):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(msg), 16):
        acc = (acc + int.from_bytes(msg[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((acc + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def pad16(x):
    return x + bytes(-len(x) % 16)


def seal(key, nonce, ad, plain):
    sub, n12 = hchacha(key, nonce[:16]), bytes(4) + nonce[16:]
    c = chacha_xor(sub, 1, n12, plain)
    mac = poly1305(chacha_block(sub, 0, n12)[:32],
                   pad16(ad) + pad16(c) + struct.pack("<QQ", len(ad), len(c)))
    return nonce + c + mac


# ---- curve 25519: X25519 boxes and Ed25519 ---------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def x25519(scalar, u):
    k = int.from_bytes(scalar, "little") & ~7 & ((1 << 255) - 1) | 1 << 254
    x1 = int.from_bytes(u, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def box(nonce, plain, from_sk, to_pk):
    """NaCl's box with XChaCha20: the first 32 bytes of the stream key Poly1305."""
    shared = hchacha(x25519(from_sk, to_pk), bytes(16))
    sub, n12 = hchacha(shared, nonce[:16]), bytes(4) + nonce[16:]
    c = chacha_xor(sub, 0, n12, bytes(32) + plain)[32:]
    return nonce + poly1305(chacha_block(sub, 0, n12)[:32], c) + c


def sealed_box(one_time_sk, plain, to_pk):
    pk = x25519(one_time_sk, (9).to_bytes(32, "little"))
    nonce = hashlib.blake2b(pk + to_pk, digest_size=24).digest()
    return pk + box(nonce, plain, one_time_sk, to_pk)[24:]


def ed_add(p, q):
    (x1, y1), (x2, y2) = p, q
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P)


def ed_mul(n, p):
    out = (0, 1)
    while n:
        if n & 1:
            out = ed_add(out, p)
        p, n = ed_add(p, p), n >> 1
    return out


def ed_base():
    y = 4 * pow(5, -1, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x, y)


def ed_bytes(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def ed_sign(seed, msg):
    d = hashlib.sha512(seed).digest()
    a = int.from_bytes(d[:32], "little") & ~7 & ((1 << 255) - 1) | 1 << 254
    pk = ed_bytes(ed_mul(a, ed_base()))
    r = int.from_bytes(hashlib.sha512(d[32:] + msg).digest(), "little") % Q
    rb = ed_bytes(ed_mul(r, ed_base()))
    k = int.from_bytes(hashlib.sha512(rb + pk + msg).digest(), "little") % Q
    return pk, rb + ((r + k * a) % Q).to_bytes(32, "little")


# ---- streams (libsodium's secretstream) ------------------------------------

def stream(key, header, chunks):
    """chunks: (plain, ad, final); yields the boxed ones."""
    sub, nonce = hchacha(key, header[:16]), struct.pack("<I", 1) + header[16:]
    for plain, ad, final in chunks:
        c = chacha_xor(sub, 1, nonce, bytes([3 if final else 0]) + bytes(63) + plain)
        pad = bytes((16 - 64 + len(plain)) % 16)  # as libsodium does it
        mac = poly1305(chacha_block(sub, 0, nonce)[:32], pad16(ad) + c + pad +
                       struct.pack("<QQ", len(ad), 64 + len(plain)))
        yield c[:1] + c[64:] + mac
        count = struct.unpack("<I", nonce[:4])[0] + 1
        nonce = struct.pack("<I", count) + bytes(a ^ b for a, b in zip(nonce[4:], mac))


# ---- Argon2id --------------------------------------------------------------

def argon2id(password, salt, ops, kib):
    """The command takes the salt as an argument: so it has no zero byte here."""
    out = subprocess.run([b"argon2", salt, "-id", "-v", "13", "-t", str(ops), "-k", str(kib),
                          "-p", "1", "-l", "32", "-r"], input=password,
                         capture_output=True, check=True).stdout
    return bytes.fromhex(out.decode().strip())


def text_salt(name):
    return noise(name, 8).hex().encode()


# ---- FORMAT.md section 2 ---------------------------------------------------

MIB = 1 << 20


def slot(kdf, number, kind, vault_id, vault_key, nonce):
    key = prf(kdf, "slot", bytes([number]) + vault_id)
    head = bytes([1, kind, 0, 0]) + vault_key
    plain = head + prf(key, "slot-commit", head)
    ad = b"saksi1\0slot\0" + struct.pack("<HBB", 1, 1, number) + vault_id
    return seal(key, nonce, ad, plain + bytes(456 - len(plain)))


def slot_file(ops, mem, generation, vault_id, salt, slots):
    body = b"SAKSIKEY" + struct.pack("<HBBIQQ", 1, 1, 1, ops, mem, generation)
    body += vault_id + salt + bytes(32) + b"".join(slots)
    assert len(body) == 4064
    return body + h("keys-file", body)


def session_file(vault_id, vault_key, ticket, desc, nonce):
    key = prf(ticket, "session-wrap", vault_id + desc)
    ad = b"saksi1\0session\0" + struct.pack("<H", 1) + vault_id + desc
    return b"SAKSIUNL" + struct.pack("<H", 1) + desc + seal(key, nonce, ad, vault_key)


# ---- FORMAT.md section 11 ---------------------------------------------------

def anchor_note(vault_id, vault_key, place, anew, entries, nonce):
    plain = struct.pack("<BBBBI", 1, len(entries), *anew, 0)
    for kind, seq, log, head in entries:
        plain += struct.pack("<B7xQ", kind, seq) + log + head
    plain += bytes(8 + 12 * 80 - len(plain))
    ad = b"saksi1\0anchor\0" + struct.pack("<H", 1) + vault_id + bytes([place])
    return plain, b"\1" + seal(prf(vault_key, "anchor", b""), nonce, ad, plain)


# ---- the files -------------------------------------------------------------

def write(name, head, blocks):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as f:
        f.write(f"# {head}\n# Made by {os.path.basename(sys.argv[0])}; hex unless the test says number.\n")
        for block in blocks:
            f.write("\n")
            for key, value in block.items():
                f.write(f"{key}: {value.hex() if isinstance(value, bytes) else value}\n")


def crypto_blocks():
    for n in (0, 1, 128, 300):
        x = noise(f"hash {n}", n)
        yield {"hash": "test-tag", "in": x, "out": h("test-tag", x)}
    for n in (16, 24, 32, 64):
        k, x = noise(f"prf key {n}", 32), noise(f"prf {n}", 3 * n)
        yield {"prf": "test-tag", "key": k, "in": x, "out": prf(k, "test-tag", x, n)}
    for n in (0, 1, 64, 333):
        k, ad, x = noise(f"seal key {n}", 32), noise(f"ad {n}", n // 3), noise(f"plain {n}", n)
        yield {"seal": "", "key": k, "ad": ad, "in": x,
               "out": seal(k, noise(f"nonce {n}", 24), ad, x)}
    for n in (1, 2):
        seed, x = noise(f"seed {n}", 32), noise(f"signed {n}", 32)
        pk, sig = ed_sign(seed, tagged("test-sig", x))
        yield {"sign": "test-sig", "seed": seed, "pk": pk, "in": x, "out": sig}
    for n in (0, 77):
        b, x = noise(f"box b {n}", 32), noise(f"boxed {n}", n)
        base = (9).to_bytes(32, "little")
        yield {"sealed_box": "", "pk": x25519(b, base), "sk": b, "in": x,
               "out": sealed_box(noise(f"one-time {n}", 32), x, x25519(b, base))}
    k, header = noise("stream key", 32), noise("stream header", 24)
    parts = [(noise("chunk 0", 64), b"", False), (noise("chunk 1", 5), b"ad", False),
             (noise("chunk 2", 100), b"", False), (b"", noise("ad 3", 20), True)]
    out = list(stream(k, header, parts))
    yield {"stream": "", "key": k, "header": header,
           **{f"in{i}": p[0] for i, p in enumerate(parts)},
           **{f"ad{i}": p[1] for i, p in enumerate(parts)},
           **{f"out{i}": o for i, o in enumerate(out)}}
    for n, (ops, mib) in enumerate(((1, 8), (3, 9), (2, 64))):
        pw, salt = noise(f"password {n}", 12 + n), text_salt(f"salt {n}")
        yield {"password": "", "ops": ops, "mib": mib, "salt": salt, "in": pw,
               "out": argon2id(pw, salt, ops, mib * 1024)}


def keyring_blocks():
    vault_id, vault_key = noise("vault id", 16), noise("vault key", 32)
    salt, ops, mib = text_salt("keyring"), 1, 8
    # e and acute accent apart, and a ligature: NFKC makes them one letter, two letters
    typed = "cafe\u0301 \ufb01ve stones in the river"
    other = "second passphrase of somebody else"
    kdf = argon2id("caf\u00e9 five stones in the river".encode(), salt, ops, mib * 1024)
    kdf2 = argon2id(other.encode(), salt, ops, mib * 1024)
    slots = [noise(f"slot {i}", 496) for i in range(8)]
    slots[0] = slot(kdf, 0, 1, vault_id, vault_key, noise("slot nonce 0", 24))
    slots[5] = slot(kdf2, 5, 2, vault_id, vault_key, noise("slot nonce 5", 24))
    copy = slot_file(ops, mib * MIB, 7, vault_id, salt, slots)
    yield {"keys": "", "typed": typed.encode(), "other": other.encode(), "ops": ops,
           "mib": mib, "vault_id": vault_id, "vault_key": vault_key, "kdf": kdf,
           "slot_key": prf(kdf, "slot", bytes([0]) + vault_id), "copy": copy}
    ticket, desc = noise("ticket", 32), noise("desc", 16)
    yield {"session": "", "vault_id": vault_id, "vault_key": vault_key, "ticket": ticket,
           "desc": desc, "name": h("session-name", vault_id)[:16],
           "file": session_file(vault_id, vault_key, ticket, desc, noise("wrap", 24))}
    entries = {0: (1, 1790000000000000, "Sophea, office"), 5: (2, 1790000000000001, "r\u00e9cup")}
    out = bytes([1, 8])
    for i in range(8):
        kind, us, label = entries.get(i, (0, 0, ""))
        raw = label.encode()
        out += struct.pack("<BqB", kind, us, len(raw)) + raw
    yield {"slot_dir": "", "label0": entries[0][2].encode(), "us0": entries[0][1],
           "label5": entries[5][2].encode(), "us5": entries[5][1], "out": out}


def anchor_blocks():
    vault_id, vault_key = noise("anchor vault id", 16), noise("anchor vault key", 32)
    entries = [(i % 2, 1 + i * (1 << 40) // 11, noise(f"log {i}", 32), noise(f"head {i}", 32))
               for i in range(12)]
    for name, place, anew, some in (("vault", 1, (0, 0), entries[:2]), ("state", 2, (0, 1), entries)):
        plain, raw = anchor_note(vault_id, vault_key, place, anew, some, noise(f"note {name}", 24))
        yield {"anchor": name, "place": place, "vault_id": vault_id, "vault_key": vault_key,
               "name": prf(vault_key, "anchor-name", vault_id, 16), "plain": plain, "file": raw}


def main():
    write("crypto.txt", "Hashes, seals, signatures, boxes, streams, Argon2id: FORMAT.md 1.",
          crypto_blocks())
    write("keyring.txt", "Key slots, unlock file, slot list: FORMAT.md 2.", keyring_blocks())
    write("anchor.txt", "The notes of how far own logs have come: FORMAT.md 11.", anchor_blocks())
    return 0


if __name__ == "__main__":
    sys.exit(main())
