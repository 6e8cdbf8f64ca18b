/* entry.c - log entries as they are stored, and version vectors. */
#include <stdlib.h>
#include <string.h>

#include "entry.h"

uint64_t believable_hlc(uint64_t hlc, int64_t received_us)
{
	int64_t received_ms = received_us > 0 ? received_us / 1000 : 0;

	if (hlc >> 16 <= (uint64_t)received_ms + HLC_FUTURE_MS)
		return hlc;
	return (uint64_t)received_ms << 16;
}

enum saksi_err vclock_raise(struct vclock *v, uint32_t branch, uint64_t seq,
    struct saksi_error *err)
{
	uint64_t *p;

	if (branch >= v->n) {
		if ((p = realloc(v->seq, ((size_t)branch + 1) * sizeof(*p))) == NULL)
			return saksi_fail_nomem(err);
		memset(p + v->n, 0, ((size_t)branch + 1 - v->n) * sizeof(*p));
		v->seq = p;
		v->n = (size_t)branch + 1;
	}
	if (v->seq[branch] < seq)
		v->seq[branch] = seq;
	return SAKSI_OK;
}

enum saksi_err vclock_join(struct vclock *v, const struct vclock *other,
    struct saksi_error *err)
{
	enum saksi_err rc;

	/* From the top, so that the vector grows once. */
	for (size_t i = other->n; i-- > 0;)
		if (other->seq[i] > 0 &&
		    (rc = vclock_raise(v, (uint32_t)i, other->seq[i], err)) != SAKSI_OK)
			return rc;
	return SAKSI_OK;
}

bool vclock_has(const struct vclock *v, uint32_t branch, uint64_t seq)
{
	return branch < v->n && v->seq[branch] >= seq;
}

void vclock_free(struct vclock *v)
{
	free(v->seq);
	v->seq = NULL;
	v->n = 0;
}

void vclock_write(struct buf *b, const struct vclock *v)
{
	mp_array(b, (uint32_t)v->n);
	for (size_t i = 0; i < v->n; i++)
		mp_uint(b, v->seq[i]);
}

enum saksi_err vclock_read(struct vclock *v, struct mp_reader *r, struct saksi_error *err)
{
	uint32_t n = mp_read_array(r);

	v->seq = NULL;
	v->n = 0;
	if (n > BRANCHES_MAX)
		mp_fail(r, "too many branches");
	if (r->failed || n == 0)
		return SAKSI_OK;
	if ((v->seq = calloc(n, sizeof(*v->seq))) == NULL)
		return saksi_fail_nomem(err);
	v->n = n;
	for (uint32_t i = 0; i < n; i++)
		v->seq[i] = mp_read_uint(r);
	return SAKSI_OK;
}

void stored_entry_write(struct buf *b, const struct stored_entry *e)
{
	mp_array(b, 7);
	mp_int(b, e->received_us);
	mp_bin(b, e->sealer.b, sizeof(e->sealer.b));
	mp_bin(b, e->device.b, sizeof(e->device.b));
	mp_uint(b, e->branch);
	mp_uint(b, e->max_hlc);
	vclock_write(b, &e->past);
	mp_bin(b, e->cs->bytes.p, e->cs->bytes.len);
}

enum saksi_err stored_entry_read(struct stored_entry *e, uint64_t n, const uint8_t *p,
    size_t len, struct saksi_error *err)
{
	struct mp_reader r;
	const uint8_t *cs;
	size_t cs_len;
	uint64_t branch;
	enum saksi_err rc;

	memset(e, 0, sizeof(*e));
	e->n = n;
	mp_read_init(&r, p, len);
	mp_expect_array(&r, 7);
	e->received_us = mp_read_int(&r);
	mp_read_fixed(&r, e->sealer.b, sizeof(e->sealer.b));
	mp_read_fixed(&r, e->device.b, sizeof(e->device.b));
	branch = mp_read_uint(&r);
	if (branch >= BRANCHES_MAX)
		mp_fail(&r, "branch out of range");
	e->branch = (uint32_t)branch;
	e->max_hlc = mp_read_uint(&r);
	if ((rc = vclock_read(&e->past, &r, err)) != SAKSI_OK)
		goto fail;
	cs_len = mp_read_bin(&r, &cs);
	if ((rc = mp_done(&r, "log entry", err)) != SAKSI_OK)
		goto fail;
	if ((rc = changeset_decode(&e->cs, cs, cs_len, err)) != SAKSI_OK)
		goto fail;
	return SAKSI_OK;
fail:
	stored_entry_free(e);
	return rc;
}

void stored_entry_free(struct stored_entry *e)
{
	vclock_free(&e->past);
	changeset_free(&e->cs);
}
