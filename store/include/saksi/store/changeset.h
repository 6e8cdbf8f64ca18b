/*
 * changeset.h - the unit of change: a signed, hash-chained entry of a log.
 *
 * Bytes in FORMAT.md section 5.  In short:
 *   header  = msgpack array of 12 fixed fields (below)
 *   id      = H("cs", header bytes)        the signature is not in the id
 *   sig     = Ed25519(device, "cs-sig", id)
 *   part    = what it says about one record (or one operation), with its own
 *             random 16-byte salt; commit = H("part", salt || part bytes)
 *   body_commit = H("body", commit || le32(length) of each part in order), so
 *             it stays when one part's bytes are erased
 *   changeset = msgpack [bin header, bin sig, [[bin salt, bin part] ...]]; an
 *             erased part stands as [bin commit, uint length]
 */
#ifndef SAKSI_STORE_CHANGESET_H
#define SAKSI_STORE_CHANGESET_H

#include <stdbool.h>
#include <stdint.h>

#include <saksi/base/mp.h>
#include <saksi/keys/crypto.h>

#define CHANGESET_VERSION 1u
#define CHANGESET_MAX (256u << 10) /* bytes of a whole changeset */
#define CHANGESET_PARTS_MAX 1024u
#define CHANGESET_OPS_MAX 1024u /* over all parts */
#define CHANGESET_DEPS_MAX 32u
#define CHANGESET_AUTH_MAX 8u
#define CHANGESET_CAUSES_MAX (1u + CHANGESET_DEPS_MAX + CHANGESET_AUTH_MAX)

enum changeset_kind {
	CS_DATA = 1,
	CS_MEMBERSHIP = 2, /* collection id zero; parts are PROTOCOL.md's */
	CS_BEACON = 3,	   /* reserved: signed frontier */
	CS_SNAPSHOT = 4	   /* reserved */
};

/* First element of each part's msgpack array. */
enum part_tag {
	PART_LOG_OPEN =
	    0, /* [0, bin32 device, bin16 nonce, uint reason]: part 0 of seq 1 */
	PART_RECORD = 1,     /* [1, bin16 record id, [op ...]] */
	PART_AUDIT = 2,	     /* [2, str what, map details] */
	PART_MEMBERSHIP = 16 /* 16 and above: membership operations, PROTOCOL.md */
};

/* First element of each op's msgpack array; a dot is [bin32 changeset, uint op]. */
enum op_code {
	OP_SET = 1,   /* [1, str field, value, [dot ...]]  register; hides the dots */
	OP_ADD = 2,   /* [2, str field, value]             set element */
	OP_REMOVE = 3 /* [3, str field, [dot ...]]         hides the dots */
};
/*
 * Number of an op within its changeset: part index << 16 | index in the part.
 * Reserved fields: `type`, `ref`, `class` are registers; `deleted` is a set
 * whose elements are {"reason": text}.
 */

enum log_open_reason { LOG_NEW = 0, LOG_RESTORED = 1, LOG_ROTATED = 2 };

struct changeset_part {
	uint8_t salt[16];
	const uint8_t *p; /* into the changeset's bytes; NULL when erased */
	uint32_t len;
	struct saksi_hash commit;
};

struct changeset {
	uint8_t kind; /* enum changeset_kind */
	struct saksi_hash space;
	uint8_t coll[16]; /* zero for membership */
	struct saksi_hash log;
	uint64_t seq; /* 1 .. 2^53 - 1 */
	bool has_prev;
	struct saksi_hash prev;
	struct saksi_hash deps[CHANGESET_DEPS_MAX]; /* ascending, distinct */
	uint32_t n_deps;
	struct saksi_hash auth[CHANGESET_AUTH_MAX]; /* membership heads, ascending */
	uint32_t n_auth;
	uint64_t hlc; /* milliseconds since 1970 << 16 | counter */
	uint32_t body_len;
	struct saksi_hash body_commit;

	struct saksi_hash id;
	uint8_t sig[CRYPTO_SIG];
	struct changeset_part *parts;
	uint32_t n_parts;
	struct buf bytes; /* the whole changeset as it travels and is kept */
};

/**
 * changeset_decode(out, p, n, err):
 * Strict: canonical msgpack only, every limit checked, body_len and
 * body_commit checked.  The signature is not (changeset_verify()).
 * SAKSI_EFORMAT, SAKSI_ELIMIT, SAKSI_ENEWER (version, kind), SAKSI_EAUTH (body
 * does not fit the header).  Caller frees with changeset_free().
 */
SAKSI_MUST_CHECK enum saksi_err changeset_decode(struct changeset **out, const void *p,
    size_t n, struct saksi_error *err);
void changeset_free(struct changeset **cs);
/** changeset_verify(cs, pk, err): SAKSI_EAUTH if not signed by ${pk}. */
SAKSI_MUST_CHECK enum saksi_err changeset_verify(const struct changeset *cs,
    const uint8_t pk[CRYPTO_KEY], struct saksi_error *err);
/**
 * changeset_build(out, head, parts, n_parts, sk, err):
 * Salt, commit, encode and sign.  Of ${head} kind .. hlc are read.
 */
struct part_bytes {
	const uint8_t *p;
	size_t len;
};
SAKSI_MUST_CHECK enum saksi_err changeset_build(struct changeset **out,
    const struct changeset *head, const struct part_bytes *parts, size_t n_parts,
    const struct secret *sk, struct saksi_error *err);
/** changeset_causes(cs, out): prev, deps and auth heads, in this order; returns how many. */
size_t changeset_causes(const struct changeset *cs,
    const struct saksi_hash *out[CHANGESET_CAUSES_MAX]);
/** changeset_log_open(cs, device, reason): The LOG_OPEN part of seq 1, or false. */
bool changeset_log_open(const struct changeset *cs, struct saksi_hash *device,
    uint8_t nonce[16], unsigned *reason);
/** log_id_of(out, device, coll, nonce): H("log", device || coll || nonce). */
void log_id_of(struct saksi_hash *out, const struct saksi_hash *device,
    const uint8_t coll[16], const uint8_t nonce[16]);

#endif
