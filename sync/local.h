/*
 * local.h - this device's own affairs as bytes: PROTOCOL.md section 9.
 */
#ifndef SAKSI_SYNC_LOCAL_H
#define SAKSI_SYNC_LOCAL_H

#include "ops.h"

struct local_device {
	struct device_keys keys;
	struct saksi_hash id;
	struct secret *sign_sk, *seal_sk, *noise_sk;
};
void local_device_free(struct local_device *d);
/** local_device_new(d, err): Three fresh key pairs. */
SAKSI_MUST_CHECK enum saksi_err local_device_new(struct local_device *d,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err local_device_put(struct saksi_txn *t,
    const struct local_device *d, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err local_device_get(struct local_device *d,
    struct saksi_txn *t, struct saksi_error *err);

struct local_log {
	uint8_t nonce[16];
	unsigned reason; /* enum log_open_reason */
};
struct local_team {
	struct saksi_hash space;
	struct local_log data, member;
	uint8_t import_key[CRYPTO_KEY];
	int64_t since_us;
};
SAKSI_MUST_CHECK enum saksi_err local_team_put(struct saksi_txn *t,
    const struct local_team *l, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err local_team_get(struct local_team *l, struct saksi_txn *t,
    struct saksi_error *err);

struct local_epoch {
	struct saksi_hash id;
	struct secret *key;
};
struct local_epochs {
	struct local_epoch *list;
	size_t n, cap;
};
void local_epochs_free(struct local_epochs *e);
/** local_epochs_add: Copies ${key}; one that is there already changes nothing. */
SAKSI_MUST_CHECK enum saksi_err local_epochs_add(struct local_epochs *e,
    const struct saksi_hash *id, const uint8_t key[CRYPTO_KEY], struct saksi_error *err);
const struct local_epoch *local_epochs_find(const struct local_epochs *e,
    const struct saksi_hash *id);
SAKSI_MUST_CHECK enum saksi_err local_epochs_put(struct saksi_txn *t,
    const struct local_epochs *e, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err local_epochs_get(struct local_epochs *e,
    struct saksi_txn *t, struct saksi_error *err);

struct local_join {
	struct buf request; /* body of the REQUEST */
	struct local_device device;
	struct secret *once_sk;
};
void local_join_free(struct local_join *j);
SAKSI_MUST_CHECK enum saksi_err local_join_put(struct saksi_txn *t,
    const struct local_join *j, struct saksi_error *err);
/** local_join_get: The keys' public halves are those of the request. */
SAKSI_MUST_CHECK enum saksi_err local_join_get(struct local_join *j, struct saksi_txn *t,
    struct saksi_error *err);

/** local_read(b, t, slot, r, fields, what, err): Get, open an array of ${fields}, check version. */
SAKSI_MUST_CHECK enum saksi_err local_read(struct buf *b, struct saksi_txn *t,
    enum local_slot slot, struct mp_reader *r, uint32_t fields, const char *what,
    struct saksi_error *err);
/** local_write(t, slot, b, err): Put ${b}, if it is whole. */
SAKSI_MUST_CHECK enum saksi_err local_write(struct saksi_txn *t, enum local_slot slot,
    const struct buf *b, struct saksi_error *err);

#endif
