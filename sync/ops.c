/* ops.c - membership operations: encode, decode strictly. */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#define SUITE_NOT_KNOWN                                              \
	"membership: an operation that this version does not know; " \
	"needs a newer version of saksi"

void device_id_of(struct saksi_hash *out, const struct device_keys *keys)
{
	struct crypto_hash_state st;

	crypto_hash_init(&st, "device");
	crypto_hash_add(&st, keys->sign_pk, CRYPTO_KEY);
	crypto_hash_add(&st, keys->seal_pk, CRYPTO_KEY);
	crypto_hash_add(&st, keys->noise_pk, CRYPTO_KEY);
	crypto_hash_final(&st, out);
}

void key_commit_of(uint8_t out[32], const uint8_t key[CRYPTO_KEY],
    const struct saksi_hash *prev)
{
	static const struct saksi_hash none;
	struct crypto_hash_state st;
	struct saksi_hash h;

	crypto_hash_init(&st, "kc");
	crypto_hash_add(&st, key, CRYPTO_KEY);
	crypto_hash_add(&st, prev != NULL ? prev->b : none.b, sizeof(none.b));
	crypto_hash_final(&st, &h);
	memcpy(out, h.b, sizeof(h.b));
}

bool name_valid(const char *s, size_t n)
{
	if (n == 0 || n > NAME_MAX_BYTES || !utf8_valid(s, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

void name_read(struct mp_reader *r, char out[128])
{
	const char *s = NULL;
	size_t n = mp_read_str(r, &s);

	out[0] = '\0';
	if (r->failed)
		return;
	if (!name_valid(s, n)) {
		mp_fail(r, "a name that is empty, too long or not printable");
		return;
	}
	memcpy(out, s, n);
	out[n] = '\0';
}

void keys_write(struct buf *b, const struct device_keys *k)
{
	mp_bin(b, k->sign_pk, CRYPTO_KEY);
	mp_bin(b, k->seal_pk, CRYPTO_KEY);
	mp_bin(b, k->noise_pk, CRYPTO_KEY);
}

void keys_read(struct mp_reader *r, struct device_keys *k)
{
	mp_read_fixed(r, k->sign_pk, CRYPTO_KEY);
	mp_read_fixed(r, k->seal_pk, CRYPTO_KEY);
	mp_read_fixed(r, k->noise_pk, CRYPTO_KEY);
}

/* ---- writing ------------------------------------------------------------------ */

static void write_genesis(struct buf *b, const struct op_genesis *g)
{
	mp_array(b, 9);
	mp_uint(b, OP_GENESIS);
	mp_uint(b, CRYPTO_SUITE);
	if (g->has_root)
		mp_bin(b, g->root_pk, CRYPTO_KEY);
	else
		mp_nil(b);
	keys_write(b, &g->keys);
	mp_cstr(b, g->person);
	mp_cstr(b, g->label);
	mp_bin(b, g->nonce, sizeof(g->nonce));
}

static void write_add(struct buf *b, const struct op_add *a)
{
	mp_array(b, 11);
	mp_uint(b, OP_ADD_DEVICE);
	mp_uint(b, CRYPTO_SUITE);
	keys_write(b, &a->keys);
	mp_cstr(b, a->person);
	mp_cstr(b, a->label);
	mp_uint(b, (uint64_t)a->role);
	mp_bin(b, a->request.b, sizeof(a->request.b));
	mp_uint(b, HISTORY_ALL);
	mp_array(b, a->n_epochs);
	for (uint32_t i = 0; i < a->n_epochs; i++)
		mp_bin(b, a->epochs[i].b, sizeof(a->epochs[i].b));
}

static void write_key(struct buf *b, const struct op_key *k)
{
	mp_array(b, 5);
	mp_uint(b, OP_KEY);
	mp_uint(b, CRYPTO_SUITE);
	if (k->has_prev)
		mp_bin(b, k->prev.b, sizeof(k->prev.b));
	else
		mp_nil(b);
	mp_bin(b, k->commit, sizeof(k->commit));
	mp_array(b, k->n_boxes);
	for (uint32_t i = 0; i < k->n_boxes; i++) {
		mp_array(b, 2);
		mp_bin(b, k->boxes[i].device.b, sizeof(k->boxes[i].device.b));
		mp_bin(b, k->boxes[i].box, sizeof(k->boxes[i].box));
	}
}

void member_op_write(struct buf *out, const struct member_op *op)
{
	switch (op->tag) {
	case OP_GENESIS:
		write_genesis(out, &op->u.genesis);
		break;
	case OP_ADD_DEVICE:
		write_add(out, &op->u.add);
		break;
	default:
		write_key(out, &op->u.key);
		break;
	}
}

/* ---- reading ------------------------------------------------------------------ */

void member_op_free(struct member_op *op)
{
	if (op->tag == OP_KEY)
		free(op->u.key.boxes);
	if (op->tag == OP_ADD_DEVICE)
		free(op->u.add.epochs);
	memset(op, 0, sizeof(*op));
}

static void read_genesis(struct mp_reader *r, struct op_genesis *g)
{
	g->has_root = !mp_read_nil(r);
	if (g->has_root)
		mp_read_fixed(r, g->root_pk, CRYPTO_KEY);
	keys_read(r, &g->keys);
	name_read(r, g->person);
	name_read(r, g->label);
	mp_read_fixed(r, g->nonce, sizeof(g->nonce));
}

static enum saksi_err read_listed(struct mp_reader *r, struct op_add *a,
    struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);

	if (r->failed || n == 0 || n > EPOCHS_KEPT_MAX) {
		mp_fail(r, "a number of epochs that is not 1 to 4,096");
		return SAKSI_OK;
	}
	a->epochs = calloc(n, sizeof(*a->epochs));
	if (a->epochs == NULL)
		return saksi_fail_nomem(err);
	a->n_epochs = n;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		mp_read_fixed(r, a->epochs[i].b, sizeof(a->epochs[i].b));
		if (i > 0 && hash_cmp(&a->epochs[i - 1], &a->epochs[i]) >= 0)
			mp_fail(r, "epochs that are not ascending");
	}
	return SAKSI_OK;
}

static enum saksi_err read_add(struct mp_reader *r, struct op_add *a, bool *known,
    struct saksi_error *err)
{
	uint64_t role, history;

	keys_read(r, &a->keys);
	name_read(r, a->person);
	name_read(r, a->label);
	role = mp_read_uint(r);
	mp_read_fixed(r, a->request.b, sizeof(a->request.b));
	history = mp_read_uint(r);
	a->role = role == ROLE_READER ? ROLE_READER
	    : role == ROLE_EDITOR     ? ROLE_EDITOR
	    : role == ROLE_ADMIN      ? ROLE_ADMIN
				      : ROLE_NONE;
	*known = r->failed || (a->role != ROLE_NONE && history == HISTORY_ALL);
	return *known ? read_listed(r, a, err) : SAKSI_OK;
}

static enum saksi_err read_key(struct mp_reader *r, struct op_key *k,
    struct saksi_error *err)
{
	uint32_t n;

	k->has_prev = !mp_read_nil(r);
	if (k->has_prev)
		mp_read_fixed(r, k->prev.b, sizeof(k->prev.b));
	mp_read_fixed(r, k->commit, sizeof(k->commit));
	n = mp_read_array(r);
	if (n == 0 || n > KEY_BOXES_MAX || n % KEY_BOXES_STEP != 0) {
		mp_fail(r, "a number of boxes that is not 8, 16 ... 512");
		return SAKSI_OK;
	}
	k->boxes = calloc(n, sizeof(*k->boxes));
	if (k->boxes == NULL)
		return saksi_fail_nomem(err);
	k->n_boxes = n;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		mp_expect_array(r, 2);
		mp_read_fixed(r, k->boxes[i].device.b, sizeof(k->boxes[i].device.b));
		mp_read_fixed(r, k->boxes[i].box, sizeof(k->boxes[i].box));
		if (i > 0 && hash_cmp(&k->boxes[i - 1].device, &k->boxes[i].device) >= 0)
			mp_fail(r, "boxes that are not ascending");
	}
	return SAKSI_OK;
}

/* LOG_OPEN has its own reader in the store; here only its shape counts. */
static bool read_log_open(struct mp_reader *r, uint32_t fields)
{
	uint8_t b[32];

	if (fields != 4)
		mp_fail(r, "a log opening of another length");
	mp_read_fixed(r, b, 32);
	mp_read_fixed(r, b, 16);
	return mp_read_uint(r) <= LOG_ROTATED;
}

static uint32_t fields_of(unsigned tag)
{
	return tag == OP_GENESIS ? 9 : tag == OP_ADD_DEVICE ? 11 : 5;
}

enum saksi_err member_op_read(struct member_op *op, const void *p, size_t n,
    struct saksi_error *err)
{
	struct mp_reader r;
	enum saksi_err rc = SAKSI_OK;
	uint32_t fields;
	uint64_t tag;
	bool known = true;

	memset(op, 0, sizeof(*op));
	mp_read_init(&r, p, n);
	fields = mp_read_array(&r);
	tag = mp_read_uint(&r);
	if (!r.failed && tag == PART_LOG_OPEN)
		known = read_log_open(&r, fields);
	else if (!r.failed && tag < PART_MEMBERSHIP)
		mp_fail(&r, "a part that does not belong in a membership log");
	if (!r.failed && tag > OP_KEY)
		known = false;
	if (!r.failed && known && tag >= PART_MEMBERSHIP) {
		known = mp_read_uint(&r) == CRYPTO_SUITE;
		if (known && fields != fields_of((unsigned)tag))
			mp_fail(&r, "an operation of another length");
	}
	if (!r.failed && !known)
		return saksi_fail(err, SAKSI_ENEWER, SUITE_NOT_KNOWN);
	op->tag = (unsigned)tag;
	if (op->tag == OP_GENESIS)
		read_genesis(&r, &op->u.genesis);
	else if (op->tag == OP_ADD_DEVICE)
		rc = read_add(&r, &op->u.add, &known, err);
	else if (op->tag == OP_KEY)
		rc = read_key(&r, &op->u.key, err);
	if (rc == SAKSI_OK && !known)
		rc = saksi_fail(err, SAKSI_ENEWER, SUITE_NOT_KNOWN);
	if (rc == SAKSI_OK)
		rc = mp_done(&r, "membership operation", err);
	if (rc != SAKSI_OK)
		member_op_free(op);
	return rc;
}
