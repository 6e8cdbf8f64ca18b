/*
 * ops.h - membership operations as bytes: PROTOCOL.md section 2.
 */
#ifndef SAKSI_SYNC_OPS_H
#define SAKSI_SYNC_OPS_H

#include <saksi/sync/team.h>

enum op_tag { OP_GENESIS = 16, OP_ADD_DEVICE = 17, OP_KEY = 18 };

#define KEY_BOX (CRYPTO_KEY + 48u) /* SealedBox of an epoch key */
#define KEY_BOXES_MAX 512u
#define KEY_BOXES_STEP 8u
#define HISTORY_ALL 1u
#define EPOCHS_KEPT_MAX 4096u /* by one device, and so in one ADD_DEVICE */
#define NAME_MAX_BYTES 127u

struct device_keys {
	uint8_t sign_pk[CRYPTO_KEY], seal_pk[CRYPTO_KEY], noise_pk[CRYPTO_KEY];
};
struct op_genesis {
	bool has_root;
	uint8_t root_pk[CRYPTO_KEY];
	struct device_keys keys;
	char person[128], label[128];
	uint8_t nonce[16];
};
struct op_add {
	struct device_keys keys;
	char person[128], label[128];
	enum team_role role;
	struct saksi_hash request;
	struct saksi_hash *epochs; /* owned: what the WELCOME carries, ascending */
	uint32_t n_epochs;
};
struct key_box {
	struct saksi_hash device;
	uint8_t box[KEY_BOX];
};
struct op_key {
	bool has_prev;
	struct saksi_hash prev;
	uint8_t commit[32];
	struct key_box *boxes; /* owned */
	uint32_t n_boxes;
};
struct member_op {
	unsigned tag; /* 0: LOG_OPEN, says nothing about members */
	union {
		struct op_genesis genesis;
		struct op_add add;
		struct op_key key;
	} u;
};
void member_op_free(struct member_op *op);

/**
 * member_op_read(op, p, n, err):
 * SAKSI_EFORMAT; SAKSI_ENEWER: an operation, suite, role or history that this
 * version does not know.
 */
SAKSI_MUST_CHECK enum saksi_err member_op_read(struct member_op *op, const void *p,
    size_t n, struct saksi_error *err);
/** member_op_write(out, op): Canonical; the boxes in ascending order are the caller's duty. */
void member_op_write(struct buf *out, const struct member_op *op);

/** device_id_of(out, keys): H("device", sign || seal || noise). */
void device_id_of(struct saksi_hash *out, const struct device_keys *keys);
/** key_commit_of(out, key, prev): H("kc", key || prev); ${prev} NULL: zeros. */
void key_commit_of(uint8_t out[32], const uint8_t key[CRYPTO_KEY],
    const struct saksi_hash *prev);
/** name_valid(s, n): 1 .. 127 bytes of UTF-8 without control characters. */
bool name_valid(const char *s, size_t n);
/** name_read(r, out): The next item must be a valid name. */
void name_read(struct mp_reader *r, char out[128]);
void keys_write(struct buf *b, const struct device_keys *k);
void keys_read(struct mp_reader *r, struct device_keys *k);

#endif
