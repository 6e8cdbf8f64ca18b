/* repair_seen.c - which records of the fresh vault are settled by their rows. */
#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>
#include <saksi/base/list.h>

#include "repair.h"

static enum saksi_err note_row(struct repair_seen *s, uint64_t n, struct saksi_error *err)
{
	size_t at = (size_t)(n / 8), bytes = s->bytes == 0 ? 1024 : s->bytes;
	uint8_t *p;

	while (bytes <= at)
		bytes *= 2;
	if (bytes > s->bytes) {
		if ((p = realloc(s->rows, bytes)) == NULL)
			return saksi_fail_nomem(err);
		memset(p + s->bytes, 0, bytes - s->bytes);
		s->rows = p;
		s->bytes = bytes;
	}
	bit_set(s->rows, n);
	return SAKSI_OK;
}

enum saksi_err repair_seen_note(struct saksi_repair *r, const struct saksi_id *id,
    struct saksi_error *err)
{
	struct repair_seen *s = &r->seen;
	struct saksi_id *list;
	uint64_t n;
	enum saksi_err rc = catalog_number(r->t, id, &n, err);

	if (rc != SAKSI_OK)
		return rc;
	if (n != 0)
		return note_row(s, n, err);
	list = list_room(s->drafted, s->n_drafted, &s->cap_drafted, sizeof(*list));
	if (list == NULL)
		return saksi_fail_nomem(err);
	s->drafted = list;
	list[s->n_drafted++] = *id;
	return SAKSI_OK;
}

enum saksi_err repair_seen_written(struct saksi_repair *r, struct saksi_error *err)
{
	struct repair_seen *s = &r->seen;
	enum saksi_err rc = SAKSI_OK;
	uint64_t n;

	for (size_t i = 0; i < s->n_drafted && rc == SAKSI_OK; i++) {
		rc = catalog_number(r->t, &s->drafted[i], &n, err);
		if (rc == SAKSI_OK && n != 0)
			rc = note_row(s, n, err);
	}
	s->n_drafted = 0;
	return rc;
}

bool repair_seen_row(const struct saksi_repair *r, uint64_t n)
{
	const struct repair_seen *s = &r->seen;

	return n / 8 < s->bytes && bit_get(s->rows, n);
}

enum saksi_err repair_seen_record(struct saksi_repair *r, const struct saksi_id *id,
    bool *seen, struct saksi_error *err)
{
	uint64_t n;
	enum saksi_err rc = catalog_number(r->t, id, &n, err);

	*seen = rc == SAKSI_OK && n != 0 && repair_seen_row(r, n);
	return rc;
}

void repair_seen_free(struct repair_seen *s)
{
	free(s->rows);
	free(s->drafted);
	memset(s, 0, sizeof(*s));
}
