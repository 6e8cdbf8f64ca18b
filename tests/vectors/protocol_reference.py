#!/usr/bin/env python3
"""Write protocol.txt: the vectors of sync/PROTOCOL.md.

A second implementation from the text of PROTOCOL.md, with the primitives of
keys_reference.py: a whole small team.  It founds, admits a device by REQUEST
and WELCOME, writes a record and seals a bundle and a directory object, which
the program must then read.
"""
import struct
import sys

from changeset_reference import NIL, array, changeset, op_set, raw, record_part, text, uint
from keys_reference import ed_sign, h, noise, prf, sealed_box, stream, tagged, write, x25519

BASE = (9).to_bytes(32, "little")
MADE = 1790000000000000  # microseconds: 2026-09-21


def long_raw(b):
    """msgpack bin, also beyond 64 KiB."""
    return raw(b) if len(b) < 1 << 16 else b"\xc6" + struct.pack(">I", len(b)) + b


def sign(seed, tag, digest):
    return ed_sign(seed, tagged(tag, digest))[1]


class Device:
    def __init__(self, name):
        self.sign_seed = noise(name + " sign", 32)
        self.seal_sk, self.noise_sk = noise(name + " seal", 32), noise(name + " noise", 32)
        self.sign_pk = ed_sign(self.sign_seed, b"")[0]
        self.seal_pk, self.noise_pk = x25519(self.seal_sk, BASE), x25519(self.noise_sk, BASE)
        self.sign_sk = self.sign_seed + self.sign_pk
        self.id = h("device", self.keys())

    def keys(self):
        return self.sign_pk + self.seal_pk + self.noise_pk

    def packed_keys(self):
        return raw(self.sign_pk) + raw(self.seal_pk) + raw(self.noise_pk)


def packed(n, *items):
    """An array whose items are given as runs of packed fields."""
    return bytes([0x90 | n]) + b"".join(items)


class Log:
    def __init__(self, device, kind, space, coll, name):
        self.device, self.kind, self.space, self.coll = device, kind, space, coll
        self.nonce = noise(name + " log nonce", 16)
        self.id = h("log", device.id + coll + self.nonce)
        self.seq, self.prev = 1, None

    def opening(self):
        return array(uint(0), raw(self.device.id), raw(self.nonce), uint(0))

    def add(self, parts, hlc, deps=(), auth=()):
        salted = [(noise(f"{self.id.hex()} {self.seq} {i}", 16), p) for i, p in enumerate(parts)]
        self.prev, data = changeset(self.device.sign_seed, self.kind, self.space, self.coll,
                                    self.id, self.seq, self.prev, deps, auth, hlc, salted)
        self.seq += 1
        return self.prev, data


# ---- words ---------------------------------------------------------------------

def words(data):
    """Proquints: 16 bits as consonant, vowel, consonant, vowel, consonant."""
    cons, vow = "bdfghjklmnprstvz", "aiou"
    out = []
    for i in range(0, len(data), 2):
        n = data[i] << 8 | data[i + 1]
        out.append(cons[n >> 12] + vow[n >> 10 & 3] + cons[n >> 6 & 15] + vow[n >> 4 & 3] +
                   cons[n & 15])
    return " ".join(out)


def padme(n):
    e = n.bit_length() - 1
    s = e.bit_length()
    mask = (1 << (e - s)) - 1
    return n + mask & ~mask


# ---- section 5: the container ------------------------------------------------------

FRAME = 4079


def zstd_stored(data):
    """A zstd frame (RFC 8878) of one raw block: content size in two bytes."""
    assert 256 <= len(data) < 65536
    return (b"\x28\xb5\x2f\xfd" + b"\x60" + struct.pack("<H", len(data) - 256) +
            struct.pack("<I", len(data) << 3 | 1)[:3] + data)


def item(kind, payload):
    return struct.pack("<BI", kind, len(payload)) + payload


def container(carrier, counter, epoch, epoch_key, space, coll, sealer, heads, changes, name):
    nonce, header = noise(name + " nonce", 24), noise(name + " header", 24)
    body = packed(11, uint(1), uint(carrier), raw(space), raw(coll), raw(epoch), raw(sealer.id),
                  uint(counter), uint(len(changes)), uint(MADE), raw(nonce), raw(header))
    digest = h("manifest", body)
    manifest = array(raw(body), raw(sign(sealer.sign_seed, "manifest-sig", digest)))
    key = noise(name + " frontier", 32)
    entries = [array(raw(prf(key, "frontier-log", log, 16)[:8]), uint(seq),
                     raw(prf(key, "frontier-head", ident, 16)[:8])) for log, seq, ident in heads]
    frontier = array(raw(key), raw(prf(key, "frontier-all", b"".join(sorted(i for _, _, i in heads)))),
                     array(*entries))
    items = [item(2, frontier)]
    for n, c in enumerate(changes):
        if n % 2 and len(c) >= 256:
            items.append(item(3, b"\1" + struct.pack("<I", len(c)) + zstd_stored(c)))
        else:
            items.append(item(3, b"\0" + struct.pack("<I", len(c)) + c))
    running = h("content", b"".join(items))
    end = h("content-end", digest + struct.pack("<Q", len(changes)) + running)
    items.append(item(4, array(uint(len(changes)), raw(running),
                               raw(sign(sealer.sign_seed, "content-sig", end)))))
    text_ = item(1, manifest) + b"".join(items)
    frames = [text_[i:i + FRAME - 2] for i in range(0, len(text_), FRAME - 2)]
    frames += [b""] * (padme(len(frames)) - len(frames))
    plain = [struct.pack("<H", len(f)) + f + bytes(FRAME - 2 - len(f)) for f in frames]
    place = nonce + space + coll
    out = nonce + prf(epoch_key, "object-find", place) + header
    for boxed in stream(prf(epoch_key, "object-key", place), header,
                        [(p, b"", i == len(plain) - 1) for i, p in enumerate(plain)]):
        out += boxed
    return out


# ---- a team ------------------------------------------------------------------------

def blocks():
    a, b = Device("founder"), Device("newcomer")
    root_pk = ed_sign(noise("root seed", 32), b"")[0]
    genesis = packed(9, uint(16), uint(1), raw(root_pk), a.packed_keys(), text("Channary"),
                     text("laptop"), raw(noise("genesis nonce", 16)))
    space = h("space", genesis)
    coll, none = h("coll", space)[:16], bytes(16)
    epoch_key = noise("epoch key", 32)
    boxes = [(a.id, sealed_box(noise("epoch box", 32), epoch_key, a.seal_pk))]
    boxes += [(noise(f"nobody {i}", 32), noise(f"empty box {i}", 80)) for i in range(7)]
    commit = h("kc", epoch_key + bytes(32))
    key_op = array(uint(18), uint(1), NIL, raw(commit),
                   array(*[array(raw(d), raw(x)) for d, x in sorted(boxes)]))
    epoch = h("epoch", key_op)

    yield {"device": "", "sign_pk": a.sign_pk, "seal_pk": a.seal_pk, "noise_pk": a.noise_pk,
           "id": a.id}
    yield {"genesis": genesis, "root_pk": root_pk, "person": "Channary", "label": "laptop",
           "device": a.id, "space": space, "coll": coll}
    yield {"key": key_op, "device": a.id, "seal_pk": a.seal_pk, "seal_sk": a.seal_sk,
           "commit": commit, "out": epoch_key, "epoch": epoch}

    # M1
    once_sk = noise("once", 32)
    body = packed(10, uint(1), uint(1), b.packed_keys(), raw(noise("request nonce", 16)),
                  raw(x25519(once_sk, BASE)), text("Dara"), text("phone"), uint(MADE))
    request = h("request", body)
    yield {"request": b"saksiRQ1" + body + sign(b.sign_seed, "request-sig", request),
           "id": request, "device": b.id, "words": words(request[:12]), "made": MADE}

    # membership
    members = Log(a, 2, space, none, "member")
    hlc = MADE // 1000 << 16
    add = packed(11, uint(17), uint(1), b.packed_keys(), text("Dara"), text("phone"), uint(3),
                 raw(request), uint(1), array(raw(epoch)))
    _, m1 = members.add([members.opening()], hlc)
    id2, m2 = members.add([genesis, key_op], hlc + 1)
    id3, m3 = members.add([add], hlc + 2, auth=[id2])
    yield {"add": add, "device": b.id, "request": request, "role": 3, "carries": epoch}

    # M2
    import_key = noise("import key", 32)
    welcome = packed(10, uint(1), uint(1), raw(request), raw(space), raw(id3), raw(a.id), uint(MADE),
                     raw(import_key), array(array(raw(epoch), raw(epoch_key))),
                     array(*[long_raw(m) for m in (m1, m2, m3)]))
    plain = struct.pack("<I", len(welcome)) + welcome
    plain += sign(a.sign_seed, "welcome-sig", h("welcome", welcome))
    plain += bytes(padme(max(len(plain), 8192)) - len(plain))
    sealed = b"saksiWL1" + sealed_box(noise("welcome box", 32), plain, x25519(once_sk, BASE))
    join = packed(6, uint(1), raw(body), raw(b.sign_sk), raw(b.seal_sk), raw(b.noise_sk),
                  raw(once_sk))
    yield {"welcome": sealed, "local_join": join, "request": request, "space": space, "coll": coll,
           "add": id3, "adder": a.id, "device": b.id,
           "words": words(h("welcome-words", request + space + id3 + a.id)[:12]), "now": MADE,
           "local_device": packed(7, uint(1), b.packed_keys(), raw(b.sign_sk), raw(b.seal_sk),
                                  raw(b.noise_sk)),
           "local_epochs": array(uint(1), array(array(raw(epoch), raw(epoch_key))))}

    # a record, and what carries it
    data = Log(a, 1, space, coll, "data")
    record = noise("record", 16)
    _, d1 = data.add([data.opening()], hlc + 3, auth=[id3])
    _, d2 = data.add([record_part(record, op_set("type", text("event")),
                                  op_set("class", text("C")),
                                  op_set("title", text("Arrests at the market")))],
                     hlc + 4, auth=[id3])
    changes = [m1, m2, m3, d1, d2]
    heads = [(members.id, 3, id3), (data.id, 2, data.prev)]
    yield {"bundle": container(1, 0, epoch, epoch_key, space, coll, a, heads, changes, "bundle"),
           "changes": len(changes), "record": record, "title": "Arrests at the market"}
    yield {"object": container(2, 7, epoch, epoch_key, space, coll, a, heads, changes[3:], "object"),
           "name": prf(epoch_key, "object-name", a.id + struct.pack("<Q", 7), 16)}

    # 9: the rest of local state
    yield {"local_team": packed(8, uint(1), raw(space), raw(noise("own data", 16)), uint(1),
                                raw(noise("own member", 16)), uint(0), raw(import_key),
                                uint(MADE)),
           "space": space, "data_nonce": noise("own data", 16),
           "member_nonce": noise("own member", 16), "import_key": import_key}
    peers = array(array(raw(a.id), uint(MADE), array(raw(id3), raw(data.prev))))
    dirs = array(array(raw(b"/media/stick"), uint(MADE),
                       array(array(raw(noise("object", 16)), raw(noise("print", 16)))),
                       array(array(uint(1), uint(5)), array(uint(9), uint(1)))))
    yield {"local_remotes": packed(4, uint(1), uint(8), peers, dirs)}


def main():
    write("protocol.txt", "A small team on the wire: sync/PROTOCOL.md.", blocks())
    return 0


if __name__ == "__main__":
    sys.exit(main())
