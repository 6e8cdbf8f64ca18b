/*
 * fuzz_bundle.c - what a container from outside holds, past its seal.
 *
 * The first byte of the input chooses:
 *   0  the rest is a container as it lies in a file
 *   1  the rest is items (u8 type, u16 length, bytes); they are sealed and
 *      opened again: the same must come out
 *   2  the rest is one item's payload, or a REQUEST: each parser has a look
 *   3  items as with 1, between an honest manifest and an honest end, are
 *      read into a vault as a bundle
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <saksi/base/fsio.h>

#include "carry.h"
#include "keyring_internal.h"
#include "request.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct saksi_vault *g_vault;
static struct saksi_team *g_team;
static struct schema *g_schema;
static struct secret *g_key;
static struct box_place g_place;
static struct team_epoch g_epoch;
static char g_dir[64];
static int g_fd = -1;

static void require(int holds)
{
	if (!holds)
		abort();
}

static void clean_up(void)
{
	char cmd[100];

	saksi_team_free(&g_team);
	saksi_vault_close(&g_vault);
	schema_free(&g_schema);
	secret_free(&g_key);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", g_dir);
	if (system(cmd) != 0)
		(void)fprintf(stderr, "%s: not removed\n", g_dir);
}

static void set_up(void)
{
	static const struct crypto_kdf_cost weak = {1, 8u << 20};
	const char *src = getenv("SAKSI_SRC");
	char path[600], vault[80];
	struct secret *pass = NULL;

	keyring_test_allow_weak_kdf();
	(void)snprintf(g_dir, sizeof(g_dir), "/dev/shm/saksi-fuzz-XXXXXX");
	if (mkdtemp(g_dir) == NULL) {
		(void)snprintf(g_dir, sizeof(g_dir), "saksi-fuzz-XXXXXX");
		require(mkdtemp(g_dir) != NULL);
	}
	(void)snprintf(path, sizeof(path), "%s/data/schema", src == NULL ? "." : src);
	(void)snprintf(vault, sizeof(vault), "%s/vault", g_dir);
	require(schema_load(&g_schema, path, NULL) == SAKSI_OK);
	require(secret_copy(&pass, "a long enough passphrase", 24, NULL) == SAKSI_OK);
	require(
	    saksi_vault_create(&g_vault, vault, g_schema, pass, &weak, NULL) == SAKSI_OK);
	secret_free(&pass);
	require(saksi_team_found(g_vault, "A", "b", NULL, NULL, NULL) == SAKSI_OK);
	require(saksi_team_load(&g_team, g_vault, NULL) == SAKSI_OK);
	require(secret_copy(&g_key, "0123456789abcdef0123456789abcdef", 32, NULL) ==
	    SAKSI_OK);
	g_epoch.key = g_key;
	g_fd = memfd_create("bundle", MFD_CLOEXEC);
	require(g_fd >= 0);
	require(atexit(clean_up) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	set_up();
	return 0;
}

static enum saksi_err to_fd(void *ctx, const void *p, size_t n, struct saksi_error *err)
{
	(void)ctx;
	return fs_write_all(g_fd, p, n, "bundle", err);
}

static void rewind_file(bool empty)
{
	require(lseek(g_fd, 0, SEEK_SET) == 0);
	if (empty)
		require(ftruncate(g_fd, 0) == 0);
}

/* The next (type, length, bytes) of the input; false at its end. */
static bool next_piece(const uint8_t **p, size_t *left, uint8_t *type, size_t *n)
{
	if (*left < 3)
		return false;
	*type = (*p)[0];
	*n = le16_get(*p + 1);
	*p += 3;
	*left -= 3;
	if (*n > *left)
		*n = *left;
	return true;
}

static void try_file(const uint8_t *data, size_t size)
{
	struct box_reader *r = NULL;
	unsigned type;
	const uint8_t *p;
	size_t n;

	rewind_file(true);
	require(fs_write_all(g_fd, data, size, "bundle", NULL) == SAKSI_OK);
	rewind_file(false);
	if (box_reader_new(&r, g_fd, &g_epoch, 1, &g_place, NULL) != SAKSI_OK)
		return;
	while (box_reader_item(r, &type, &p, &n, NULL) == SAKSI_OK)
		require(n <= BOX_ITEM_MAX);
	box_reader_free(&r);
}

static void try_items(const uint8_t *data, size_t size)
{
	struct box_writer *w = NULL;
	struct box_reader *r = NULL;
	const uint8_t *p = data, *got;
	size_t left = size, n, got_n;
	uint8_t type;
	unsigned got_type;
	bool more;

	rewind_file(true);
	require(box_writer_new(&w, to_fd, NULL, g_key, &g_place, NULL) == SAKSI_OK);
	for (; next_piece(&p, &left, &type, &n); p += n, left -= n)
		require(box_writer_item(w, (enum box_item)type, p, n, NULL) == SAKSI_OK);
	require(box_writer_end(w, NULL) == SAKSI_OK);
	box_writer_free(&w);
	rewind_file(false);
	require(box_reader_new(&r, g_fd, &g_epoch, 1, &g_place, NULL) == SAKSI_OK);
	p = data;
	left = size;
	for (; next_piece(&p, &left, &type, &n); p += n, left -= n) {
		require(box_reader_item(r, &got_type, &got, &got_n, NULL) == SAKSI_OK);
		require(got_type == type && got_n == n && memcmp(got, p, n) == 0);
	}
	require(box_reader_item(r, &got_type, &got, &got_n, NULL) == SAKSI_ENOTFOUND);
	require(box_reader_trailing(r, &more, NULL) == SAKSI_OK && !more);
	box_reader_free(&r);
}

static void try_parsers(const uint8_t *data, size_t size)
{
	struct manifest m;
	struct frontier f;
	struct content_end e;
	struct join_request q;
	struct buf out = BUF_INIT, body = BUF_INIT;

	if (manifest_read(&m, data, size, NULL) == SAKSI_OK)
		require(m.carrier == CARRIER_BUNDLE || m.carrier == CARRIER_DIRECTORY);
	if (end_read(&e, data, size, NULL) == SAKSI_OK)
		require(!end_signed_by(&e, &m, m.sealer.b));
	if (frontier_read(&f, data, size, NULL) == SAKSI_OK) {
		frontier_write(&out, &f);
		require(out.len == size && memcmp(out.p, data, size) == 0);
		frontier_free(&f);
	}
	buf_reset(&out);
	if (change_read(&out, data, size, NULL) == SAKSI_OK)
		require(out.len > 0 && out.len <= CHANGESET_MAX);
	if (request_body_read(&q, data, size, NULL) == SAKSI_OK) {
		request_body_write(&body, &q);
		require(body.len == size && memcmp(body.p, data, size) == 0);
	}
	if (request_read(&q, data, size, NULL) == SAKSI_OK)
		require(q.person[0] != '\0' && q.label[0] != '\0');
	buf_free(&out);
	buf_free(&body);
}

/* Whatever stands between an honest beginning and end: the vault stays whole. */
static void try_bundle(const uint8_t *data, size_t size)
{
	struct outgoing o;
	struct saksi_txn *txn = NULL;
	struct sync_summary sum;
	struct buf item = BUF_INIT;
	const uint8_t *p = data;
	size_t left = size, n;
	uint8_t type;
	enum saksi_err rc;

	rewind_file(true);
	require(saksi_txn_begin(&txn, g_vault, false, NULL) == SAKSI_OK);
	require(outgoing_begin(&o, g_team, txn, CARRIER_BUNDLE, 0, to_fd, NULL, NULL) ==
	    SAKSI_OK);
	saksi_txn_abort(&txn);
	for (; next_piece(&p, &left, &type, &n); p += n, left -= n) {
		buf_reset(&item);
		if (type == ITEM_CHANGESET) { /* sealed as it should be, whatever it is */
			require(change_write(&item, p, n, NULL) == SAKSI_OK);
			o.end.count++;
		} else {
			buf_add(&item, p, n);
		}
		running_add(&o.running, type, item.p, item.len);
		require(box_writer_item(o.box, (enum box_item)type, item.p, item.len,
			    NULL) == SAKSI_OK);
	}
	require(outgoing_end(&o, NULL) == SAKSI_OK);
	outgoing_free(&o);
	buf_free(&item);
	rewind_file(false);
	sync_summary_init(&sum);
	rc = saksi_bundle_read(g_team, g_fd, NULL, &sum, NULL);
	require(rc == SAKSI_OK || rc == SAKSI_EAUTH || rc == SAKSI_ENEWER);
	require(
	    sum.pending <= 2 * HOLD_COUNT_MAX && sum.quarantined <= 2 * HOLD_COUNT_MAX);
	sync_summary_free(&sum);
	require(saksi_team_self(g_team) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		try_file(data + 1, size - 1);
		break;
	case 1:
		try_items(data + 1, size - 1);
		break;
	case 2:
		try_parsers(data + 1, size - 1);
		break;
	default:
		try_bundle(data + 1, size - 1);
		break;
	}
	return 0;
}
