/*
 * craft.h - changesets that no honest device would write, for tests of the gate.
 */
#ifndef SAKSI_TESTS_CRAFT_H
#define SAKSI_TESTS_CRAFT_H

#include "membership.h"
#include "team_impl.h"
#include "teams.h"
#include "verify.h"

/* A log that a test writes by hand, with whatever key. */
struct craft {
	struct changeset head; /* the next entry's header */
	struct saksi_hash device;
	const struct secret *sk;
	uint8_t nonce[16];
};

/* A set of changesets as bytes. */
struct pile {
	struct buf bytes[256];
	struct saksi_hash id[256];
	size_t n;
};

static inline void pile_add(struct pile *p, const struct changeset *cs)
{
	assert_true(p->n < 256);
	p->bytes[p->n] = (struct buf)BUF_INIT;
	buf_add(&p->bytes[p->n], cs->bytes.p, cs->bytes.len);
	p->id[p->n++] = cs->id;
}

static inline void pile_free(struct pile *p)
{
	for (size_t i = 0; i < p->n; i++)
		buf_free(&p->bytes[i]);
	p->n = 0;
}

static inline enum saksi_err pile_one(void *ctx, const struct log_entry *e,
    struct saksi_error *err)
{
	(void)err;
	pile_add(ctx, e->cs);
	return SAKSI_OK;
}

static inline void pile_log(struct pile *p, struct peer *from)
{
	struct saksi_txn *t = peer_begin(from, false);

	OK(saksi_log_each(t, 0, pile_one, p, &g_err));
	saksi_txn_abort(&t);
}

/* A log of ${kind} for ${device}, in the team of ${of}; not yet opened. */
static inline void craft_begin(struct craft *c, struct peer *of, enum changeset_kind kind,
    const struct saksi_hash *device, const struct secret *sk)
{
	memset(c, 0, sizeof(*c));
	c->head.kind = (uint8_t)kind;
	c->head.space = *saksi_team_space(of->t);
	if (kind == CS_DATA)
		memcpy(c->head.coll, of->t->coll, 16);
	c->device = *device;
	c->sk = sk;
	crypto_random(c->nonce, sizeof(c->nonce));
	log_id_of(&c->head.log, device, c->head.coll, c->nonce);
	c->head.seq = 1;
	c->head.hlc = (uint64_t)(clock_now_us() / 1000) << 16;
	membership_heads(of->t->members, &of->t->self.id, c->head.auth, &c->head.n_auth);
	qsort(c->head.auth, c->head.n_auth, sizeof(c->head.auth[0]),
	    (int (*)(const void *, const void *))hash_cmp);
}

/* The next entry; the caller frees. */
static inline struct changeset *craft_next(struct craft *c,
    const struct part_bytes *parts, size_t n)
{
	struct changeset *cs = NULL;

	OK(changeset_build(&cs, &c->head, parts, n, c->sk, &g_err));
	c->head.seq++;
	c->head.has_prev = true;
	c->head.prev = cs->id;
	c->head.hlc++;
	return cs;
}

static inline struct changeset *craft_open(struct craft *c)
{
	struct buf b = BUF_INIT;
	struct part_bytes part;
	struct changeset *cs;

	mp_array(&b, 4);
	mp_uint(&b, PART_LOG_OPEN);
	mp_bin(&b, c->device.b, 32);
	mp_bin(&b, c->nonce, 16);
	mp_uint(&b, LOG_NEW);
	part = (struct part_bytes){b.p, b.len};
	cs = craft_next(c, &part, 1);
	buf_free(&b);
	return cs;
}

/* [1, id, [SET type event, SET title ...]] */
static inline struct changeset *craft_record(struct craft *c, const struct saksi_id *id,
    const char *title)
{
	struct buf b = BUF_INIT;
	struct part_bytes part;
	struct changeset *cs;

	mp_array(&b, 3);
	mp_uint(&b, PART_RECORD);
	mp_bin(&b, id->b, 16);
	mp_array(&b, 2);
	mp_array(&b, 4);
	mp_uint(&b, OP_SET);
	mp_cstr(&b, "type");
	mp_cstr(&b, "event");
	mp_array(&b, 0);
	mp_array(&b, 4);
	mp_uint(&b, OP_SET);
	mp_cstr(&b, "title");
	mp_cstr(&b, title);
	mp_array(&b, 0);
	part = (struct part_bytes){b.p, b.len};
	cs = craft_next(c, &part, 1);
	buf_free(&b);
	return cs;
}

/* Open the log and write one record: two changesets on the pile. */
static inline void craft_log(struct pile *p, struct craft *c, const char *title)
{
	struct saksi_id id;
	struct changeset *cs = craft_open(c);

	pile_add(p, cs);
	changeset_free(&cs);
	id_random(&id);
	cs = craft_record(c, &id, title);
	pile_add(p, cs);
	changeset_free(&cs);
}

/* ---- through the gate --------------------------------------------------------------- */

struct feeding {
	struct sync_summary sum;
	struct tally tally;
	struct gate *gate;
};

static inline void feed_begin(struct feeding *f, struct peer *to)
{
	sync_summary_init(&f->sum);
	tally_init(&f->tally, &f->sum);
	OK(gate_new(&f->gate, to->t, &f->tally, NULL, NULL, &g_err));
}

static inline void feed_some(struct feeding *f, const struct pile *p, const size_t *order,
    size_t n, const struct saksi_hash *sealer, bool proven)
{
	bool settled;

	gate_begin(f->gate, sealer);
	for (size_t i = 0; i < n; i++)
		OK(gate_put(f->gate, p->bytes[order[i]].p, p->bytes[order[i]].len,
		    &g_err));
	OK(gate_end(f->gate, proven, &settled, &g_err));
}

static inline void feed_end(struct feeding *f)
{
	OK(gate_finish(f->gate, &g_err));
	gate_free(&f->gate);
	tally_free(&f->tally);
}

/* All of the pile in its order, sealed by ${sealer}. */
static inline void feed_all(struct feeding *f, struct peer *to, const struct pile *p,
    const struct saksi_hash *sealer)
{
	size_t order[256];

	for (size_t i = 0; i < p->n; i++)
		order[i] = i;
	feed_begin(f, to);
	feed_some(f, p, order, p->n, sealer, true);
	feed_end(f);
}

/* ---- what is held ------------------------------------------------------------------- */

struct held_set {
	struct {
		struct saksi_hash bytes, sealer;
		uint8_t why;
		char reason[160];
	} e[2048];
	size_t n;
};

static inline enum saksi_err held_one(void *ctx, const struct held_entry *e,
    struct saksi_error *err)
{
	struct held_set *s = ctx;

	(void)err;
	assert_true(s->n < 2048);
	memset(&s->e[s->n], 0, sizeof(s->e[0]));
	crypto_hash_of(&s->e[s->n].bytes, "test", e->cs->bytes.p, e->cs->bytes.len);
	s->e[s->n].sealer = e->sealer;
	s->e[s->n].why = e->why;
	snprintf(s->e[s->n].reason, sizeof(s->e[0].reason), "%s", e->reason);
	s->n++;
	return SAKSI_OK;
}

static inline int held_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct saksi_hash));
}

static inline void held_get(struct held_set *s, struct peer *p)
{
	struct saksi_txn *t = peer_begin(p, false);

	s->n = 0;
	OK(saksi_held_each(t, held_one, s, &g_err));
	saksi_txn_abort(&t);
	qsort(s->e, s->n, sizeof(s->e[0]), held_order);
}

static inline size_t held_why(const struct held_set *s, enum held_why why,
    const char *words)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->e[i].why == why && strstr(s->e[i].reason, words) != NULL;
	return n;
}

#endif
