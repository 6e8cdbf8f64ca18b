/* test_sync_bundle.c - two and three devices exchange bundles. */
#include "teams.h"

static void two_devices_become_one_state(void **state)
{
	struct peer a, b;
	struct saksi_id id;
	struct buf bundle = BUF_INIT;
	struct sync_summary sum;

	(void)state;
	peer_make(&a, "Channary", "laptop");
	peer_make(&b, "Dara", "phone");
	peer_join(&b, &a, ROLE_EDITOR, "Dara", "phone");
	id = peer_create(&a, "ev-1", "Arrests at the market");
	bundle_write(&a, NULL, &bundle, &sum);
	assert_int_equal(sum.sent, 5); /* log, genesis, added device; log, record */
	sync_summary_free(&sum);
	OK(bundle_try_read(&b, bundle.p, bundle.len, &sum));
	assert_int_equal(sum.new_records, 1);
	assert_int_equal(sum.received, 2);
	assert_int_equal(sum.known, 3);
	char *text = json_dumps(sum.detail, JSON_INDENT(1));
	print_message("%s\n", text);
	free(text);
	sync_summary_free(&sum);
	assert_same_state(&a, &b);

	peer_edit(&a, &id, "title", "Arrests at the old market");
	peer_edit(&b, &id, "title", "Arrests at the new market");
	peer_edit(&b, &id, "description", "Seen from the bridge");
	bundle_pass(&a, &b);
	bundle_pass(&b, &a);
	bundle_pass(&b, &a);
	assert_same_state(&a, &b);
	buf_free(&bundle);
	peer_end(&a);
	peer_end(&b);
}

static int teardown(void **state)
{
	(void)state;
	schema_free(&g_schema);
	assert_int_equal(secret_live(), 0);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	g_schema = load_schema();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_devices_become_one_state),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
