/*
 * kv_victim.h - a small vault whose every value is known, to be damaged.
 *
 * Four states follow each other, one commit each, so that the last file holds
 * current pages, freed ones and a free list.  victim_read() reads it all and
 * says which state it was, or that damage was reported.
 */
#ifndef SAKSI_TEST_KV_VICTIM_H
#define SAKSI_TEST_KV_VICTIM_H

#include <lmdb.h>

#include "kv_fixture.h"

#define VICTIM_STATES 4u
#define VICTIM_NUMBERS 14u

enum outcome { OUT_REPORTED = -1, OUT_MIXED = -2 /* else: the state */ };

struct victim {
	struct fixture f;
	struct buf image[VICTIM_STATES];
};

/* The value that state ${s} gives number ${n}; 0 bytes: none. */
static inline size_t victim_value(uint8_t out[9000], enum kv_table t, uint64_t n,
    unsigned s)
{
	size_t len = 0;

	if (n == 0 || n > VICTIM_NUMBERS)
		return 0;
	switch (t) {
	case KV_RECORDS: /* short and long ones, some change, some go */
		if (n == 3 && s >= 2)
			return 0;
		len = n == 5 ? 5000 + 100 * (size_t)s
		    : n == 6 ? 2100
			     : 40 + 90 * (size_t)n;
		if (n > 10)
			s /= 2;
		break;
	case KV_LOG:
		if (n > 2 * (uint64_t)s + 2)
			return 0;
		len = 300;
		s = 0;
		break;
	case KV_HELD:
		if (n > 5 || (n + s) % 3 == 0)
			return 0;
		len = 20;
		break;
	case KV_LOCAL:
		if (n > 2)
			return 0;
		len = 100;
		break;
	case KV_INDEX: /* of one length, never packed */
		if (n > 4 + (uint64_t)s)
			return 0;
		len = 1975;
		break;
	case KV_TAIL:
		if (n <= (uint64_t)s || n > 6)
			return 0;
		len = 700;
		break;
	case KV_BRANCH:
		if (n > 1)
			return 0;
		len = 120;
		break;
	case KV_TABLE_END:
	default:
		return 0;
	}
	value_fill(out, len, n + 100 * (uint64_t)t, s);
	return len;
}

static inline void victim_write(struct fixture *f, unsigned s)
{
	static uint8_t now[9000];
	static uint8_t was[9000];
	struct kv_txn *t = begin(f, true);
	size_t len;
	size_t old;
	unsigned table;
	uint64_t n;

	for (table = 1; table < KV_TABLE_END; table++) {
		for (n = 1; n <= VICTIM_NUMBERS; n++) {
			len = victim_value(now, (enum kv_table)table, n, s);
			old = s == 0 ? 0
				     : victim_value(was, (enum kv_table)table, n, s - 1);
			if (len > 0 && (len != old || memcmp(now, was, len) != 0))
				put(f, t, (enum kv_table)table, n, now, len);
			else if (len == 0 && old > 0)
				OK(kv_del(t, (enum kv_table)table, n, &f->err));
		}
	}
	commit(f, t);
}

static inline void victim_new(struct victim *v)
{
	unsigned s;

	memset(v, 0, sizeof(*v));
	fixture_new(&v->f);
	for (s = 0; s < VICTIM_STATES; s++) {
		victim_write(&v->f, s);
		load_file(&v->f, &v->image[s]);
	}
	assert_sound(&v->f);
	kv_close(&v->f.kv);
}

static inline void victim_free(struct victim *v)
{
	unsigned s;

	for (s = 0; s < VICTIM_STATES; s++)
		buf_free(&v->image[s]);
	fixture_free(&v->f);
}

/* The states that give ${n} what was read, as a set of bits. */
static inline unsigned victim_states(enum kv_table t, uint64_t n, const uint8_t *p,
    size_t len)
{
	static uint8_t want[9000];
	unsigned set = 0;
	unsigned s;

	for (s = 0; s < VICTIM_STATES; s++) {
		if (victim_value(want, t, n, s) == len &&
		    (len == 0 || memcmp(p, want, len) == 0))
			set |= 1u << s;
	}
	return set;
}

static inline bool is_report(enum saksi_err rc)
{
	return rc == SAKSI_EDAMAGED || rc == SAKSI_EAUTH;
}

struct scanned {
	unsigned table;
	unsigned states;
	unsigned there; /* bit per number */
};

static inline enum saksi_err victim_scanned(void *ctx, uint64_t n, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct scanned *s = ctx;

	(void)err;
	s->states &= victim_states((enum kv_table)s->table, n, p, len);
	if (n <= VICTIM_NUMBERS)
		s->there |= 1u << n;
	return SAKSI_OK;
}

/* Bits of the states in which exactly these numbers are there. */
static inline unsigned victim_presence(unsigned table, unsigned there)
{
	static uint8_t skip[9000];
	unsigned set = 0;
	unsigned s;
	unsigned has;
	uint64_t n;

	for (s = 0; s < VICTIM_STATES; s++) {
		has = 0;
		for (n = 1; n <= VICTIM_NUMBERS; n++) {
			if (victim_value(skip, (enum kv_table)table, n, s) > 0)
				has |= 1u << n;
		}
		if (has == there)
			set |= 1u << s;
	}
	return set;
}

/** victim_read_txn: All by number, then all by scan. */
static inline int victim_read_txn(struct fixture *f, struct kv_txn *t, bool *reported)
{
	struct buf b = BUF_INIT;
	struct scanned sc;
	unsigned states = (1u << VICTIM_STATES) - 1;
	unsigned table;
	enum saksi_err rc;
	uint64_t n;
	int s;

	for (table = 1; table < KV_TABLE_END; table++) {
		for (n = 1; n <= VICTIM_NUMBERS; n++) {
			buf_reset(&b);
			rc = kv_get(t, (enum kv_table)table, n, &b, &f->err);
			if (is_report(rc)) {
				assert_int_equal(b.len, 0);
				*reported = true;
				continue;
			}
			assert_true(rc == SAKSI_OK || rc == SAKSI_ENOTFOUND);
			states &= victim_states((enum kv_table)table, n, b.p, b.len);
		}
		sc.table = table;
		sc.states = ~0u;
		sc.there = 0;
		rc = kv_scan(t, (enum kv_table)table, 0, victim_scanned, &sc, &f->err);
		states &= sc.states;
		if (rc == SAKSI_OK)
			states &= victim_presence(table, sc.there);
		else if (is_report(rc))
			*reported = true;
		else
			fail_msg("scan: %s", f->err.msg);
	}
	buf_free(&b);
	for (s = (int)VICTIM_STATES - 1; s >= 0; s--) {
		if ((states & 1u << s) != 0)
			return s;
	}
	return OUT_MIXED;
}

/**
 * victim_read(v, flags, unseen):
 * Open, read, verify, close.  A state when it is read whole, OUT_REPORTED,
 * OUT_MIXED.  ${*unseen}: verify found something although all was read.
 */
static inline int victim_read(struct victim *v, unsigned flags)
{
	struct fixture *f = &v->f;
	bool reported = false;
	struct kv_txn *t = NULL;
	unsigned faults;
	enum saksi_err rc;
	int state;

	rc = reopen(f, flags);
	if (rc != SAKSI_OK) {
		if (!is_report(rc) && rc != SAKSI_ENEWER)
			fail_msg("open: %s: %s", saksi_err_name(rc), f->err.msg);
		return OUT_REPORTED;
	}
	rc = kv_begin(&t, f->kv, false, &f->err);
	if (rc != SAKSI_OK) {
		assert_true(is_report(rc));
		kv_close(&f->kv);
		return OUT_REPORTED;
	}
	state = victim_read_txn(f, t, &reported);
	kv_abort(&t);
	rc = verify(f, &faults);
	assert_true(rc == SAKSI_OK || is_report(rc));
	assert_true(rc == SAKSI_OK || faults > 0);
	/* What a read met, verify must meet. */
	assert_true(!reported || rc != SAKSI_OK);
	kv_close(&f->kv);
	if (state == OUT_MIXED)
		return OUT_MIXED;
	return rc == SAKSI_OK ? state : OUT_REPORTED;
}

#endif
