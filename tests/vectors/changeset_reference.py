#!/usr/bin/env python3
"""Write changeset.txt: the vectors of FORMAT.md sections 5 to 7.

A second implementation of the changeset, the log entry and the stored record,
from the text of FORMAT.md alone, with a msgpack writer of its own.
"""
import struct
import sys

from keys_reference import ed_sign, h, noise, write


def head(n, small, small_max, forms):
    """A length in its shortest form."""
    if small is not None and n <= small_max:
        return bytes([small | n])
    for limit, code, fmt in forms:
        if n < limit:
            return bytes([code]) + struct.pack(">" + fmt, n)
    raise ValueError(n)


def uint(n):
    if n < 128:
        return bytes([n])
    return head(n, None, 0, [(1 << 8, 0xcc, "B"), (1 << 16, 0xcd, "H"), (1 << 32, 0xce, "I"),
                             (1 << 64, 0xcf, "Q")])


def raw(b):
    return head(len(b), None, 0, [(1 << 8, 0xc4, "B"), (1 << 16, 0xc5, "H")]) + b


def text(s):
    b = s.encode()
    return head(len(b), 0xa0, 31, [(1 << 8, 0xd9, "B"), (1 << 16, 0xda, "H")]) + b


def array(*items):
    return head(len(items), 0x90, 15, [(1 << 16, 0xdc, "H")]) + b"".join(items)


def mapping(**items):
    pairs = sorted(items.items())
    return bytes([0x80 | len(pairs)]) + b"".join(text(k) + v for k, v in pairs)


NIL = b"\xc0"


def record_part(record, *ops):
    return array(uint(1), raw(record), array(*ops))


def op_set(field, value, *dots):
    return array(uint(1), text(field), value, array(*[array(raw(i), uint(n)) for i, n in dots]))


def op_add(field, value):
    return array(uint(2), text(field), value)


def op_remove(field, *dots):
    return array(uint(3), text(field), array(*[array(raw(i), uint(n)) for i, n in dots]))


def changeset(seed, kind, space, coll, log, seq, prev, deps, auth, hlc, parts):
    """parts: (salt, bytes).  Returns (id, bytes)."""
    body = b""
    for salt, part in parts:
        body += h("part", salt + part) + struct.pack("<I", len(part))
    header = array(uint(1), uint(kind), raw(space), raw(coll), raw(log), uint(seq),
                   NIL if prev is None else raw(prev), array(*[raw(d) for d in sorted(deps)]),
                   array(*[raw(a) for a in sorted(auth)]), uint(hlc),
                   uint(sum(len(p) for _, p in parts)), raw(h("body", body)))
    ident = h("cs", header)
    _, sig = ed_sign(seed, b"saksi1\0cs-sig\0" + ident)
    return ident, array(raw(header), raw(sig), array(*[array(raw(s), raw(p)) for s, p in parts]))


def blocks():
    seed, space, coll = noise("device seed", 32), noise("space", 32), noise("coll", 16)
    device, nonce = noise("device id", 32), noise("log nonce", 16)
    log = h("log", device + coll + nonce)
    record = noise("record", 16)
    opening = array(uint(0), raw(device), raw(nonce), uint(0))
    id1, cs1 = changeset(seed, 1, space, coll, log, 1, None, [], [], 5 << 16,
                         [(noise("salt 1", 16), opening)])
    create = record_part(record, op_set("type", text("person")), op_set("ref", text("per-a")),
                         op_set("class", text("C")),
                         op_add("names", mapping(text=text("Sok Dara"))),
                         op_set("sex", text("f")))
    audit = array(uint(2), text("export"), mapping(format=text("csv")))
    id2, cs2 = changeset(seed, 1, space, coll, log, 2, id1, [], [], 6 << 16 | 1,
                         [(noise("salt 2", 16), create), (noise("salt 3", 16), audit)])
    change = record_part(record, op_set("sex", text("m"), (id2, 4)), op_remove("names", (id2, 3)),
                         op_add("deleted", mapping(reason=text("twice"))))
    id3, cs3 = changeset(seed, 1, space, coll, log, 3, id2, [], [], 7 << 16,
                         [(noise("salt 4", 16), change)])
    yield {"log": "", "device": device, "coll": coll, "nonce": nonce, "id": log}
    for n, (i, c) in enumerate(((id1, cs1), (id2, cs2), (id3, cs3)), 1):
        yield {"changeset": str(n), "pk": ed_sign(seed, b"")[0], "space": space, "id": i, "bytes": c}
    entry = array(uint(1790000000000000), raw(device), raw(device), uint(0), uint(7 << 16),
                  array(uint(3)), raw(cs3))
    yield {"entry": "", "n": "3", "out": entry}

    def op(number, code, field, value, *over):
        return array(uint(number), uint(code), text(field), NIL if value is None else value,
                     array(*[array(uint(n), uint(o)) for n, o in over]))
    g2 = array(uint(2), uint(0), uint(2), uint(6 << 16 | 1), uint(6 << 16 | 1), NIL,
               array(op(0, 1, "type", text("person")), op(1, 1, "ref", text("per-a")),
                     op(2, 1, "class", text("C")),
                     op(3, 2, "names", mapping(text=text("Sok Dara"))),
                     op(4, 1, "sex", text("f"))))
    g3 = array(uint(3), uint(0), uint(3), uint(7 << 16), uint(7 << 16), array(uint(3)),
               array(op(0, 1, "sex", text("m"), (2, 4)), op(1, 3, "names", None, (2, 3)),
                     op(2, 2, "deleted", mapping(reason=text("twice")))))
    yield {"record": "", "out": array(uint(1), raw(record), text("person"), text("per-a"), uint(2),
                                      array(), array(g2, g3))}


def main():
    write("changeset.txt", "Changesets, log entries, records: FORMAT.md 5 to 7.", blocks())
    return 0


if __name__ == "__main__":
    sys.exit(main())
