/* terms_int.h - what the files that make terms share. */
#ifndef SAKSI_STORE_TERMS_INT_H
#define SAKSI_STORE_TERMS_INT_H

#include "terms.h"

/** value_sort_key(out, s, f, v): false: it has none. */
bool value_sort_key(struct buf *out, const struct schema *s, const struct schema_field *f,
    const json_t *v);
bool label_sort_key(struct buf *out, const struct schema *s, const json_t *record);
/** sort_text(out, folded, n): The key of a folded text. */
void sort_text(struct buf *out, const char *folded, size_t n);

/* The words of one text, for IX_FIELD. */
struct few_words {
	struct buf bytes; /* the first ${max}, each ended by NUL */
	size_t n, max;	  /* n counts all */
};

/* A record on its way into the index. */
struct maker {
	struct index_doc *d;
	const struct schema *s;
	const struct schema_type *t;
	const struct schema_field *f; /* of the value at hand */
	uint32_t position;
	struct buf folded;
	struct few_words few;
	const struct schema_field **sorted; /* those that have had their first value */
	size_t n_sorted, cap_sorted;
	struct buf key;
	bool cut; /* it says more than RECORD_TERMS_MAX */
	bool nomem;
	enum saksi_err rc;
	struct saksi_error *err;
};

/** maker_full(m): No more words of it; from then on it is a long record. */
bool maker_full(struct maker *m);
/** maker_term(m, family, p, n): A term that is cut off where there are too many. */
void maker_term(struct maker *m, enum index_family family, const void *p, size_t n);
/** maker_fold(m, text, n): Into m->folded; false: stop. */
bool maker_fold(struct maker *m, const char *text, size_t n);
/** maker_field(m, p, n): A term of IX_FIELD under the path at hand. */
void maker_field(struct maker *m, const void *p, size_t n);
/** maker_field_text(m, text, n): The words of a text that is in no record_texts(). */
bool maker_field_text(struct maker *m, const char *text, size_t n);
/** maker_field_few(m): The words that were gathered, or FIELD_MORE_TAG. */
void maker_field_few(struct maker *m);

/** terms_field.c: all that field:value may ask of a value but its texts. */
bool terms_of_field(struct maker *m, const json_t *v);
/** terms_name.c: the terms of a name; m->folded holds it folded. */
bool terms_of_name(struct maker *m, const char *text);

#endif
