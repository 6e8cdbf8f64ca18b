/*
 * Salvaging from a wrecked data file: it ends, stays inside of its pages, and
 * gives nothing that was not once the value of that number.
 */
#include <saksi/kv/salvage.h>

#define WRECK_FIRST 14u
#define WRECK_ROUNDS 3u
#include "fuzz_wreck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct salvaging {
	struct kv_salvage *s;
	enum kv_table t;
	size_t n;
};

static enum saksi_err one(void *ctx, const struct kv_found *f, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct salvaging *s = ctx;
	enum kv_standing how;
	enum kv_expected there;

	must(wreck_was_said(s->t, f->n, p, len));
	must(kv_salvage_expects(s->s, s->t, f->n, &there, err) == SAKSI_OK);
	must(f->as != FOUND_CURRENT || there == EXPECT_THERE);
	must(kv_salvage_standing(s->s, s->t, f->n, &how, err) == SAKSI_OK);
	s->n++;
	return SAKSI_OK;
}

static size_t salvage(const uint8_t *data, size_t size)
{
	static const enum kv_table tables[] = {KV_RECORDS, KV_LOG, KV_HELD, KV_LOCAL};
	struct kv_salvage_state state;
	struct salvaging s = {.n = 0};
	bool sure;

	wreck_write(data, size);
	must(kv_salvage_open(&s.s, wreck.dir, wreck.vault_id, wreck.key, NULL, NULL,
		 NULL) == SAKSI_OK);
	(void)kv_salvage_newest(s.s, &sure);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		s.t = tables[i];
		kv_salvage_state(s.s, s.t, &state);
		must(kv_salvage_each(s.s, s.t, one, &s, NULL) == SAKSI_OK);
	}
	kv_salvage_close(&s.s);
	return s.n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t want = 0;

	(void)argc;
	(void)argv;
	wreck_make();
	for (size_t i = 0; i < wreck.n_said; i++)
		want += wreck.said[i].t < KV_INDEX && wreck_is_last(i);
	/* Of the file as it is, all but the three that were removed. */
	must(salvage(NULL, 0) == want - 3);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)salvage(data, size);
	return 0;
}
