/* items.h - manifest, frontier, changeset and end of a container: PROTOCOL.md 5.1. */
#ifndef SAKSI_SYNC_ITEMS_H
#define SAKSI_SYNC_ITEMS_H

#include "container.h"

enum carrier { CARRIER_BUNDLE = 1, CARRIER_DIRECTORY = 2 };

struct manifest {
	unsigned carrier;
	struct saksi_hash space;
	uint8_t coll[16];
	struct saksi_hash epoch, sealer;
	uint64_t counter, height;
	int64_t made_us;
	uint8_t nonce[CRYPTO_NONCE], header[CRYPTO_STREAM_HEADER];
	uint8_t sig[CRYPTO_SIG];
	struct saksi_hash hash; /* H("manifest", body) */
};
/** manifest_write: Signs; fills hash and sig. */
void manifest_write(struct buf *out, struct manifest *m, const struct secret *sign_sk);
SAKSI_MUST_CHECK enum saksi_err manifest_read(struct manifest *m, const void *p, size_t n,
    struct saksi_error *err);
bool manifest_signed_by(const struct manifest *m, const uint8_t pk[CRYPTO_KEY]);

#define FRONTIER_HEADS_MAX 8192u
#define FRONTIER_SHORT 8u
struct frontier_head {
	uint8_t log[FRONTIER_SHORT];
	uint64_t seq;
	uint8_t head[FRONTIER_SHORT];
};
struct frontier {
	uint8_t key[CRYPTO_KEY];
	struct saksi_hash digest;
	struct frontier_head *list; /* owned */
	size_t n;
};
void frontier_free(struct frontier *f);
void frontier_write(struct buf *out, const struct frontier *f);
SAKSI_MUST_CHECK enum saksi_err frontier_read(struct frontier *f, const void *p, size_t n,
    struct saksi_error *err);
void frontier_log(uint8_t out[FRONTIER_SHORT], const struct frontier *f,
    const struct saksi_hash *log);
void frontier_id(uint8_t out[FRONTIER_SHORT], const struct frontier *f,
    const struct saksi_hash *id);
/** frontier_digest(out, f, ids, n): ${ids} ascending. */
void frontier_digest(struct saksi_hash *out, const struct frontier *f,
    const struct saksi_hash *ids, size_t n);

/** change_write(out, p, n, err): A changeset, compressed if that is shorter. */
SAKSI_MUST_CHECK enum saksi_err change_write(struct buf *out, const uint8_t *p, size_t n,
    struct saksi_error *err);
/** change_read(out, p, n, err): Append the changeset's bytes; bounded before allocation. */
SAKSI_MUST_CHECK enum saksi_err change_read(struct buf *out, const uint8_t *p, size_t n,
    struct saksi_error *err);

struct content_end {
	uint64_t count;
	struct saksi_hash running;
	uint8_t sig[CRYPTO_SIG];
};
void end_write(struct buf *out, struct content_end *e, const struct manifest *m,
    const struct secret *sign_sk);
SAKSI_MUST_CHECK enum saksi_err end_read(struct content_end *e, const void *p, size_t n,
    struct saksi_error *err);
bool end_signed_by(const struct content_end *e, const struct manifest *m,
    const uint8_t pk[CRYPTO_KEY]);
/** running_add(st, type, p, n): One more item of the running hash H("content", ...). */
void running_add(struct crypto_hash_state *st, unsigned type, const void *p, size_t n);

#endif
