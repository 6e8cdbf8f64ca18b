/* test_slot_dir.c - the list of used slots: vector, round trip, every byte altered. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>
#include <saksi/keys/keyring.h>

#include "test.h"
#include "vectors.h"

#define OK(call) assert_int_equal(call, SAKSI_OK)

static void set(struct slot_info *s, enum keyring_kind kind, int64_t us, const char *label)
{
	s->kind = (uint8_t)kind;
	s->made_us = us;
	assert_true(strlen(label) < sizeof(s->label));
	memset(s->label, 0, sizeof(s->label));
	memcpy(s->label, label, strlen(label));
}

static void sample(struct slot_dir *d)
{
	memset(d, 0, sizeof(*d));
	set(&d->slot[0], SLOT_PASSPHRASE, 1790000000000000, "Sophea, office");
	set(&d->slot[3], SLOT_SHARES, -1, "");
	set(&d->slot[7], SLOT_RECOVERY, INT64_MAX,
	    "sixty-three bytes: as many as fit, no more, 0123456789 and so o");
	assert_int_equal(strlen(d->slot[7].label), 63);
}

static void text_field(char *out, size_t size, const struct vectors *v, const char *name)
{
	struct buf b = BUF_INIT;

	vectors_hex(&b, v, name);
	(void)snprintf(out, size, "%s", buf_cstr(&b));
	buf_free(&b);
}

static void vector(void **state)
{
	struct vectors v;
	struct slot_dir d, got;
	struct buf expected = BUF_INIT, out = BUF_INIT;
	char label[64];

	(void)state;
	vectors_open(&v, "keyring.txt");
	while (vectors_next(&v) && strcmp(v.name[0], "slot_dir") != 0)
		;
	memset(&d, 0, sizeof(d));
	text_field(label, sizeof(label), &v, "label0");
	set(&d.slot[0], SLOT_PASSPHRASE, (int64_t)vectors_number(&v, "us0"), label);
	text_field(label, sizeof(label), &v, "label5");
	set(&d.slot[5], SLOT_RECOVERY, (int64_t)vectors_number(&v, "us5"), label);
	vectors_hex(&expected, &v, "out");
	slot_dir_write(&out, &d);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.p, expected.p, out.len);
	OK(slot_dir_read(&got, expected.p, expected.len, NULL));
	assert_memory_equal(&got, &d, sizeof(d));
	buf_free(&expected);
	buf_free(&out);
	vectors_close(&v);
}

static void round_trip(void **state)
{
	struct slot_dir d, got;
	struct buf out = BUF_INIT;

	(void)state;
	sample(&d);
	slot_dir_write(&out, &d);
	OK(slot_dir_read(&got, out.p, out.len, NULL));
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		assert_int_equal(got.slot[i].kind, d.slot[i].kind);
		assert_true(got.slot[i].made_us == d.slot[i].made_us);
		assert_string_equal(got.slot[i].label, d.slot[i].label);
	}
	buf_free(&out);
}

/* A read list is well-formed and says what was read, or the read fails. */
static void check(const uint8_t *p, size_t n)
{
	struct slot_dir d;
	struct buf again = BUF_INIT;
	enum saksi_err rc = slot_dir_read(&d, p, n, NULL);

	if (rc != SAKSI_OK) {
		assert_true(rc == SAKSI_EFORMAT || rc == SAKSI_ENEWER);
		for (unsigned i = 0; i < KEYRING_SLOTS; i++)
			assert_int_equal(d.slot[i].kind, SLOT_EMPTY);
		return;
	}
	for (unsigned i = 0; i < KEYRING_SLOTS; i++) {
		assert_true(d.slot[i].kind <= SLOT_UNFINISHED);
		assert_true(utf8_valid(d.slot[i].label, strlen(d.slot[i].label)));
	}
	slot_dir_write(&again, &d);
	assert_int_equal(again.len, n);
	assert_memory_equal(again.p, p, n);
	buf_free(&again);
}

static void altered(void **state)
{
	struct slot_dir d;
	struct buf out = BUF_INIT;
	uint8_t *exact;

	(void)state;
	sample(&d);
	slot_dir_write(&out, &d);
	for (size_t i = 0; i < out.len; i++)
		for (unsigned to = 0; to < 256; to++) {
			uint8_t was = out.p[i];

			out.p[i] = (uint8_t)to;
			check(out.p, out.len);
			out.p[i] = was;
		}
	for (size_t n = 0; n < out.len; n++) {
		exact = malloc(n + 1); /* a read past the end would be seen */
		assert_non_null(exact);
		memcpy(exact + 1, out.p, n);
		assert_int_equal(slot_dir_read(&d, exact + 1, n, NULL), SAKSI_EFORMAT);
		free(exact);
	}
	buf_add_byte(&out, 0);
	assert_int_equal(slot_dir_read(&d, out.p, out.len, NULL), SAKSI_EFORMAT);
	buf_free(&out);
}

static void refused(void **state)
{
	struct slot_dir d;
	uint8_t empty[2 + 8 * 10] = {1, 8};

	(void)state;
	OK(slot_dir_read(&d, empty, sizeof(empty), NULL));
	empty[0] = 2;
	assert_int_equal(slot_dir_read(&d, empty, sizeof(empty), NULL), SAKSI_ENEWER);
	empty[0] = 0;
	assert_int_equal(slot_dir_read(&d, empty, sizeof(empty), NULL), SAKSI_EFORMAT);
	empty[0] = 1;
	empty[1] = 7;
	assert_int_equal(slot_dir_read(&d, empty, sizeof(empty) - 10, NULL),
	    SAKSI_EFORMAT);
	empty[1] = 8;
	empty[3] = 1; /* a time for an unused slot */
	assert_int_equal(slot_dir_read(&d, empty, sizeof(empty), NULL), SAKSI_EFORMAT);
	empty[3] = 0;
	empty[2] = 5; /* a kind that does not exist */
	assert_int_equal(slot_dir_read(&d, empty, sizeof(empty), NULL), SAKSI_EFORMAT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vector),
    cmocka_unit_test(round_trip),
    cmocka_unit_test(altered),
    cmocka_unit_test(refused),
};

TEST_MAIN(tests, NULL, NULL)
