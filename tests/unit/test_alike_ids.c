/* test_alike_ids.c - records whose ids are alike, whichever of them was read before. */
#include "vaults.h"

#include <saksi/base/fsio.h>

#include "catalog.h"
#include "vault_impl.h"

#define RECORDS 40u

/* Each two have the first fifteen bytes in common: all by which a row is guessed. */
static void id_of(struct saksi_id *id, unsigned i)
{
	memset(id->b, (int)(i / 2 * 37 % 256), sizeof(id->b));
	id->b[15] = (uint8_t)i;
}

static void import_all(struct device *d)
{
	struct import_options opt = {false, false, NULL, NULL};
	struct import_report rep;
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < RECORDS; i++) {
		char text[ID_TEXT_LEN + 1];
		struct saksi_id id;

		id_of(&id, i);
		id_text(text, &id);
		buf_printf(&b,
		    "{\"id\":\"%s\",\"type\":\"person\",\"names\":[{\"text\":\"Name %u\"}]}\n",
		    text, i);
	}
	OK(saksi_import(d->v, (const char *)b.p, b.len, &opt, &rep, &g_err));
	assert_int_equal(rep.created, RECORDS);
	import_report_free(&rep);
	buf_free(&b);
}

static uint64_t guess(struct saksi_txn *t, const struct saksi_id *id)
{
	uint64_t number;

	OK(catalog_guess(t, id, &number, &g_err));
	return number;
}

static void each_is_its_own(void **state)
{
	unsigned guessed = 0, wrong = 0;
	struct device d;
	struct saksi_txn *t;

	(void)state;
	device_make(&d, g_schema);
	import_all(&d);
	t = begin(&d, false);
	for (unsigned k = 0; k < 3 * RECORDS; k++) {
		struct saksi_record *r = NULL;
		struct saksi_id id;
		uint64_t first, number;

		id_of(&id, k * 7 % RECORDS);
		first = guess(t, &id);
		OK(saksi_record_get(&r, t, &id, 0, &g_err));
		assert_int_equal(id_cmp(&r->id, &id), 0);
		saksi_record_free(&r);
		OK(catalog_number(t, &id, &number, &g_err));
		guessed += first != 0;
		wrong += first != 0 && first != number;
		/* Like one that is there, and is not. */
		id.b[15] = (uint8_t)(RECORDS + k);
		assert_int_equal(saksi_record_get(&r, t, &id, 0, &g_err), SAKSI_ENOTFOUND);
		assert_null(r);
		id_of(&id, k * 7 % RECORDS);
		assert_int_equal(saksi_record_get(&r, t, &id, 1, &g_err), SAKSI_ENOTFOUND);
	}
	/* It was for this that they are alike. */
	assert_true(guessed > wrong && wrong > 0);
	saksi_txn_abort(&t);
	device_end(&d);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_is_its_own),
};

TEST_MAIN(tests, vaults_setup, vaults_teardown)
