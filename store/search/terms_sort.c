/* terms_sort.c - keys that put the values of a field in order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <saksi/base/text.h>

#include "terms_int.h"

/* What follows in a key; so that a field of two kinds keeps them apart. */
enum { KEY_NUMBER = 1, KEY_DATE = 2, KEY_TEXT = 3 };

#define KEY_TEXT_MAX 48u

bool sort_key_has(enum field_kind k)
{
	switch (k) {
	case FIELD_TEXT:
	case FIELD_CODE:
	case FIELD_DATE:
	case FIELD_TIME:
	case FIELD_NAME:
	case FIELD_PLACE:
	case FIELD_NUMBER:
	case FIELD_MONEY:
	case FIELD_SANCTION:
	case FIELD_LANG:
	case FIELD_COUNTRY:
	case FIELD_YESNO:
	case FIELD_INT:
		return true;
	case FIELD_NOTE:
	case FIELD_REF: /* its target's label is what one sees, and that may change */
	case FIELD_GROUP:
	case FIELD_SOURCE:
	case FIELD_ATTACHMENT:
		break;
	}
	return false;
}

static void add_be(struct buf *out, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_add_byte(out, (uint8_t)(v >> 8 * bytes));
}

/* IEEE 754 in the order of the numbers. */
static void add_number(struct buf *out, double d)
{
	uint64_t v;

	if (d == 0)
		d = 0; /* there is one zero */
	memcpy(&v, &d, sizeof(v));
	v = v >> 63 != 0 ? ~v : v | UINT64_C(1) << 63;
	buf_add_byte(out, KEY_NUMBER);
	add_be(out, v, 8);
}

/* What began nobody knows when stands where it ended. */
static void add_date(struct buf *out, const struct edtf *d)
{
	int32_t first = d->earliest == EDTF_DAY_MIN ? d->latest : d->earliest;

	buf_add_byte(out, KEY_DATE);
	add_be(out, (uint32_t)first ^ UINT32_C(0x80000000), 4);
	add_be(out, (uint32_t)d->latest ^ UINT32_C(0x80000000), 4);
}

void sort_text(struct buf *out, const char *folded, size_t n)
{
	buf_add_byte(out, KEY_TEXT);
	buf_add(out, folded, n < KEY_TEXT_MAX ? n : KEY_TEXT_MAX);
}

static bool add_quantity(struct buf *out, const json_t *v)
{
	if (json_is_object(v))
		v = json_object_get(v, "value");
	if (!json_is_number(v))
		return false;
	add_number(out, json_number_value(v));
	return true;
}

static bool add_money(struct buf *out, const json_t *v)
{
	const char *amount = json_string_value(json_object_get(v, "amount"));
	const char *currency = json_string_value(json_object_get(v, "currency"));

	if (amount == NULL)
		return false;
	add_number(out, strtod(amount, NULL));
	if (currency != NULL)
		buf_add(out, currency, strnlen(currency, KEY_TEXT_MAX));
	return true;
}

static bool add_days(struct buf *out, const struct schema_field *f, const json_t *v)
{
	const char *s = json_string_value(value_plain(v));
	struct edtf d;

	if (!value_date(&d, f, v))
		return false;
	add_date(out, &d);
	if (f->kind == FIELD_TIME && s != NULL)
		buf_add(out, s, strnlen(s, KEY_TEXT_MAX));
	return true;
}

/* Takes over ${text}; false: nothing of it is left to sort by. */
static bool add_folded(struct buf *out, struct buf *text)
{
	struct buf folded = BUF_INIT;

	if (text->failed ||
	    text_fold(&folded, (const char *)text->p, text->len, NULL) != SAKSI_OK)
		out->failed = true;
	bool has = folded.len > 0;
	if (has)
		sort_text(out, (const char *)folded.p, folded.len);
	buf_free(text);
	buf_free(&folded);
	return has;
}

static bool add_words(struct buf *out, const struct schema *s,
    const struct schema_field *f, const json_t *v)
{
	struct buf text = BUF_INIT;

	value_text(&text, s, f, v);
	return add_folded(out, &text);
}

bool value_sort_key(struct buf *out, const struct schema *s, const struct schema_field *f,
    const json_t *v)
{
	switch (f->kind) {
	case FIELD_INT:
	case FIELD_NUMBER:
		return add_quantity(out, value_plain(v));
	case FIELD_MONEY:
		return add_money(out, value_plain(v));
	case FIELD_DATE:
	case FIELD_TIME:
		return add_days(out, f, v);
	case FIELD_TEXT:
	case FIELD_CODE:
	case FIELD_NAME:
	case FIELD_PLACE:
	case FIELD_SANCTION:
	case FIELD_LANG:
	case FIELD_COUNTRY:
	case FIELD_YESNO:
		return add_words(out, s, f, v);
	case FIELD_NOTE:
	case FIELD_REF:
	case FIELD_GROUP:
	case FIELD_SOURCE:
	case FIELD_ATTACHMENT:
		break;
	}
	return false;
}

bool label_sort_key(struct buf *out, const struct schema *s, const json_t *record)
{
	struct buf text = BUF_INIT;

	record_label(&text, s, record);
	return add_folded(out, &text);
}

struct first_value {
	struct buf *out;
	const struct schema *s;
	const char *path;
	bool found;
};

static bool take_first(void *ctx, const struct schema_field *f, const json_t *v)
{
	struct first_value *x = ctx;

	if (strcmp(f->path, x->path) != 0 || !sort_key_has(f->kind))
		return true;
	x->found = value_sort_key(x->out, x->s, f, v);
	return false;
}

enum saksi_err record_sort_key(struct buf *out, const struct schema *s,
    const json_t *record, const char *path, bool *found, struct saksi_error *err)
{
	struct first_value x = {out, s, path, false};

	if (strcmp(path, SORT_LABEL) == 0)
		x.found = label_sort_key(out, s, record);
	else
		(void)record_values(s, record, take_first, &x);
	*found = x.found;
	return buf_ok(out, err);
}
