/* near.c - the record that a mistyped id or ref perhaps means. */
#include <string.h>

#include <saksi/base/text.h>
#include <saksi/store/record.h>

#include "vault_impl.h"

#define ID_LEAST 6u /* letters; shorter ones are near to too many */

/*
 * How many references are looked at.  This is a help for a slip of the hand, not
 * a search, and a vault may have a million of them.
 */
#define REFS_TRIED 100000u

static bool is_candidate(const struct cat_record *r, const char *to)
{
	return r->head.code != STATE_DELETED && head_fits(&r->head, to);
}

struct nearby {
	const char *to;
	struct saksi_id id;
	size_t hits;
};

static enum saksi_err count_candidate(void *ctx, const struct cat_record *r,
    struct saksi_error *err)
{
	struct nearby *n = ctx;

	(void)err;
	if (is_candidate(r, n->to) && (n->hits == 0 || id_cmp(&n->id, &r->id) != 0)) {
		n->id = r->id;
		n->hits++;
	}
	return SAKSI_OK;
}

/* As much of an id as was typed, with one other letter in it; of one record only. */
static bool near_id(struct saksi_txn *t, const char *name, const char *to,
    char out[SAKSI_NEAR])
{
	static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
	struct nearby near = {.to = to};
	char text[ID_TEXT_LEN + 1];
	size_t n = strlen(name);

	if (n < ID_LEAST || n > ID_TEXT_LEN)
		return false;
	for (size_t at = 0; at < n; at++) {
		for (size_t k = 0; letters[k] != '\0'; k++) {
			memcpy(text, name, n + 1);
			text[at] = letters[k];
			if (catalog_by_prefix(t, text, count_candidate, &near, NULL) !=
				SAKSI_OK ||
			    near.hits > 1)
				return false;
		}
	}
	if (near.hits == 0)
		return false;
	id_text(text, &near.id);
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

/* A reference that is nearer than the one in ${out}, and some record's that fits. */
static enum saksi_err try_ref(struct saksi_txn *t, struct text_near *near,
    const char *ref, const char *to, char out[SAKSI_NEAR], struct saksi_error *err)
{
	struct text_near before = *near;
	struct nearby fits = {.to = to};
	enum saksi_err rc;

	if (!text_near_try(near, ref))
		return SAKSI_OK;
	rc = catalog_by_ref(t, ref, count_candidate, &fits, err);
	if (rc == SAKSI_OK && fits.hits > 0)
		memcpy(out, ref, strlen(ref) + 1);
	else
		*near = before;
	return rc;
}

static enum saksi_err near_ref(struct saksi_txn *t, const char *name, const char *to,
    char out[SAKSI_NEAR], struct saksi_error *err)
{
	struct index_term prefix, term;
	struct index_walk *w = NULL;
	struct text_near near;
	struct index *x;
	struct kv_txn *kv;
	char ref[SAKSI_NEAR];
	bool found;
	enum saksi_err rc;

	text_near_begin(&near, name);
	index_term(&prefix, IX_REF, NULL, 0);
	if ((rc = txn_index(t, &x, &kv, err)) != SAKSI_OK ||
	    (rc = index_walk_open(&w, x, kv, &prefix, NULL, err)) != SAKSI_OK)
		return rc;
	for (unsigned i = 0; rc == SAKSI_OK && i < REFS_TRIED; i++) {
		rc = index_walk_next(w, &term, &found, err);
		if (rc != SAKSI_OK || !found)
			break;
		if (term.n > sizeof(ref) || memchr(term.b + 1, '\0', term.n - 1) != NULL)
			continue;
		head_text(ref, sizeof(ref), (const char *)term.b + 1, term.n - 1);
		rc = try_ref(t, &near, ref, to, out, err);
	}
	index_walk_close(&w);
	return rc;
}

bool saksi_record_near(struct saksi_txn *t, const char *name, const char *to,
    char out[SAKSI_NEAR])
{
	out[0] = '\0';
	if (near_ref(t, name, to, out, NULL) != SAKSI_OK)
		return false;
	return out[0] != '\0' || near_id(t, name, to, out);
}
