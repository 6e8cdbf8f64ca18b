/* Pages that only look like values: they are not tried for ever. */
#include "kv_fixture.h"

#include "kv_salvage.h"

#define JUNK_PAGES 100u

/* Each might begin a long value of any length; all of them would be 11 GiB to open. */
static void append_junk(struct fixture *f, uint32_t page)
{
	uint8_t *junk = calloc(1, page);
	struct stat st;
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, KV_FILE_NAME);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0 && junk != NULL);
	assert_int_equal(fstat(fd, &st), 0);
	memset(junk, 0xff, 16);
	junk[16] = CRYPTO_SUITE;
	for (unsigned i = 0; i < JUNK_PAGES; i++)
		assert_int_equal(write(fd, junk, page), page);
	assert_int_equal(close(fd), 0);
	free(junk);
}

static void junk_is_given_up(void **state)
{
	struct kv_salvage *s;
	struct fixture f;

	(void)state;
	fixture_new(&f);
	kv_close(&f.kv);
	OK(kv_salvage_open(&s, f.dir, f.vault_id, f.vault_key, NULL, NULL, &f.err));
	assert_int_equal(kv_salvage_skipped(s), 0);
	append_junk(&f, s->page);
	kv_salvage_close(&s);
	OK(kv_salvage_open(&s, f.dir, f.vault_id, f.vault_key, NULL, NULL, &f.err));
	assert_true(kv_salvage_skipped(s) > 0);
	assert_true(s->in_vain <=
	    SALVAGE_VAIN_LEAST + SALVAGE_VAIN_TIMES * s->size + UINT64_C(80) * 4096 * 9);
	kv_salvage_close(&s);
	folder_free(&f);
	assert_int_equal(secret_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(junk_is_given_up)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
