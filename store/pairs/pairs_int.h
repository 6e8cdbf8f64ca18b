/*
 * pairs_int.h - what the parts of looking for pairs share.
 *
 *   pairs_name.c     how alike two lists of names are
 *   pairs_profile.c  what is known of a record beside its names
 *   pairs_judge.c    reasons and score of two profiles
 *   pairs_links.c    what was decided about pairs
 *   pairs_block.c    records that share a name, from the index
 *   pairs_near.c     names that differ by a letter or two
 *   pairs_quick.c    all names, as short as they can be kept
 *   pairs_pool.c     where these and what is spelled like names lie
 *   pairs_sort.c     sorting in place
 *   pairs_act.c      acts against one victim
 *   pairs.c          all of it
 */
#ifndef SAKSI_STORE_PAIRS_INT_H
#define SAKSI_STORE_PAIRS_INT_H

#include <stdlib.h>
#include <string.h>

#include <saksi/base/bits.h>
#include <saksi/base/secret.h>
#include <saksi/base/varint.h>
#include <saksi/index/index.h>
#include <saksi/store/pairs.h>

/**
 * pair_list_fit(list, n, size):
 * A list from malloc() moved to a block that just holds its ${n} elements, the old one
 * wiped; NULL: no memory, and the list stays.  Thousands are kept at a time, and nearly
 * all are short.  Made smaller where it is, what it leaves free would be a little less
 * than the next one needs.
 */
void *pair_list_fit(void *list, size_t n, size_t size);

/** pair_forget(s): A text of a record, wiped and freed; NULL is none. */
static inline void pair_forget(char *s)
{
	if (s != NULL)
		wipe(s, strlen(s));
	free(s);
}

/* ---- names ----------------------------------------------------------------------- */

#define PAIR_NAMES_MAX 32u /* of one record; further ones are not compared */

struct pair_name {
	char *text;	/* as written */
	char *squeezed; /* folded; doubled letters single, not in an acronym */
	char *sorted;	/* the same, its words in order */
	char *skeleton, *skeleton2; /* as written; folded, or NULL if that is the same */
	size_t size;		    /* of squeezed, before it was */
	size_t letters;		    /* of the folded one, without spaces */
	size_t words;
	bool alias, acronym;
};
struct pair_names {
	struct pair_name *list;
	size_t n;
};
/* From the weakest; each is nearer than the one before. */
enum name_rank {
	NAME_FAR,
	NAME_PART,  /* one has all words of the other, and more */
	NAME_LOOSE, /* skeletons differ by two consonants at most */
	NAME_NEAR2, /* two letters differ */
	NAME_SOUND, /* equal skeletons */
	NAME_NEAR1, /* one letter differs */
	NAME_ORDER, /* the same words in another order */
	NAME_EQUAL  /* but for doubled letters, capitals and marks */
};
struct name_match {
	enum name_rank rank;
	bool sound; /* the skeletons are equal too */
	const struct pair_name *a, *b;
};
SAKSI_MUST_CHECK enum saksi_err pair_names_read(struct pair_names *out,
    const json_t *record, struct saksi_error *err);
void pair_names_free(struct pair_names *n);
/** pair_names_match(m, a, b, organisations): The nearest two of them. */
void pair_names_match(struct name_match *m, const struct pair_names *a,
    const struct pair_names *b, bool organisations);

/* ---- profiles -------------------------------------------------------------------- */

enum attr_kind {
	ATTR_DOCUMENT, /* number of an identity document */
	ATTR_CONTACT,  /* a telephone number, an address */
	ATTR_BORN,     /* these two by overlapping dates */
	ATTR_DIED,
	ATTR_ORGANISATION, /* where it has a role, or belongs to */
	ATTR_ROLE,
	ATTR_OCCUPATION,
	ATTR_RELATED,	/* the same relation to the same record */
	ATTR_EVENT,	/* victim, accused or perpetrator in it */
	ATTR_DAY,	/* the same kind of act on the same day */
	ATTR_COMPANION, /* accused or judged together with the same other */
	ATTR_PLACE,
	ATTR_KIND,		      /* of an organisation */
	ATTR_KINDS_AGREE,	      /* so many tell that two may be one */
	ATTR_SIDE = ATTR_KINDS_AGREE, /* stands in this list: two in one list are two */
	ATTR_SEX,
	ATTR_SOURCE, /* the item that tells of it */
	ATTR_KINDS
};
#define PAIR_ATTRS_MAX 64u /* of one kind; further ones are not compared */
struct pair_attr {
	enum attr_kind kind;
	char *key;	  /* equal keys agree */
	char *words;	  /* for people; NULL: none */
	struct edtf date; /* BORN, DIED */
};
struct pair_profile {
	uint64_t number;
	unsigned users;
	size_t bytes; /* of memory, about; 0: not counted */
	struct saksi_id id;
	struct pair_names names;
	bool organisation;
	bool deep; /* what refers to it was read too */
	struct pair_attr *attrs;
	size_t n_attrs, cap_attrs;
	unsigned of_kind[ATTR_KINDS];
};
/** pair_profile_read: ${words}: also what is said of each attribute, which costs more. */
SAKSI_MUST_CHECK enum saksi_err pair_profile_read(struct pair_profile **out,
    struct saksi_txn *t, uint64_t number, bool words, struct saksi_error *err);
/** pair_profile_deepen: Read also what refers to it, but for those in ${gone}. */
struct doc_bits;
SAKSI_MUST_CHECK enum saksi_err pair_profile_deepen(struct pair_profile *p,
    struct saksi_txn *t, const struct doc_bits *gone, bool words,
    struct saksi_error *err);
void pair_profile_free(struct pair_profile **p);
/** pair_profile_bytes(p): How much memory it takes, about. */
size_t pair_profile_bytes(const struct pair_profile *p);
#define PAIR_REFERRERS_MAX 64u /* further ones are not looked at */
/** pair_deleted(t, number, deleted, err): By the index. */
SAKSI_MUST_CHECK enum saksi_err pair_deleted(struct saksi_txn *t, uint64_t number,
    bool *deleted, struct saksi_error *err);

/* ---- judging ---------------------------------------------------------------------- */

struct pair_judgement {
	double score; /* 0: no pair */
	bool probable;
};
/**
 * pair_judge(j, m, a, b, reasons, against):
 * Of two deep profiles whose names match so.  The arrays may be NULL; they are
 * the caller's, who looks whether they are complete (json NULL: no memory).
 */
void pair_judge(struct pair_judgement *j, const struct name_match *m,
    const struct pair_profile *a, const struct pair_profile *b, json_t **reasons,
    json_t **against);
/** pair_judge_acts: The same of two acts against one victim, or two that are joined. */
void pair_judge_acts(struct pair_judgement *j, const json_t *a, const json_t *b,
    json_t **reasons, json_t **against);
/** pair_say(list, fmt, ...): One more reason; *list becomes NULL without memory. */
void pair_say(json_t **list, const char *fmt, ...) SAKSI_PRINTF(2, 3);

/* ---- what was decided -------------------------------------------------------------- */

enum decided { /* the higher one counts */
	DECIDED_NOT,
	DECIDED_POSSIBLE, /* linked, but not confirmed */
	DECIDED_PROBABLE,
	DECIDED_SAME,
	DECIDED_APART
};
struct decided_pair {
	uint64_t a, b; /* a < b */
	enum decided what;
};
struct joined_number {
	uint64_t number, root;
};
struct pair_decisions {
	struct decided_pair *list; /* sorted */
	size_t n, cap;
	struct joined_number *joined; /* sorted by number; those alone are not in it */
	size_t n_joined;
};
struct doc_bits {
	uint8_t *bits;
	uint64_t n; /* numbers below it */
	uint64_t count;
};
bool bits_has(const struct doc_bits *b, uint64_t doc);
/** pair_decisions_load: Of pairs both of which are in ${of}. */
SAKSI_MUST_CHECK enum saksi_err pair_decisions_load(struct pair_decisions *d,
    struct saksi_txn *t, const struct doc_bits *of, struct saksi_error *err);
enum decided pair_decided(const struct pair_decisions *d, uint64_t a, uint64_t b);
uint64_t pair_root(const struct pair_decisions *d, uint64_t number);
void pair_decisions_free(struct pair_decisions *d);

/* ---- the search --------------------------------------------------------------------- */

#define BLOCK_MAX 40u /* records of which each is compared with each */
#define PROFILES_KEPT 8192u
#define KEPT_BYTES ((size_t)6 << 20) /* of all that are kept */
#define SEEN_KEPT (1u << 18)

/*
 * Short entries, one behind the other.  A buffer that grows is there twice while it
 * is copied; here nothing moves.  All zero it is empty.
 */
#define POOL_PIECE (256u << 10)
#define POOL_PIECES 64u
struct pair_pool {
	uint8_t *piece[POOL_PIECES];
	uint32_t used[POOL_PIECES]; /* bytes of each */
	size_t n;
};
/** pair_pool_has_room(p, n, pieces): For ${n} more bytes, in so many pieces at most. */
bool pair_pool_has_room(const struct pair_pool *p, size_t n, size_t pieces);
/** pair_pool_room(p, n, at): ${n} bytes to write to, all in one piece; NULL: no memory. */
uint8_t *pair_pool_room(struct pair_pool *p, size_t n, uint32_t *at);
const uint8_t *pair_pool_at(const struct pair_pool *p, uint32_t at);
/** pair_pool_end(p, at): Behind all that the piece of ${at} holds. */
const uint8_t *pair_pool_end(const struct pair_pool *p, uint32_t at);
/** pair_pool_free: Wiped; it is empty then. */
void pair_pool_free(struct pair_pool *p);

#define PAIR_SORT_MAX 24u
/** pair_sort(list, n, size, cmp): As qsort() sorts; ${size} is at most PAIR_SORT_MAX. */
void pair_sort(void *list, size_t n, size_t size, int (*cmp)(const void *, const void *));

/*
 * Every name in as few bytes as possible, so that of two in a block only those are
 * read whose names may be near.  Those that found no room may always be.
 *
 * In the pool: for each eight numbers those of them that are in ${docs}, each after
 * its length (1); 0: it has no room here.
 */
#define QUICK_PIECES 48u /* 12 MiB */
#define QUICK_DOCS (4u << 20)
#define QUICK_EACH 8u
struct quick_names {
	struct pair_pool pool;
	const struct doc_bits *docs;
	uint32_t *at; /* where each eight begin */
	uint64_t n;   /* numbers below it are there */
};

struct proposal {
	uint64_t a, b;
	double score;
};
struct pairing {
	struct saksi_txn *t;
	struct index *x;
	struct kv_txn *kv;
	const struct saksi_pairs_options *opt;
	bool organisations;
	struct doc_bits docs; /* of the type, not deleted */
	struct doc_bits gone; /* deleted ones of any type */
	struct quick_names quick;
	struct spellings *spellings;
	struct pair_decisions decisions;
	struct pair_profile *kept[PROFILES_KEPT];
	size_t kept_bytes;
	size_t hand;		    /* whose turn it is to be forgotten */
	struct common_room *common; /* see pairs_block.c; NULL: not needed yet */
	uint64_t *seen;		    /* SEEN_KEPT pairs that were compared lately */
	struct proposal *best;
	size_t n_best, cap_best;
	double least; /* what is not above is not kept */
	struct saksi_pairs *out;
	size_t done;
};
/**
 * pairing_docs(p, term, list, max, n, err):
 * The first ${max} documents of the type that have a term; ${*n} counts one more
 * when there are more.
 */
SAKSI_MUST_CHECK enum saksi_err pairing_docs(struct pairing *p,
    const struct index_term *term, uint64_t *list, size_t max, size_t *n,
    struct saksi_error *err);
/** pairing_profile: Borrowed until pairing_release(). */
SAKSI_MUST_CHECK enum saksi_err pairing_profile(struct pairing *p, uint64_t number,
    struct pair_profile **out, struct saksi_error *err);
void pairing_release(struct pairing *p, struct pair_profile **profile);
/** pairing_deepen: pair_profile_deepen() of a borrowed one. */
SAKSI_MUST_CHECK enum saksi_err pairing_deepen(struct pairing *p,
    struct pair_profile *profile, struct saksi_error *err);
/** pairs_test_kept(bytes): For tests: instead of KEPT_BYTES; 0: as it was. */
void pairs_test_kept(size_t bytes);
/**
 * pairing_block(p, list, n, across, sure, err):
 * Compare each with each; ${across}: only the first ${across} with the rest.
 * ${sure}: their names are near, quick_near() need not be asked.
 */
SAKSI_MUST_CHECK enum saksi_err pairing_block(struct pairing *p, const uint64_t *list,
    size_t n, size_t across, bool sure, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err pairing_propose(struct pairing *p, uint64_t a, uint64_t b,
    double score, struct saksi_error *err);
void pairing_step(struct pairing *p);

/** quick_load: The names of all persons. quick_near: They may be near. */
SAKSI_MUST_CHECK enum saksi_err quick_load(struct pairing *p, struct saksi_error *err);
bool quick_near(const struct quick_names *q, uint64_t a, uint64_t b);
/** pair_squeeze: Doubled letters of a folded text single. */
void pair_squeeze(char *s);

/**
 * spellings_note(p, term, docs, n, err):
 * Keep a skeleton, if it is one of a whole name, with its first documents.
 */
SAKSI_MUST_CHECK enum saksi_err spellings_note(struct pairing *p,
    const struct index_term *term, const uint64_t *docs, size_t n,
    struct saksi_error *err);
void spellings_free(struct spellings **s);

/** pairs_by_name: Those that share a name or a word of it; pairs_by_spelling: nearly. */
SAKSI_MUST_CHECK enum saksi_err pairs_by_name(struct pairing *p, struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err pairs_by_spelling(struct pairing *p,
    struct saksi_error *err);
SAKSI_MUST_CHECK enum saksi_err pairs_of_acts(struct pairing *p, struct saksi_error *err);

#endif
