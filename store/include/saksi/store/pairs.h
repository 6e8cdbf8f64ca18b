/*
 * pairs.h - records that may stand for one and the same, and what people have
 * decided about them.
 *
 * Nothing here merges or writes.  Pairs are proposed with a score and reasons;
 * a person decides with a relationship record: same-as, different-from or
 * same-act, with a status.  What was decided is not proposed again, and views
 * join what is confirmed.
 */
#ifndef SAKSI_STORE_PAIRS_H
#define SAKSI_STORE_PAIRS_H

#include <saksi/store/record.h>

struct saksi_pair {
	struct saksi_id a, b; /* the older record first */
	json_t *record_a, *record_b;
	double score;	    /* above 0, below 1 */
	bool probable;	    /* something agrees beside the name, nothing differs */
	const char *linked; /* status of a same-as that nobody confirmed; "" if none */
	json_t *reasons;    /* array of words */
	json_t *against;    /* the same: what differs */
};
struct saksi_pairs {
	size_t n;	   /* that were handed out */
	uint64_t compared; /* how many pairs were looked at */
	bool more;	   /* there are others that are less alike */
	/*
	 * What so many records share that not each was compared with each: names,
	 * and names that differ by a letter or two.  Of the former those pairs were
	 * compared that agree in something else, but in `left` of them not even these.
	 */
	uint64_t common_names, common_spellings, left;
};
struct saksi_pairs_options {
	const char *type; /* of which saksi_pairs_type() says yes */
	size_t limit;	  /* that many of the best; 1 to PAIRS_LIMIT_MAX */
	/* Called for each, the best first; NULL: only to count them. */
	enum saksi_err (
	    *found)(void *ctx, const struct saksi_pair *p, struct saksi_error *err);
	void *found_ctx;
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};
#define PAIRS_LIMIT_MAX 10000u

/** saksi_pairs_type(type): Records of this type are compared: person, organisation, act. */
bool saksi_pairs_type(const char *type);
/**
 * saksi_pairs_find(t, opt, out, err):
 * Candidates come from the index, by what they share, so that the work grows with
 * the records and not with their square.  Of their names a few bytes each are kept in
 * memory, and of the spellings of names, up to a bound: names that found no room are
 * read again, where spellings found none ${out->common_spellings} is one more.  Every
 * relationship between two of them is kept, too, in some 24 bytes.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_pairs_find(struct saksi_txn *t,
    const struct saksi_pairs_options *opt, struct saksi_pairs *out,
    struct saksi_error *err);

/* ---- what was decided -------------------------------------------------------------- */

/* A visible relationship same-as, different-from or same-act. */
struct saksi_pair_link {
	struct saksi_id link, other; /* its own id, and who is at its other end */
	const char *kind;	     /* as in the schema; static */
	const char *status;	     /* "" if it has none or rivals; static */
};
struct saksi_pair_links {
	struct saksi_pair_link *list;
	size_t n, cap;
};
/** saksi_pair_links_of(t, id, as_of_us, out, err): All at whose one end ${id} is. */
SAKSI_MUST_CHECK enum saksi_err saksi_pair_links_of(struct saksi_txn *t,
    const struct saksi_id *id, int64_t as_of_us, struct saksi_pair_links *out,
    struct saksi_error *err);
void saksi_pair_links_free(struct saksi_pair_links *l);

/* How many records are joined at most. */
#define JOINED_MAX 1000u
/**
 * saksi_pairs_joined(t, id, as_of_us, out, err):
 * Those that are confirmed to be the same as ${id} (same-as, same-act), through
 * others too, without itself and without deleted ones; each with the link by
 * which it was met first.
 */
SAKSI_MUST_CHECK enum saksi_err saksi_pairs_joined(struct saksi_txn *t,
    const struct saksi_id *id, int64_t as_of_us, struct saksi_pair_links *out,
    struct saksi_error *err);

#endif
