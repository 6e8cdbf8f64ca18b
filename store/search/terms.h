/*
 * terms.h - what a record is to be found by (FORMAT.md section 10).
 *
 * record_terms() writes the terms, search.c asks for them: whatever query_match()
 * finds in a record must be among them.
 */
#ifndef SAKSI_STORE_TERMS_H
#define SAKSI_STORE_TERMS_H

#include <saksi/index/index.h>
#include <saksi/schema/schema.h>

/**
 * record_terms(d, s, record, deleted, conflict, err):
 * Add all terms of a record in the interchange form to ${d}.  The same record
 * gives the same terms, whatever the order of its keys.
 */
SAKSI_MUST_CHECK enum saksi_err record_terms(struct index_doc *d, const struct schema *s,
    const json_t *record, bool deleted, bool conflict, struct saksi_error *err);

/*
 * A record whose terms take more than this (a book of 400,000 words does not) is
 * long: it has IX_STATE "long", and of its words, names, fields and dates only the
 * first.  Whatever is searched for, long records are asked themselves.
 */
#define RECORD_TERMS_MAX ((size_t)4 << 20)
#define STATE_LONG "long"

/* ---- IX_LINK ---------------------------------------------------------------- */

/** term_link(t, ref): The 16 bytes of an id; what is no id as it is written. */
void term_link(struct index_term *t, const char *ref);

/* ---- IX_DATE, and dates in IX_FIELD ------------------------------------------- */
/*
 * A date is the days [first, last] that are possible, as width class (1), first
 * (4), last (4), days big-endian with the sign bit turned over.  Of the dates of
 * one class that overlap [a, b] each begins at most as many days before a as the
 * class is wide, so nine walks find all.
 */
#define DATE_TERM 9u
enum date_class {
	DATE_DAY,      /* 1 day */
	DATE_MONTH,    /* up to 31 */
	DATE_YEAR,     /* up to 366 */
	DATE_DECADE,   /* up to 3653 */
	DATE_CENTURY,  /* up to 36525 */
	DATE_LONG,     /* more */
	DATE_NO_FIRST, /* nobody knows when it began */
	DATE_NO_LAST,  /* or ended */
	DATE_NOTHING,  /* either */
	DATE_CLASSES
};
void date_term(uint8_t out[DATE_TERM], const struct edtf *d);
/**
 * date_range(from, to, class, q): Between which terms of ${class} those that
 * overlap ${q} stand; date_term_overlaps() says of each whether it does.
 */
void date_range(uint8_t from[DATE_TERM], uint8_t to[DATE_TERM], enum date_class c,
    const struct edtf *q);
bool date_term_overlaps(const uint8_t term[DATE_TERM], const struct edtf *q);

/* ---- IX_FIELD: path, 00, then one of ------------------------------------------- */

#define FIELD_DATE_TAG 0x00 /* and a date as above */
#define FIELD_MORE_TAG 0x01 /* alone: there is a value whose words are not all here */
#define FIELD_PROSE_MAX 8u  /* words of one text; a longer one has only IX_WORD */
#define FIELD_WORDS_MAX 32u /* the same of what is no prose, and so may have none */
/* else a word of a value, a code or a reference as it is written */

/* Texts, notes and names: all their words are in IX_WORD. */
bool field_is_prose(enum field_kind k);
/** field_code_is_listed: Its label and its words need not be in the index. */
bool field_code_is_listed(const struct schema *s, const struct schema_field *f,
    const char *code);

/* ---- IX_NAME: letters (1), a word of a folded name -------------------------------- */

#define NAME_WORD_MAX 180u /* bytes; a name with a longer one stands under letters 0 */

/* ---- IX_SKELETON: the skeleton of a name, of each of its words, ------------------
 * and where one of those is several words, each of them after this byte. */
#define SKELETON_PART_TAG 0x01

/* ---- IX_SORT --------------------------------------------------------------------- */

#define SORT_LABEL "@label" /* record_label(); not the path of any field */
/** sort_key_has(k): Values of this kind can be put in order. */
bool sort_key_has(enum field_kind k);
/**
 * record_sort_key(out, s, record, path, found, err):
 * The key of the first value at ${path} (or SORT_LABEL).
 */
SAKSI_MUST_CHECK enum saksi_err record_sort_key(struct buf *out, const struct schema *s,
    const json_t *record, const char *path, bool *found, struct saksi_error *err);

#endif
