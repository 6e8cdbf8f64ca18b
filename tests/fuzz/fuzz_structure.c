/*
 * A data file with wrecked pages, opened, read, written to and verified, with
 * LMDB beneath: no fault of memory, nothing is read that never was the value of
 * that number, and what a commit acknowledged is there afterwards.
 *
 * Of the first byte: bit 0, pages are checked by paths and not all at once;
 * bit 1, a table is emptied; bit 2, a long value is replaced.
 */
#include "fuzz_wreck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char written[] = "written over what was wrecked";

struct counting {
	enum kv_table t;
	size_t n;
};

static enum saksi_err one(void *ctx, uint64_t n, const uint8_t *p, size_t len,
    struct saksi_error *err)
{
	struct counting *c = ctx;

	(void)err;
	must(wreck_was_said(c->t, n, p, len));
	c->n++;
	return SAKSI_OK;
}

static size_t read_all(struct kv *kv)
{
	struct counting c = {.n = 0};
	struct kv_txn *txn = NULL;

	if (kv_begin(&txn, kv, false, NULL) != SAKSI_OK)
		return 0;
	for (c.t = KV_RECORDS; c.t <= KV_INDEX; c.t++)
		(void)!kv_scan(txn, c.t, 0, one, &c, NULL);
	for (size_t i = 0; i < wreck.n_said; i++) {
		const struct wreck_said *s = &wreck.said[i];
		struct buf b = BUF_INIT;

		if (kv_get(txn, s->t, s->n, &b, NULL) == SAKSI_OK)
			must(wreck_was_said(s->t, s->n, b.p, b.len));
		buf_free(&b);
	}
	kv_abort(&txn);
	return c.n;
}

static bool put(struct kv_txn *txn, enum kv_table t, uint64_t n)
{
	return kv_put(txn, t, n, written, sizeof(written), NULL) == SAKSI_OK;
}

/* The number under which ${written} was acknowledged to stand; 0: none. */
static uint64_t write_some(struct kv *kv, unsigned how)
{
	struct kv_txn *txn = NULL;
	uint64_t n = 0;
	bool good;

	if (kv_begin(&txn, kv, true, NULL) != SAKSI_OK)
		return 0;
	good = kv_next(txn, KV_RECORDS, &n, NULL) == SAKSI_OK && put(txn, KV_RECORDS, n);
	good = good && put(txn, KV_LOCAL, 1) && put(txn, KV_RECORDS, 3);
	good = good && kv_del(txn, KV_RECORDS, 5, NULL) == SAKSI_OK;
	if ((how & 2) != 0)
		good = good && kv_clear(txn, KV_INDEX, NULL) == SAKSI_OK;
	if ((how & 4) != 0) /* those of 9000 and of 2500 bytes */
		good = good && put(txn, KV_RECORDS, 67) && put(txn, KV_RECORDS, 61);
	if (good)
		return kv_commit(&txn, NULL) == SAKSI_OK ? n : 0;
	kv_abort(&txn);
	return 0;
}

static void find_written(uint64_t n)
{
	struct kv *kv = NULL;
	struct kv_txn *txn = NULL;
	struct buf b = BUF_INIT;

	must(wreck_open(&kv, 0, NULL) == SAKSI_OK);
	must(kv_begin(&txn, kv, false, NULL) == SAKSI_OK);
	must(kv_get(txn, KV_RECORDS, n, &b, NULL) == SAKSI_OK);
	must(b.len == sizeof(written) && memcmp(b.p, written, b.len) == 0);
	kv_abort(&txn);
	buf_free(&b);
	kv_close(&kv);
}

static void use(const uint8_t *data, size_t size)
{
	unsigned how = size > 0 ? data[0] : 0;
	struct kv *kv = NULL;
	uint64_t n;

	wreck_write(data + (size > 0), size - (size > 0));
	kv_test_check_whole((how & 1) != 0 ? 0 : 8192);
	if (wreck_open(&kv, 0, NULL) != SAKSI_OK)
		return;
	(void)read_all(kv);
	n = write_some(kv, how);
	(void)!kv_verify(kv, NULL, NULL, NULL);
	kv_close(&kv);
	if (n != 0)
		find_written(n);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t plain[] = {7};
	struct kv *kv = NULL;
	size_t want = 0;

	(void)argc;
	(void)argv;
	wreck_make();
	for (size_t i = 0; i < wreck.n_said; i++)
		want += wreck_is_last(i);
	/* The file as it is: all is read, written over and found. */
	wreck_write(NULL, 0);
	must(wreck_open(&kv, 0, NULL) == SAKSI_OK);
	must(read_all(kv) == want - 6);
	must(kv_verify(kv, NULL, NULL, NULL) == SAKSI_OK);
	must(write_some(kv, 7) != 0);
	must(kv_verify(kv, NULL, NULL, NULL) == SAKSI_OK);
	kv_close(&kv);
	use(plain, sizeof(plain));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	use(data, size);
	return 0;
}
