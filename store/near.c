/* near.c - the record that a mistyped id or ref perhaps means. */
#include <string.h>

#include <saksi/base/text.h>
#include <saksi/store/record.h>

#include "vault_impl.h"

#define ID_LEAST 6u /* letters; shorter ones are near to too many */

static bool is_candidate(const struct cat_record *r, const char *to)
{
	return r->code != STATE_DELETED && type_fits(r->type, to);
}

/* As much of an id as was typed, with one other letter in it; of one record only. */
static bool near_id(const struct catalog *c, const char *name, const char *to,
    char out[SAKSI_NEAR])
{
	size_t n = strlen(name);
	size_t hits = 0;

	if (n < ID_LEAST || n > ID_TEXT_LEN)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		char text[ID_TEXT_LEN + 1];

		if (!is_candidate(&c->records[i], to))
			continue;
		id_text(text, &c->records[i].id);
		text[n] = '\0';
		if (text_distance(text, name, 1) <= 1 && hits++ == 0)
			memcpy(out, text, n + 1);
	}
	return hits == 1;
}

bool saksi_record_near(struct saksi_txn *t, const char *name, const char *to,
    char out[SAKSI_NEAR])
{
	struct catalog *c;
	struct text_near near;
	size_t n;

	if (txn_catalog(t, &c, NULL) != SAKSI_OK)
		return false;
	text_near_begin(&near, name);
	for (size_t i = 0; i < c->n_records; i++)
		if (c->records[i].ref[0] != '\0' && is_candidate(&c->records[i], to))
			(void)text_near_try(&near, c->records[i].ref);
	if (near.best == NULL)
		return near_id(c, name, to, out);
	n = strlen(near.best);
	if (n >= SAKSI_NEAR)
		return false;
	memcpy(out, near.best, n + 1);
	return true;
}
